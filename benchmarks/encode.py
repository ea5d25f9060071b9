"""Encoding on CPU: ours against sentence-transformers' `encode`, same weights, same texts.

Two numbers that only mean something together: the ratio of sentences a second, and how many of a query's ten
nearest passages stay the same. The arms take turns; medians are reported. The peer runs with one torch thread and
with all, and its faster form counts. On a busy machine trust the processor-time ratio over the wall-clock ratio.

    python benchmarks/encode.py [--data ../shared/data] [--quick] [--threads 1]
"""

import argparse
import gzip
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from indexer.encoders import Encoder, Precision, open_encoder
from indexer.encoders.e5_weights import PreparedModel, prepare
from indexer.threads import usable_cores

GOAL_RATIO, GOAL_OVERLAP = 1.8, 0.92
K = 10
TIMED = 512  # texts in each round


def load_texts(data: Path, passages: int, queries: int) -> tuple[list[str], list[str], str]:
    """Lines of real resumes and briefs where the data is at hand; else generated sentences."""
    rng = random.Random(7)
    if (data / "judgments").is_dir():
        found = [line for text in _resumes(data) for line in map(str.strip, text.splitlines()) if len(line) > 20]
        asked = [
            requirement["quote"]
            for line in (data / "judgments" / "briefs.jsonl").read_text().splitlines()
            for requirement in json.loads(line)["requirements"]
        ]
        found, asked = sorted(set(found)), sorted(set(asked))
        rng.shuffle(found)
        rng.shuffle(asked)
        return found[:passages], asked[:queries], f"lines of resumes and requirements of briefs in {data}"
    print(f"{data} is absent: sentences are generated")
    parts = [
        ["Led", "Built", "Repaired", "Planned", "Verkaufte", "Gestion de", "Cuidado de", "Taught"],
        ["payroll software", "truck engines", "intensive care", "Kundendaten", "la comptabilité", "cloud servers"],
        ["for a hospital", "in a team of six", "seit 2015", "pendant dix ans", "en dos idiomas", "under tight budgets"],
        ["using Python", "with SAP", "by hand", "mit Excel", "avec Kubernetes", "con AutoCAD", "on night shifts"],
    ]
    sentences = [" ".join(rng.choice(part) for part in parts * rng.randint(1, 4)) for _ in range(passages + queries)]
    return sentences[queries:], sentences[:queries], "generated sentences"


def _resumes(data: Path) -> list[str]:
    texts = [
        json.loads(line)["text"]
        for line in (data / "judgments" / "resumes-multilingual.jsonl").read_text().splitlines()
    ]
    english = data / "resumes-en" / "resumes.jsonl.gz"
    if english.is_file():
        with gzip.open(english, "rt") as file:
            texts += [str(json.loads(line).get("text", "")) for line, _ in zip(file, range(200), strict=False)]
    return texts


def peer(prepared: PreparedModel, folder: Path) -> SentenceTransformer:
    """The same weights and tokenizer as a sentence-transformers model: transformer, mean pooling, unit length."""
    with safe_open(prepared.weights, "np") as file:
        metadata = file.metadata()
    config = BertConfig(**json.loads(metadata["config"]))
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(load_file(prepared.weights))
    model.save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(prepared.tokenizer),
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=512,
    )
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", int(metadata["bos"])), ("</s>", int(metadata["eos"]))]
    )
    tokenizer.save_pretrained(folder)
    modules = [Transformer(str(folder), max_seq_length=512), Pooling(config.hidden_size, "mean"), Normalize()]
    return SentenceTransformer(modules=modules, device="cpu")


def timed(run: Callable[[], NDArray[np.float32]]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def neighbours(queries: NDArray[np.float32], passages: NDArray[np.float32], centred: bool) -> NDArray[np.int64]:
    if centred:
        mean = passages.mean(0)
        queries, passages = queries - mean, passages - mean
        passages = passages / np.linalg.norm(passages, axis=1, keepdims=True)
    return np.argsort(-(queries @ passages.T), axis=1)[:, :K]


def overlap(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    return float(np.mean([len(set(x) & set(y)) / K for x, y in zip(a.tolist(), b.tolist(), strict=True)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "shortlist")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and fewer texts to time")
    parser.add_argument("--threads", type=int, default=None)
    args = parser.parse_args()

    passages, queries, source = load_texts(args.data, 2000, 200)
    names: list[Precision] = ["auto", "int8", "bf16"]
    ours = {name: open_encoder(cache=args.cache, device="cpu", precision=name, threads=args.threads) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        theirs = peer(prepare(args.cache), Path(folder))
    report = measure(ours, theirs, passages, queries, rounds=3 if args.quick else 7)
    for name, values in report.items():
        print(f"{name:>28}  " + "  ".join(f"{key} {value}" for key, value in values.items()))
    chosen = report["ours, auto"]
    holds = chosen["ratio"] >= GOAL_RATIO and chosen["overlap"] >= GOAL_OVERLAP
    result = {
        "metric": "encode_sentences_per_second_ratio",
        "value": chosen["ratio"],
        "goal": f">= {GOAL_RATIO} at overlap >= {GOAL_OVERLAP}",
        "holds": holds,
        "texts": source,
        "threads": args.threads or usable_cores(),
        "arms": report,
    }
    print(json.dumps(result))


def measure(
    ours: Mapping[Precision, Encoder], theirs: SentenceTransformer, passages: list[str], queries: list[str], rounds: int
) -> dict[str, dict[str, float]]:
    """Time every arm in turn, `rounds` times; the peer with one torch thread and with all: its faster one counts."""
    everything = torch.get_num_threads()

    def run_theirs(texts: list[str], role: str, threads: int = everything) -> NDArray[np.float32]:
        torch.set_num_threads(threads)
        result: NDArray[np.float32] = theirs.encode([f"{role}: {text}" for text in texts], batch_size=32)
        torch.set_num_threads(everything)
        return result

    base_p, base_q = run_theirs(passages, "passage"), run_theirs(queries, "query")
    sample = passages[:TIMED]
    arms: dict[str, Callable[[], object]] = {
        f"ours, {name}": partial(encoder.encode, sample, "passage") for name, encoder in ours.items()
    }
    arms |= {f"peer, {n} threads": partial(run_theirs, sample, "passage", n) for n in sorted({1, everything})}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, arm in arms.items():
            times[name].append(timed(arm))
    wall = {name: statistics.median(seconds for seconds, _ in taken) for name, taken in times.items()}
    cpu = {name: statistics.median(seconds for _, seconds in taken) for name, taken in times.items()}
    best = min(value for name, value in wall.items() if name.startswith("peer"))
    least = min(value for name, value in cpu.items() if name.startswith("peer"))
    report = {
        name: {
            "sentences_per_s": round(len(sample) / wall[name], 1),
            "ratio": round(best / wall[name], 2),
            "processor_time_ratio": round(least / cpu[name], 2),
        }
        for name in arms
    }
    for precision, encoder in ours.items():
        mine_p, mine_q = encoder.encode(passages, "passage"), encoder.encode(queries, "query")
        cosine = (base_p * mine_p).sum(1)
        report[f"ours, {precision}"] |= {
            "overlap": round(overlap(neighbours(base_q, base_p, False), neighbours(mine_q, mine_p, False)), 4),
            "overlap_centred": round(overlap(neighbours(base_q, base_p, True), neighbours(mine_q, mine_p, True)), 4),
            "cosine_min": round(float(cosine.min()), 5),
            "cosine_median": round(float(np.median(cosine)), 5),
        }
    return report


if __name__ == "__main__":
    main()
