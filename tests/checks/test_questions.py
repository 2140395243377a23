"""A file of questions is read to the line, and what is wrong with it is said in one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.checks.questions import QuestionFileError, Row, find, load


def load_text(folder: Path, text: str | bytes) -> list[Row]:
    path = folder / "my.questions.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path, "my.questions.yaml")


def test_a_row_knows_its_question_its_expectations_and_its_line(tmp_path: Path) -> None:
    path = Path("my.questions.yaml")
    assert load_text(
        tmp_path,
        """\
# the first
- question: how many were arrested?
  answer: nearly 10,000
  source: kazakhstan
  quote: have been arrested

- question: who won?
  answer: [Ines Maar, /Maar|Oberg/]
  source: [a.md, b.md]
  xfail: declined
- question: who won the World Cup?
  unanswerable: true
""",
    ) == [
        Row(
            "how many were arrested?",
            path,
            2,
            answers=("nearly 10,000",),
            sources=("kazakhstan",),
            quotes=("have been arrested",),
        ),
        Row(
            "who won?",
            path,
            7,
            answers=("Ines Maar", "/Maar|Oberg/"),
            sources=("a.md", "b.md"),
            xfail="declined",
        ),
        Row("who won the World Cup?", path, 11, unanswerable=True),
    ]


@pytest.mark.parametrize("written", ["9", "7.50", "2005-01-01", "yes", "0x10", "1_000", "10:30"])
def test_an_answer_is_taken_as_it_is_written_and_not_as_yaml_understands_it(
    written: str, tmp_path: Path
) -> None:
    (row,) = load_text(tmp_path, f"- question: how many?\n  answer: {written}\n")
    assert row.answers == (written,)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_an_editor_on_windows_does_no_harm(mark: bytes, newline: bytes, tmp_path: Path) -> None:
    text = mark + newline.join([b"- question: why?", b"  answer: Karik\xc3\xb3", b""])
    assert load_text(tmp_path, text)[0].answers == ("Karikó",)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "holds no questions; write rows like"),
        ("# nothing\n", None, "holds no questions; write rows like"),
        ("[]", 1, "this is no list of questions; write rows like"),
        ("question: why?\nanswer: x", 1, "this is no list of questions; write rows like"),
        ("\n- why?", 2, "this is no row; write rows like"),
        ("- answer: x", 1, "this row asks nothing; give it a question."),
        ("- question: '?'\n  answer: x", 1, "The question is empty"),
        ("- question:\n  answer: x", 1, "'question' is not a text; write one."),
        ("- question: [a, b]\n  answer: x", 1, "'question' is not a text; write one."),
        (f"- question: {'a' * 1001}\n  answer: x", 1, "ask it in at most 1,000"),
        ("- question: why?\n  anwser: x", 2, "no key 'anwser'; did you mean 'answer'?"),
        ("- question: why?\n  colour: x", 2, "no key 'colour'; the keys are question, answer"),
        ("- question: why?\n  ? [a]\n  : x", 2, "the keys are question, answer"),
        ("- question: why?\n  question: how?", 2, "'question' stands twice in this row"),
        ("- question: why?", 1, "nothing is expected; give an answer"),
        ("- question: why?\n  unanswerable: false", 1, "nothing is expected; give an answer"),
        ("- question: why?\n  answer: x\n  unanswerable: true", 1, "drop these or that"),
        ("- question: why?\n  source: x\n  unanswerable: true", 1, "drop these or that"),
        ("- question: why?\n  unanswerable: maybe", 2, "neither true nor false"),
        ("- question: why?\n  unanswerable: [true]", 2, "neither true nor false"),
        ("- question: why?\n  unanswerable: !!bool maybe", 2, "neither true nor false"),
        ("- question: why?\n  unanswerable: !!bool [a]", 2, "neither true nor false"),
        ("- question: why?\n  answer:", 2, "'answer' is not a text or a list of texts"),
        ("- question: why?\n  answer: ''", 2, "'answer' is not a text or a list of texts"),
        ("- question: why?\n  answer: []", 2, "'answer' is not a text or a list of texts"),
        ("- question: why?\n  answer: {a: b}", 2, "'answer' is not a text or a list of texts"),
        ("- question: why?\n  answer:\n  - a\n  - [b]", 4, "'answer' is not a text or a list"),
        ("- question: why?\n  source: {a: b}", 2, "'source' is not a text or a list of texts"),
        ("- question: why?\n  quote: null", 2, "'quote' is not a text or a list of texts"),
        ("- question: why?\n  answer: /(/", 2, "/(/ is no regular expression (missing )"),
        ("- question: why?\n  answer: x\n  xfail: true", 3, "write why the row is known to fail"),
        ("- question: a: b\n", 1, "this is not YAML (mapping values are not allowed here)"),
        ("- question: why?\n\tanswer: x", 2, "this is not YAML"),
        ("- question: 'why", 1, "this is not YAML"),
        ("- question: why?\n---\n- question: how?", 2, "this is not YAML"),
        ("- question: why?\n  answer: *b", 2, "this is not YAML"),
        ("- &a [*a]", 1, "this is no row"),
        ("- question: a\x07b", None, "this is not YAML (special characters are not allowed)"),
        ("[" * 5_000, None, "is nested too deeply"),
        (b"- question: caf\xe9", None, "is not UTF-8; save it as UTF-8."),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    text: str | bytes, line: int | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(QuestionFileError, match=re.escape(message)) as raised:
        load_text(tmp_path, text)
    place = f"my.questions.yaml:{line}: " if line else "my.questions.yaml"
    assert str(raised.value).startswith(place)
    assert "\n" not in str(raised.value)


def test_the_row_that_a_message_proposes_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError) as raised:
        load_text(tmp_path, "why?")
    (row,) = load_text(tmp_path, str(raised.value).split("write rows like: ")[1])
    assert (row.question, row.answers) == ("how many were arrested?", ("nearly 10,000",))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match=r"gone\.yaml cannot be read \(No such file"):
        load(tmp_path / "gone.yaml")


def test_a_folder_offers_its_files_in_order_and_a_file_itself(tmp_path: Path) -> None:
    for name in ("b.questions.yaml", "deep/test_a.questions.yaml", "notes.yaml", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("- question: why?\n", "utf-8")
    assert find(tmp_path) == [
        tmp_path / "b.questions.yaml",
        tmp_path / "deep" / "test_a.questions.yaml",
    ]
    assert find(tmp_path / "notes.yaml") == [tmp_path / "notes.yaml"]


def test_a_folder_without_questions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match=r"holds no questions; name a file"):
        find(tmp_path)
