"""The checker is checked: right answers are spoilt, each in one way, and every one is caught.

The answers are those of the real pipeline to the project's own questions.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, permutations

import pytest

from bot.checks.judge import disappointments, faults, judge
from bot.checks.run import Result
from retrieval.expressions import HEDGE
from retrieval.types import Answer, Article, Citation, Statement

Answers = Sequence[Answer]

_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_HEDGED = re.compile(rf"\b(?!\d){HEDGE}(?=[\d$€£])", re.IGNORECASE)


@pytest.fixture(scope="module")
def answered(results: Sequence[Result]) -> Answers:
    return [result.answer for result in results if result.answer.answered]


def forged(answer: Answer, **changes: object) -> Answer:
    """Change an answer behind the back of its constructor, which would refuse some changes."""
    spoilt = copy.copy(answer)
    for name, value in changes.items():
        object.__setattr__(spoilt, name, value)
    return spoilt


def with_citation(answer: Answer, citation: Citation) -> Answer:
    """Put a citation in the place of the one with its number."""
    citations = list(answer.citations)
    citations[citation.number - 1] = citation
    return replace(answer, citations=tuple(citations))


def with_statement(answer: Answer, place: int, text: str) -> Answer:
    statements = list(answer.statements)
    statements[place] = replace(statements[place], text=text)
    return replace(answer, statements=tuple(statements))


def shifted(answers: Answers) -> Iterator[Answer]:
    """Begin and end a quote one character earlier or later, or only one of both."""
    for answer in answers:
        for citation in answer.citations:
            for first, last in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)]:
                start, end = citation.start + first, citation.end + last
                if start >= 0 and end <= len(citation.article.text):
                    yield with_citation(answer, replace(citation, start=start, end=end))


def renumbered(answers: Answers) -> Iterator[Answer]:
    """Exchange the numbers of an answer's citations."""
    for answer in answers:
        for numbers in permutations(range(1, len(answer.citations) + 1)):
            pairs = list(zip(answer.citations, numbers, strict=True))
            if any(citation.number != number for citation, number in pairs):
                swapped = tuple(replace(citation, number=number) for citation, number in pairs)
                yield forged(answer, citations=swapped)


def exchanged(answers: Answers) -> Iterator[Answer]:
    """Exchange what an answer's citations cite; the numbers stay in order."""
    for answer in answers:
        for order in permutations(answer.citations):
            if order != answer.citations:
                yield replace(
                    answer,
                    citations=tuple(replace(c, number=n) for n, c in enumerate(order, start=1)),
                )


def of_another_answer(answers: Answers) -> Iterator[Answer]:
    """Give each answer the first citation of the next answer that cites something else."""
    for index, answer in enumerate(answers):
        others = [*answers[index + 1 :], *answers[:index]]
        quoted = {citation.quote for citation in answer.citations}
        foreign = next(o.citations[0] for o in others if o.citations[0].quote not in quoted)
        for citation in answer.citations:
            yield with_citation(answer, replace(foreign, number=citation.number))


def dropped(answers: Answers) -> Iterator[Answer]:
    """Leave out a citation: with its number left in the text, and with the number gone, too."""
    for answer in answers:
        for gone in answer.citations:
            rest = tuple(c for c in answer.citations if c is not gone)
            yield forged(answer, citations=rest)
            again = tuple(replace(c, number=n) for n, c in enumerate(rest, start=1))
            new = {old.number: c.number for old, c in zip(rest, again, strict=True)}
            statements = tuple(
                Statement(s.text, tuple(new[n] for n in s.numbers if n in new))
                for s in answer.statements
            )
            yield forged(answer, citations=again, statements=statements)


def tampered(answers: Answers) -> Iterator[Answer]:
    """Change a number in the quote, and say what it says then, too."""
    for answer in answers:
        for citation in answer.citations:
            for match in _DIGITS.finditer(citation.quote):
                if match.group() not in citation.quote[: match.start()]:
                    yield _tampered(answer, citation, match.group())


