"""The nouns keep their promises: what is not so cannot be built."""

from __future__ import annotations

import dataclasses
import json
from datetime import date

import pytest

from retrieval.types import Answer, Article, Citation, Passage, Span, Statement, fold_space

TEXT = "Café 👩‍🚀: ten left.\nשלום. Two stayed."
ARTICLE = Article(
    id="a.md",
    title="The café",
    text=TEXT,
    url="https://example.org/a",
    published=date(2024, 8, 8),
    path="folder/a.md",
)


def cite(number: int, quote: str = "ten left.", article: Article = ARTICLE) -> Citation:
    start = article.text.index(quote)
    return Citation(article, start, start + len(quote), number)


class TestArticle:
    def test_its_version_names_what_is_embedded_and_quoted(self) -> None:
        assert ARTICLE.version == dataclasses.replace(ARTICLE).version
        assert ARTICLE.version != dataclasses.replace(ARTICLE, text=TEXT + "!").version
        assert ARTICLE.version != dataclasses.replace(ARTICLE, title="The bar").version

    def test_its_version_is_the_same_wherever_it_is_stored(self) -> None:
        moved = dataclasses.replace(ARTICLE, id="b", path=None, url=None, published=None)
        assert moved.version == ARTICLE.version

    def test_its_version_does_not_change_between_runs(self) -> None:
        article = Article(id="a", title="é", text="b")
        assert article.version == "07d2ce9a90f7c51548bca5af0fa861cb6a220be0e44e2af2cd7b5158aef2cadd"

    def test_words_that_move_between_title_and_text_make_another_version(self) -> None:
        first = Article(id="a", title="It rained", text="again")
        assert first.version != Article(id="a", title="It", text="rained again").version

    def test_it_cannot_be_changed(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            ARTICLE.text = "other"  # type: ignore[misc]

    def test_its_text_is_not_shown_where_it_is_logged(self) -> None:
        assert "ten left" not in repr(ARTICLE)


class TestSpan:
    def test_its_text_is_the_slice(self) -> None:
        assert Span(ARTICLE, 0, 4).text == "Café"
        assert Span(ARTICLE, 5, 8).text == "👩‍🚀"
        assert Span(ARTICLE, 0, len(TEXT)).text == TEXT

    @pytest.mark.parametrize(
        ("start", "end"),
        [(-1, 3), (0, 0), (3, 3), (4, 3), (0, len(TEXT) + 1), (len(TEXT), len(TEXT)), (-5, -2)],
    )
    def test_offsets_outside_the_text_are_refused_with_the_reason(
        self, start: int, end: int
    ) -> None:
        message = rf"span \[{start}:{end}\] does not lie within 'a\.md', which has {len(TEXT)} "
        with pytest.raises(ValueError, match=message):
            Span(ARTICLE, start, end)
        with pytest.raises(ValueError, match=message):
            Passage(ARTICLE, start, end, ordinal=0)
        with pytest.raises(ValueError, match=message):
            Citation(ARTICLE, start, end, number=1)

    def test_an_empty_article_has_no_span(self) -> None:
        with pytest.raises(ValueError, match="has 0 characters"):
            Span(Article(id="a", title="t", text=""), 0, 0)

    def test_a_quote_is_the_text_of_the_article(self) -> None:
        citation = cite(1, "👩‍🚀: ten")
        assert citation.quote == TEXT[citation.start : citation.end] == "👩‍🚀: ten"

    def test_a_passages_key_names_article_version_and_place(self) -> None:
        keys = {
            Passage(ARTICLE, 0, 4, ordinal=0).key,
            Passage(ARTICLE, 0, 4, ordinal=1).key,
            Passage(dataclasses.replace(ARTICLE, id="b.md"), 0, 4, ordinal=0).key,
            Passage(dataclasses.replace(ARTICLE, title="The bar"), 0, 4, ordinal=0).key,
        }
        assert len(keys) == 4
        assert Passage(ARTICLE, 0, 4, ordinal=0).key in keys


class TestAnswer:
    def test_it_may_abstain(self) -> None:
        answer = Answer("why?", closest=(cite(1),))
        assert not answer.answered
        assert answer.text == ""

    def test_its_text_carries_its_numbers(self) -> None:
        answer = Answer(
            "who?",
            statements=(Statement("They left.", (1,)), Statement("Two stayed.", (1, 2))),
            citations=(cite(1), cite(2, "Two stayed.")),
        )
        assert answer.answered
        assert answer.text == "They left.[1] Two stayed.[1][2]"

    def test_a_statement_without_a_citation_is_refused(self) -> None:
        with pytest.raises(ValueError, match="every statement needs a citation"):
            Answer("who?", statements=(Statement("They left.", ()),))
        with pytest.raises(ValueError, match="every statement needs a citation"):
            Answer(
                "who?",
                statements=(Statement("They left.", (1,)), Statement("They stayed.", ())),
                citations=(cite(1),),
            )

    @pytest.mark.parametrize(
        ("used", "listed"),
        [
            pytest.param([(1,)], [], id="a number that is not listed"),
            pytest.param([], [1], id="a citation that is not used"),
            pytest.param([(1,)], [1, 2], id="a second citation that is not used"),
            pytest.param([(2,)], [2], id="not from 1"),
            pytest.param([(0,)], [0], id="from 0"),
            pytest.param([(1,), (3,)], [1, 3], id="a gap"),
            pytest.param([(2,), (1,)], [1, 2], id="not in order of first use"),
            pytest.param([(2, 1)], [1, 2], id="not in order within a statement"),
            pytest.param([(1, 2)], [2, 1], id="listed out of order"),
            pytest.param([(1, 2)], [1, 1], id="listed twice"),
            pytest.param([(-1,)], [-1], id="below 0"),
        ],
    )
    def test_numbers_other_than_those_of_the_list_are_refused(
        self, used: list[tuple[int, ...]], listed: list[int]
    ) -> None:
        with pytest.raises(ValueError, match=r"statements use the numbers .*, the citations are"):
            Answer(
                "who?",
                statements=tuple(Statement("They left.", numbers) for numbers in used),
                citations=tuple(cite(number) for number in listed),
            )

    @pytest.mark.parametrize("used", [[(1,), (1,)], [(1, 2), (2, 1)], [(1, 2, 3), (2,), (1,)]])
    def test_a_number_may_be_used_again(self, used: list[tuple[int, ...]]) -> None:
        count = max(number for numbers in used for number in numbers)
        answer = Answer(
            "who?",
            statements=tuple(Statement("They left.", numbers) for numbers in used),
            citations=tuple(cite(number) for number in range(1, count + 1)),
        )
        assert [citation.number for citation in answer.citations] == list(range(1, count + 1))


class TestToDict:
    def test_it_is_json_with_these_keys_and_no_others(self) -> None:
        answer = Answer(
            "how many left?",
            short="ten",
            statements=(Statement("Café 👩‍🚀: ten left.", (1,)),),
            citations=(cite(1, "Café 👩‍🚀: ten left."),),
        )
        assert json.loads(json.dumps(answer.to_dict())) == {
            "question": "how many left?",
            "answered": True,
            "short": "ten",
            "text": "Café 👩‍🚀: ten left.[1]",
            "statements": [{"text": "Café 👩‍🚀: ten left.", "citations": [1]}],
            "citations": [
                {
                    "number": 1,
                    "source": "a.md",
                    "title": "The café",
                    "url": "https://example.org/a",
                    "published": "2024-08-08",
                    "path": "folder/a.md",
                    "page": None,
                    "start": 0,
                    "end": 19,
                    "quote": "Café 👩‍🚀: ten left.",
                    "also": [],
                }
            ],
            "closest": [],
            "notice": None,
        }

    def test_what_is_not_known_is_null(self) -> None:
        article = Article(id="b", title="B", text=TEXT)
        answer = Answer("why?", closest=(cite(1, "Two stayed.", article),))
        assert json.loads(json.dumps(answer.to_dict())) == {
            "question": "why?",
            "answered": False,
            "short": None,
            "text": "",
            "statements": [],
            "citations": [],
            "closest": [
                {
                    "number": 1,
                    "source": "b",
                    "title": "B",
                    "url": None,
                    "published": None,
                    "path": None,
                    "page": None,
                    "start": TEXT.index("Two"),
                    "end": len(TEXT),
                    "quote": "Two stayed.",
                    "also": [],
                }
            ],
            "notice": None,
        }

    def test_its_offsets_count_code_points_of_the_text_it_came_from(self) -> None:
        cited = cite(1, "שלום.")
        answer = Answer("?", statements=(Statement("x", (1,)),), citations=(cited,))
        data = json.loads(json.dumps(answer.to_dict()))["citations"][0]
        assert TEXT[data["start"] : data["end"]] == data["quote"] == "שלום."


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("in two\n days", "in two days"),
        ("  a\t\r\n b\xa0c\u3000d ", "a b c d"),
        ("one\u2028two\x1cthree", "one two three"),
        ("", ""),
        (" \n ", ""),
        ("👨‍👩‍👧‍👦 ok", "👨‍👩‍👧‍👦 ok"),
    ],
)
def test_folded_text_is_on_one_line(text: str, folded: str) -> None:
    assert fold_space(text) == folded
