"""Search finds by words and by meaning, and only what is live."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from retrieval.embedding import Embedder
from retrieval.index import Index
from retrieval.langchain import FootnoteRetriever
from retrieval.search import Search, fuse
from retrieval.types import Article
from tests.keeping import Keeping

rankings = st.dictionaries(
    st.sampled_from("abcdefgh"), st.floats(0.01, 30, allow_nan=False), max_size=8
).map(lambda scores: sorted(scores.items(), key=lambda pair: -pair[1]))
cosines = rankings.map(lambda ranking: [(key, score / 30) for key, score in ranking])


def ids(index: Index, question: str, limit: int = 10) -> list[str]:
    return [hit.passage.article.id for hit in Search(index)(question, limit)]


def test_a_word_that_only_one_article_has_finds_it(seeded: Index) -> None:
    assert ids(seeded, "Dujarric")[0] == "kazakhstan-blue-helmets.md"
    assert ids(seeded, "Vikram rover")[0] == "chandrayaan-3-moon-landing.md"


def test_meaning_finds_what_shares_no_word(index: Index) -> None:
    index.put(
        [
            Article(id="dog", title="Pets", text="Her puppy sleeps on the sofa."),
            Article(id="bank", title="Money", text="The central bank raised its rate."),
        ]
    )
    assert ids(index, "canine companion")[0] == "dog"


def test_accents_and_inflections_do_not_matter(index: Index) -> None:
    index.put([Article(id="a", title="T", text="Stéphane was arresting people.")])
    assert [key for key, _ in index.store.lexical("stephane arrested", 5)]


def test_a_question_of_stop_words_or_signs_is_no_error(seeded: Index) -> None:
    for question in ("who are you?", '"OR" NEAR( * ^ title:', "'; DROP TABLE passages; --", "?!"):
        assert len(Search(seeded)(question, 5)) <= 5


def test_hits_come_best_first_and_each_once(seeded: Index) -> None:
    hits = Search(seeded)("how many people died in the earthquake?", 20)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.passage.key for hit in hits}) == len(hits)


def test_an_empty_library_finds_nothing(index: Index) -> None:
    assert Search(index)("anything?") == []


def test_a_removed_or_changed_article_is_not_found_by_its_old_words(index: Index) -> None:
    index.put([Article(id="a", title="T", text="The ferry sank.")])
    index.put([Article(id="a", title="T", text="The bridge held.")])
    texts = [hit.passage.text for hit in Search(index)("ferry")]
    assert texts == ["The bridge held."]
    index.remove(["a"])
    assert Search(index)("bridge") == []


@given(lexical=rankings, dense=cosines)
def test_fusion_keeps_every_key_and_never_prefers_the_worse_on_both_counts(
    lexical: list[tuple[str, float]], dense: list[tuple[str, float]]
) -> None:
    scores = fuse(lexical, dense)
    words, meaning = dict(lexical), dict(dense)
    assert scores.keys() == words.keys() | meaning.keys()
    both = words.keys() & meaning.keys()
    for a in both:
        for b in both:
            if words[a] >= words[b] and meaning[a] >= meaning[b]:
                assert scores[a] >= scores[b] - 1e-9


def test_the_retriever_gives_langchain_documents_with_their_place(seeded: Index) -> None:
    documents = FootnoteRetriever(search=Search(seeded), limit=3).invoke("who is the spokesman?")
    assert len(documents) == 3
    best = documents[0]
    article = seeded.store.articles([best.metadata["source"]])[best.metadata["source"]]
    start, end = best.metadata["start"], best.metadata["end"]
    assert article.text[start:end] == best.page_content
    assert best.metadata["title"] == article.title


def test_several_libraries_are_searched_as_one(
    tmp_path: Path, embedder: Embedder, keeping: Keeping
) -> None:
    ferry = Article(id="1/ferry", title="Ferry", text="The ferry runs 12 times a day.")
    bridge = Article(id="2/bridge", title="Bridge", text="The bridge is 300 metres long.")
    one, two = tmp_path / "1", tmp_path / "2"
    with (
        Index(one, embedder, **keeping.places(one)) as first,
        Index(two, embedder, **keeping.places(two)) as second,
    ):
        first.put([ferry])
        second.put([bridge])
        both = Search(first, second)
        assert [hit.passage.article for hit in both("ferry")] == [ferry, bridge]
        assert [hit.passage.article for hit in both("how long is the bridge?")] == [bridge, ferry]
        counts, total = both.frequencies(["ferri", "bridg", "the"])
        assert (counts["ferri"], counts["bridg"], total) == (1, 1, 2)


def test_a_search_in_one_library_twice_over_is_a_search_in_it(seeded: Index) -> None:
    question = "how many people died in the earthquake?"
    assert Search(seeded, seeded)(question) == Search(seeded)(question)


def test_a_search_can_be_narrowed_to_one_article(seeded: Index) -> None:
    source = "chandrayaan-3-moon-landing.md"
    hits = Search(seeded)("how many were arrested?", 10, source)
    assert hits
    assert {hit.passage.article.id for hit in hits} == {source}
    assert Search(seeded)("how many were arrested?", 10, "no-such-article") == []