def _tampered(answer: Answer, citation: Citation, number: str) -> Answer:
    other = _other(number)
    article, inside = citation.article, slice(citation.start, citation.end)
    changed = article.text[inside].replace(number, other)
    text = article.text[: inside.start] + changed + article.text[inside.stop :]
    new = replace(citation, article=replace(article, text=text))
    statements = tuple(
        replace(s, text=s.text.replace(number, other)) if citation.number in s.numbers else s
        for s in answer.statements
    )
    short = answer.short and answer.short.replace(number, other)
    return replace(with_citation(answer, new), statements=statements, short=short)


def misstated(answers: Answers) -> Iterator[Answer]:
    """Change a number in a statement."""
    for answer in answers:
        for place, statement in enumerate(answer.statements):
            for match in _DIGITS.finditer(statement.text):
                spoilt = _other(match.group())
                text = statement.text[: match.start()] + spoilt + statement.text[match.end() :]
                if spoilt not in statement.text:
                    yield with_statement(answer, place, text)


def unhedged_statement(answers: Answers) -> Iterator[Answer]:
    """Say "10,000" where the source says "nearly 10,000"."""
    for answer in answers:
        for place, statement in enumerate(answer.statements):
            for match in _HEDGED.finditer(statement.text):
                if match.group():
                    rest = statement.text[: match.start()] + statement.text[match.end() :]
                    yield with_statement(answer, place, rest)


def unhedged_short(answers: Answers) -> Iterator[Answer]:
    for answer in answers:
        if answer.short and (bare := _HEDGED.sub("", answer.short)) != answer.short:
            yield replace(answer, short=bare)


def _other(number: str) -> str:
    """Return a number of the same form: ``10,000`` → ``21,111``."""
    return re.sub(r"\d", lambda digit: str((int(digit.group()) + 1) % 10), number)


@pytest.mark.parametrize(
    ("spoil", "least"),
    [
        (shifted, 300),
        (renumbered, 2),
        (exchanged, 2),
        (of_another_answer, 60),
        (dropped, 120),
        (tampered, 60),
        (misstated, 60),
        (unhedged_statement, 10),
        (unhedged_short, 8),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_spoilt_answer_is_caught(
    spoil: Callable[[Answers], Iterator[Answer]],
    least: int,
    answered: Answers,
    stored: Mapping[str, Article],
) -> None:
    spoilt = list(spoil(answered))
    assert len(spoilt) >= least, "too few answers can be spoilt like this to say anything"
    assert [answer for answer in spoilt if not any(faults(answer, stored))] == []


def test_no_untouched_answer_is(results: Sequence[Result], stored: Mapping[str, Article]) -> None:
    found = {r.row.question: list(faults(r.answer, stored)) for r in results}
    assert {question: reasons for question, reasons in found.items() if reasons} == {}


def test_a_right_answer_passes_with_what_was_expected_and_fails_without_the_hedge(
    results: Sequence[Result], stored: Mapping[str, Article]
) -> None:
    arrested = next(r for r in results if r.row.question == "how many were arrested?")
    assert judge(arrested.row, arrested.answer, stored) == ()
    bare = replace(arrested.answer, short="10,000")
    assert "“10,000” is not the expected answer" in judge(arrested.row, bare, stored)


def test_an_answer_to_what_cannot_be_answered_is_caught(
    results: Sequence[Result], answered: Answers
) -> None:
    unanswerable = next(result.row for result in results if result.row.unanswerable)
    assert all(any(disappointments(unanswerable, answer)) for answer in answered)


def test_silence_on_what_can_be_answered_is_caught(results: Sequence[Result]) -> None:
    rows = [result.row for result in results if not result.row.unanswerable]
    assert all(any(disappointments(row, Answer(row.question))) for row in rows)


def test_the_answer_to_another_question_is_caught(results: Sequence[Result]) -> None:
    right = [r for r in results if r.passed and r.answer.answered]
    for one, other in pairwise(right):
        if not set(one.row.answers) & set(other.row.answers):
            assert list(disappointments(one.row, other.answer)), one.row.question
