"""The benchmarks: their measures, and that the README shows what they wrote."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import datasets, judged, measures, readme, results
from bench.peers.client import OWN, PEERS, PYTHON, ROOT, BrokenWorkerError, Worker, indexed
from bench.peers.system import Document, Found, within
from bench.questions import Question
from bench.scale import growth

BENCHES = tuple(readme.PARTS)
MEASURED = tuple(name for name in BENCHES if results.exists(name))
rankings = st.lists(st.booleans(), max_size=12)


def test_the_readme_shows_the_figures_that_the_benchmarks_wrote() -> None:
    text = readme.FILE.read_text("utf-8")
    assert text.count(readme.BEGIN) == text.count(readme.END) == 1
    assert readme.filled(text) == text, "run: python -m bench.readme"
    assert {"quality", "speed"} <= set(MEASURED)


@pytest.mark.parametrize("name", [name for name in MEASURED if name != "services"])
def test_pictures_are_drawn_from_the_figures_that_are_there(name: str) -> None:
    for ending in ("svg", "png"):
        picture = (results.PICTURES / f"bench-{name}.{ending}").read_bytes()
        assert results.digest(name).encode() in picture, f"run: python -m bench.pictures {name}"


@pytest.mark.parametrize("name", MEASURED)
def test_figures_tell_how_they_were_measured(name: str) -> None:
    figures = results.load(name)
    command = "make bench-scale ARGS=--services" if name == "services" else f"make bench-{name}"
    assert figures["command"] == command
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", figures["date"])
    assert {"processor", "processors", "Python"} <= figures["machine"].keys()
    assert {"txtai", "langchain-chroma", "chromadb"} <= figures["versions"]["peers"].keys()
    target = re.compile(rf"^{command.split()[1]}:", re.MULTILINE)
    assert target.search((ROOT / "Makefile").read_text("utf-8"))


@given(rankings)
def test_recall_and_reciprocal_rank_agree(ranking: list[bool]) -> None:
    rank = measures.reciprocal_rank(ranking)
    for cut in (1, 5, 10):
        assert measures.recall(ranking, cut) == (rank >= 1 / cut)
    assert rank == (1 / (ranking.index(True) + 1) if any(ranking) else 0)


@pytest.mark.parametrize(
    ("ranking", "relevant", "expected"),
    [
        (["a", "b"], {"a"}, 1.0),
        (["b", "a"], {"a"}, 1 / np.log2(3)),
        (["b", "c"], {"a"}, 0.0),
        (["a"], {"a"}, 1.0),
        ([], {"a"}, 0.0),
        (["a", "a", "b"], {"a", "b"}, 1.0),
        (["c", "a", "b"], {"a", "b"}, (1 / np.log2(3) + 1 / np.log2(4)) / (1 + 1 / np.log2(3))),
        ([*"bcdefghijk", "a"], {"a"}, 0.0),
    ],
)
def test_ndcg(ranking: list[str], relevant: set[str], expected: float) -> None:
    assert measures.ndcg(ranking, relevant) == pytest.approx(expected)


def test_the_interval_of_a_difference_holds_it_and_tells_noise_from_a_lead() -> None:
    draw = np.random.default_rng(1)
    noise = draw.integers(0, 2, 400).astype(float)
    shuffled = draw.permutation(noise)
    middle, low, high = measures.mean_difference(noise.tolist(), shuffled.tolist())
    assert low < 0 < high
    assert low <= middle <= high
    ahead = np.where(draw.random(400) < 0.2, 1.0, noise)
    middle, low, high = measures.mean_difference(ahead.tolist(), noise.tolist())
    assert 0 < low <= middle <= high
    assert measures.mean_difference([1.0, 0.0], [1.0, 0.0]) == (0.0, 0.0, 0.0)


def test_the_area_of_a_perfect_order_is_ahead_of_a_random_one() -> None:
    draw = np.random.default_rng(2)
    there = (draw.random(300) < 0.7).tolist()
    perfect, blind = [float(one) for one in there], draw.random(300).tolist()
    middle, low, high = measures.area_difference(there, perfect, blind)
    assert 0.3 < low <= middle <= high < 0.7


def test_an_answer_counts_only_where_it_stands_in_its_own_document() -> None:
    question = Question("When?", "p1", ("1932", "in 1932"), (10, 7))
    assert judged.answers(Found("p1", 0, 14), question)
    assert judged.answers(Found("p1", 10, 14), question)
    assert not judged.answers(Found("p1", 11, 40), question)
    assert not judged.answers(Found("p2", 0, 40), question)


def test_a_heading_is_taken_off_the_offsets_of_a_chunk() -> None:
    assert within("p1", 8, 0, 20, None) == Found("p1", 0, 12)
    assert within("p1", 8, 10, 30, -0.5) == Found("p1", 2, 22, -0.5)


@pytest.mark.parametrize(("exponent", "factor"), [(0.0, 3.0), (1.0, 0.01), (0.5, 2.0)])
def test_growth_is_the_exponent_of_a_power_law(exponent: float, factor: float) -> None:
    sizes = (1_000, 10_000, 100_000)
    found = {str(size): {"s": factor * size**exponent} for size in sizes}
    assert growth(sizes, found, "s") == pytest.approx(exponent, abs=0.01)


DOCUMENTS = [
    Document("bridge", "The swing bridge", "It opened on Friday. It is 212 metres long."),
    Document("ferry", "The ferry", "The ferry takes 25 minutes. It ran again in May."),
    Document("lighthouse", "The lighthouse", "The lamp has been automatic since 2019."),
]


SYSTEMS = (*OWN, *PEERS) if PYTHON.exists() else OWN
"""The peers are there where ``make peers`` was run."""


def test_every_system_finds_the_passage_that_answers() -> None:
    with indexed(SYSTEMS, DOCUMENTS, lambda _: None) as (workers, times):
        for name, worker in workers.items():
            found: list[Found] = worker.search("How long is the swing bridge?", 3).result
            first = found[0]
            text = DOCUMENTS[0].text
            assert first.document == "bridge", name
            assert "212 metres" in text[first.start : first.end], name
        assert all(times[name].result == 3 for name in times)
        said = workers["reading"].answer("How long is the swing bridge?").result
        assert said.short.startswith("212 metres")
        assert [one.document for one in said.citations] == ["bridge"]
        spent = workers["reading"].staged("How long is the swing bridge?")
        assert spent["models"] > 0
        assert sum(spent[stage] for stage in ("embed", "dense", "lexical")) < spent["whole"]


def test_a_system_that_ends_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with (
        Worker(OWN[0], tmp_path / "file") as worker,
        pytest.raises(BrokenWorkerError, match="file"),
    ):
        worker.search("how many?", 1)


@pytest.mark.parametrize("bench", [name for name in BENCHES if name != "services"])
def test_missing_data_is_said_in_a_sentence_for_each_set(bench: str, tmp_path: Path) -> None:
    line = [sys.executable, "-m", f"bench.{bench}", "--data", str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "is missing:" in done.stderr
    assert "--data FOLDER" in done.stderr
    assert "Traceback" not in done.stderr


def test_sets_are_read_as_documents_and_questions(tmp_path: Path) -> None:
    folder = tmp_path / "scifact"
    (folder / "qrels").mkdir(parents=True)
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n7\t1\t1\n7\t2\t0\n")
    _zipped(folder / "corpus.jsonl.gz", [{"_id": "1", "title": "T", "text": "x"}])
    _zipped(
        folder / "queries.jsonl.gz", [{"_id": "7", "text": "a claim"}, {"_id": "8", "text": ""}]
    )
    claims = datasets.scifact(folder)
    assert claims.documents == [Document("1", "T", "x")]
    assert (claims.claims, claims.relevant) == ({"7": "a claim"}, {"7": {"1"}})
    stories = [
        {"id": "1", "title": "A\n B", "text": "x", "date": ""},
        {"id": "2", "title": "", "text": "x", "date": ""},
    ]
    _zipped(tmp_path / "reuters.jsonl.gz", stories)
    assert datasets.reuters(tmp_path / "reuters.jsonl.gz") == [Document("1", "A B", "x")]


def _zipped(file: Path, rows: list[dict[str, str]]) -> None:
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
