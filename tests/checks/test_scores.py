"""The five figures, by hand and within their bounds; and the reports that print them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.checks import junit
from bot.checks.judge import judge
from bot.checks.questions import QuestionFileError, Row
from bot.checks.report import render_results, render_scores, side_by_side
from bot.checks.run import Result
from bot.checks.scores import score
from retrieval.types import Answer, Article, Citation, Statement

TEXT = "The fire killed 102 people."
ARTICLES = {name: Article(id=name, title=f"Title {name}", text=TEXT) for name in ("a.md", "b.md")}
PATH = Path("my.questions.yaml")


def citing(*sources: str) -> Answer:
    citations = tuple(
        Citation(ARTICLES[name], 0, len(TEXT), number) for number, name in enumerate(sources, 1)
    )
    numbers = tuple(citation.number for citation in citations)
    return Answer("how many?", "102", (Statement(TEXT, numbers),), citations)


SILENT = Answer("how many?")
SHARES = (
    "accuracy",
    "citation_precision",
    "citation_recall",
    "abstention_precision",
    "abstention_recall",
)


def result(row: Row, answer: Answer) -> Result:
    return Result(row, answer, judge(row, answer, ARTICLES))


def expecting(*answers: str, source: str | None = None, quote: str | None = None) -> Row:
    sources, quotes = (source,) if source else (), (quote,) if quote else ()
    return Row("how many?", PATH, 1, answers=answers, sources=sources, quotes=quotes)


UNANSWERABLE = Row("who won?", PATH, 2, unanswerable=True)

EXAMPLE = [
    result(expecting("102", source="a.md"), citing("a.md")),  # right
    result(expecting("102", source="a.md"), citing("b.md")),  # the wrong source
    result(expecting("103", source="a.md"), citing("a.md", "b.md")),  # the wrong number
    result(expecting("102", source="a.md", quote="hurt"), citing("a.md")),  # the wrong words
    result(replace(expecting("102", source="a.md"), xfail="declined"), SILENT),
    result(expecting("102"), citing("b.md")),  # right, and names no source
    result(UNANSWERABLE, SILENT),  # right
    result(UNANSWERABLE, citing("a.md")),
]


def test_the_scores_of_an_example_are_those_worked_out_by_hand() -> None:
    assert asdict(score(EXAMPLE)) == {
        "rows": 8,
        "answerable": 6,
        "answerable_passed": 2,
        "unanswerable": 2,
        "unanswerable_passed": 1,
        "accuracy": 3 / 8,
        "citation_precision": 3 / 5,  # a, not b, a and not b, a
        "citation_recall": 2 / 5,  # the first and the third; the fourth lacks the quote
        "abstention_precision": 1 / 2,
        "abstention_recall": 1 / 2,
    }


def test_a_share_of_nothing_is_no_number() -> None:
    nothing = score([])
    assert (nothing.accuracy, nothing.citation_precision) == (None, None)
    answered = score([result(expecting("102"), citing("a.md"))])
    assert answered.accuracy == 1.0
    assert answered.citation_recall is None
    assert answered.abstention_precision is None
    assert answered.abstention_recall is None


_rows = st.one_of(
    st.just(UNANSWERABLE),
    st.builds(
        expecting,
        st.sampled_from(("102", "103")),
        source=st.sampled_from((None, "a.md", "b.md", "c.md")),
        quote=st.sampled_from((None, "killed", "hurt")),
    ),
)
_answers = st.one_of(
    st.just(SILENT),
    st.lists(st.sampled_from(("a.md", "b.md")), min_size=1, unique=True).map(lambda s: citing(*s)),
)
_results = st.lists(st.builds(result, _rows, _answers))


@given(_results)
def test_every_share_is_within_bounds_and_counts_add_up(results: Sequence[Result]) -> None:
    scores = score(results)
    for name in SHARES:
        share = getattr(scores, name)
        assert share is None or 0 <= share <= 1
    assert scores.answerable + scores.unanswerable == scores.rows == len(results)
    passed = scores.answerable_passed + scores.unanswerable_passed
    assert passed == sum(one.passed for one in results)


@given(_results, st.randoms())
def test_the_order_of_the_rows_makes_no_difference(results: list[Result], random: Random) -> None:
    shuffled = sorted(results, key=lambda _: random.random())
    assert score(shuffled) == score(results)


@given(_results)
def test_one_more_right_answer_never_lowers_a_score(results: list[Result]) -> None:
    before = score(results)
    after = score([*results, EXAMPLE[0], EXAMPLE[6]])
    for name in SHARES:
        assert getattr(after, name) >= (getattr(before, name) or 0)


def printed(results: Sequence[Result], width: int = 120) -> str:
    page = io.StringIO()
    console = Console(file=page, width=width, color_system=None)
    render_results(results, console)
    render_scores(score(results), console)
    return page.getvalue()


def test_the_table_has_a_row_for_each_question_and_the_scores_below() -> None:
    lines = printed(EXAMPLE).splitlines()
    marks = [line[0] for line in lines if line[:1] in {"✓", "✗"}]
    assert marks == ["✓", "✗", "✗", "✗", "✗", "✓", "✓", "✗"]
    assert any("“102” is not the expected answer" in line for line in lines)
    assert "3 of 8 pass: 2 of 6 with an answer, 1 of 2 without" in lines
    assert "citation precision    0.600" in lines


def test_a_score_of_nothing_is_a_dash() -> None:
    assert "abstention recall     –" in printed(EXAMPLE[:1]).splitlines()


def test_a_row_marked_xfail_says_so_whether_it_fails_or_passes() -> None:
    assert "expected to fail (declined)" in " ".join(printed([EXAMPLE[4]], 200).split())
    passing = replace(EXAMPLE[0], row=replace(EXAMPLE[0].row, xfail="declined"))
    assert "passes, its xfail can go (declined)" in " ".join(printed([passing], 200).split())


def test_nothing_of_a_source_or_a_question_escapes_into_the_terminal() -> None:
    text = "The fire\x1b[31m killed 102\u202e people."
    article = Article(id="a\x1b.md", title="T", text=text)
    answer = Answer(
        "[bold]how\x1b[2J many?", None, (Statement(text, (1,)),),
        (Citation(article, 0, len(text), 1),),
    )  # fmt: skip
    row = Row("[bold]how\x1b[2J many?", PATH, 1, answers=("[red]\x1b103",))
    one = Result(row, answer, ("“\x1b[31m” is not\u202e the expected answer",))
    for page in (printed([one]), side_by_side(one, 100)):
        assert "[bold]how" in page
        assert not set(page) & {"\x1b", "\u202e"}


def test_expected_and_got_stand_side_by_side() -> None:
    page = side_by_side(EXAMPLE[2], 100).splitlines()
    assert page[0] == "“102” is not the expected answer"
    assert page[-1] == "my.questions.yaml:1"
    (heading,) = [line for line in page if "expected" in line and "got" in line]
    (answer,) = [line for line in page if line.startswith("answer")]
    assert answer.index("103") == heading.index("expected")
    assert answer.index("102") == heading.index("got")
    assert any(line.startswith("source") and "[1] a.md" in line for line in page)
    assert any("[2] “The fire killed 102 people.”" in line for line in page)


def test_junit_counts_and_places_every_row(tmp_path: Path) -> None:
    junit.write(EXAMPLE, tmp_path / "report.xml")
    suites = ET.parse(tmp_path / "report.xml").getroot()  # noqa: S314 - our own file
    (suite,) = suites
    assert suite.attrib["tests"] == "8"
    assert suite.attrib["failures"] == str(len(suite.findall("testcase/failure"))) == "4"
    assert suite.attrib["skipped"] == str(len(suite.findall("testcase/skipped"))) == "1"
    first, second = suite.findall("testcase")[:2]
    assert (first.attrib["file"], first.attrib["line"]) == ("my.questions.yaml", "1")
    assert first.attrib["name"] == "how many?"
    failure = second.find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "the expected source is not cited"
    assert "my.questions.yaml:1" in (failure.text or "")


@given(st.text(st.characters(), min_size=1), st.text(st.characters(), min_size=1))
def test_junit_is_well_formed_whatever_was_asked_and_said(
    tmp_path_factory: pytest.TempPathFactory, question: str, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xml"
    answer = Answer(
        question, None, (Statement(text, (1,)),),
        (Citation(Article(id=text, title=text, text=text), 0, len(text), 1),),
    )  # fmt: skip
    row = Row(question, Path(text.replace("\0", "") or "a"), 1, answers=(question,))
    junit.write([Result(row, answer, (text,))], path)
    assert ET.parse(path).getroot().find("testsuite/testcase/failure") is not None  # noqa: S314


def test_a_report_without_a_place_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match=r"There is no folder .*gone; make it"):
        junit.check_place(tmp_path / "gone" / "report.xml")
    with pytest.raises(QuestionFileError, match=r"is a folder; name a file"):
        junit.check_place(tmp_path)
