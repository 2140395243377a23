"""The model that reads: what it marks lies in the passage, and depends on nothing else."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval import spans
from retrieval.errors import ModelError
from retrieval.reading_model import shipped
from retrieval.spans import LONGEST_SPAN, SPANS, Titled, best_spans

FOLDER = Path(spans.__file__).parent / "model"
UNREST = Titled(
    "Unrest in Kazakhstan", "It has killed 164 people, and nearly 10,000 have been arrested."
)


def test_the_words_that_answer_are_marked_and_beat_not_here() -> None:
    (reading,) = shipped().read("how many were arrested?", [UNREST])
    best = reading.spans[0]
    assert "10,000" in UNREST.text[best.start : best.end]
    assert best.margin > 0
    (other,) = shipped().read("what is the price of oil?", [UNREST])
    assert other.spans[0].margin < best.margin - 3
    assert other.odds < reading.odds


@settings(max_examples=30, deadline=None)
@given(
    question=st.text(min_size=1, max_size=300),
    passages=st.lists(st.builds(Titled, st.text(max_size=40), st.text(max_size=200)), max_size=4),
)
def test_a_reading_is_a_pure_function_of_question_and_passage(
    question: str, passages: list[Titled]
) -> None:
    read = shipped().read
    together = list(read(question, passages))
    assert together == [reading for one in passages for reading in read(question, [one])]
    for reading, passage in zip(together, passages, strict=True):
        for found in reading.spans:
            assert 0 <= found.start < found.end <= len(passage.text)


@given(
    arrays(
        np.float32, st.tuples(st.integers(0, 40), st.just(2)), elements=st.floats(-9, 9, width=32)
    )
)
def test_the_best_spans_do_not_overlap_and_the_likeliest_place_comes_first(
    logits: np.ndarray,
) -> None:
    found = best_spans(logits)
    assert len(found) <= SPANS
    assert bool(found) == bool(len(logits))
    for first, last, score in found:
        assert first <= last < first + LONGEST_SPAN
        assert score >= float(logits[first, 0] + logits[last, 1]) - 1e-4
    assert [score for *_, score in found] == sorted((s for *_, s in found), reverse=True)
    for one, other in itertools.combinations(found, 2):
        assert one[1] < other[0] or other[1] < one[0]


@given(
    arrays(
        np.float32, st.tuples(st.integers(1, 40), st.just(2)), elements=st.floats(-9, 9, width=32)
    )
)
def test_a_place_counts_for_all_that_might_be_marked_there(logits: np.ndarray) -> None:
    ((first, last, score),) = best_spans(logits, 1)
    spans = [
        (start, end, float(logits[start, 0] + logits[end, 1]))
        for start in range(len(logits))
        for end in range(start, min(start + LONGEST_SPAN, len(logits)))
    ]
    assert float(logits[first, 0] + logits[last, 1]) == max(one for *_, one in spans)
    here = [one for start, end, one in spans if start <= last and end >= first]
    assert score == pytest.approx(float(np.log(np.sum(np.exp(here)))), abs=1e-3)


@pytest.mark.parametrize("name", ["reader.onnx", "tokenizer.json", "reader.json"])
def test_a_damaged_model_is_refused_with_its_remedy(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(FOLDER, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:-20])
    with pytest.raises(ModelError, match="damaged or missing; install Footnote again"):
        spans.load(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match="damaged or missing"):
        spans.load(folder)


def test_the_model_that_is_shipped_is_small_and_says_how_it_was_made() -> None:
    assert (FOLDER / "reader.onnx").stat().st_size <= 25_000_000
    facts = json.loads((FOLDER / "reader.json").read_text("utf-8"))
    assert 0 < facts["threshold"] < 1
    card = (FOLDER / "MODEL_CARD.md").read_text("utf-8")
    for heading in ("Data", "Figures", "Limits", "Making it again"):
        assert f"## {heading}" in card
