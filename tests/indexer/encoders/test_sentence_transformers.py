from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel, BertTokenizerFast

from indexer.encoders import Encoder, open_encoder
from indexer.errors import EncoderUnavailable

WORDS = ["nurse", "java", "welder", "in", "lyon", "senior", "query", "passage", ":", "a", "b", "c"]


def build(folder: Path, prompts: dict[str, str] | None) -> str:
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    torch.manual_seed(1)
    vocabulary = folder / "vocab.txt"
    folder.mkdir()
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]))
    tokenizer = BertTokenizerFast(vocab=str(vocabulary))
    config = BertConfig(
        vocab_size=len(WORDS) + 5,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=24,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=24)
    model = SentenceTransformer(modules=[transformer, Pooling(16, "mean")], prompts=prompts, device="cpu")
    model.save(str(folder / "model"))
    return str(folder / "model")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(tmp_path_factory.mktemp("st") / "m", {"query": "query : ", "passage": "passage : "})


@pytest.fixture(scope="module")
def encoder(folder: str, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return open_encoder(f"st:{folder}", cache=tmp_path_factory.mktemp("unused"), device="cpu")


def test_vectors_are_the_models_own_with_its_prompts(folder: str, encoder: Encoder) -> None:
    texts = ["senior nurse in lyon", "java", ""]
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    theirs = model.encode([f"query : {text}" for text in texts], prompt="", normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode(texts, "query"), theirs, atol=1e-5)
    assert encoder.dim == 16


def test_nothing_of_a_long_text_is_cut_off(encoder: Encoder) -> None:
    start = "nurse " * 60
    one, other = encoder.encode([start + "java " * 60, start + "welder " * 60], "passage")
    assert one @ other < 0.9999
    np.testing.assert_allclose(np.linalg.norm([one, other], axis=1), 1, atol=1e-5)


def test_a_long_word_and_odd_characters_are_encoded(encoder: Encoder) -> None:
    vectors = encoder.encode(["ab" * 500, "\ud800", "日本" * 40, " "], "passage")
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode([], "query").shape == (0, 16)


def test_fingerprint_tells_prompts_apart(tmp_path: Path, encoder: Encoder) -> None:
    other = open_encoder(build(tmp_path / "m", None), cache=tmp_path, device="cpu")
    assert other.fingerprint != encoder.fingerprint


def test_an_unknown_model_is_refused_without_a_download(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="neither a model folder nor in the local hub cache"):
        open_encoder(str(tmp_path / "nothing"), cache=tmp_path, device="cpu")


def test_a_precision_is_refused(folder: str, tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="precision"):
        open_encoder(folder, precision="int8", cache=tmp_path, device="cpu")


def test_opening_a_model_is_silent(folder: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    open_encoder(folder, cache=tmp_path, device="cpu")
    assert capfd.readouterr() == ("", "")
