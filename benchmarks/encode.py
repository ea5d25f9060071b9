"""Encoding on CPU: ours (int8) against sentence-transformers' `encode`, same weights, same texts.

Two numbers that only mean something together: the ratio of sentences a second, and how many of a query's ten
nearest passages stay the same. The two arms take turns; medians are reported. On a busy machine trust the
processor-time ratio (one thread: `--threads 1`) over the wall-clock ratio.

    python benchmarks/encode.py [--data ../shared/data] [--quick] [--threads 1]
"""

import argparse
import gzip
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from indexer.encoders import open_encoder
from indexer.encoders.e5_weights import PreparedModel, prepare

GOAL_RATIO, GOAL_OVERLAP = 1.8, 0.92
K = 10


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
    parser.add_argument("--precision", default="int8", choices=["fp32", "bf16", "int8"])
    args = parser.parse_args()

    passages, queries, source = load_texts(args.data, 2000, 200)
    ours = open_encoder(cache=args.cache, device="cpu", precision=args.precision, threads=args.threads)
    with tempfile.TemporaryDirectory() as folder:
        theirs = peer(prepare(args.cache), Path(folder))
    report: dict[str, Any] = measure(ours, theirs, passages, queries, args.quick)
    report |= {"texts": source, "threads": torch.get_num_threads(), "precision": args.precision}
    for key, value in report.items():
        print(f"{key:>28}  {value}")
    holds = report["value"] >= GOAL_RATIO and report["overlap"] >= GOAL_OVERLAP
    goal = f">= {GOAL_RATIO} at overlap >= {GOAL_OVERLAP}"
    print(json.dumps({"metric": "encode_sentences_per_second_ratio", **report, "goal": goal, "holds": holds}))


def measure(ours: Any, theirs: Any, passages: list[str], queries: list[str], quick: bool) -> dict[str, Any]:
    def run_theirs(texts: list[str], role: str) -> NDArray[np.float32]:
        result: NDArray[np.float32] = theirs.encode([f"{role}: {text}" for text in texts], batch_size=32)
        return result

    base_p, base_q = run_theirs(passages, "passage"), run_theirs(queries, "query")
    mine_p, mine_q = ours.encode(passages, "passage"), ours.encode(queries, "query")
    sample = passages[:320] if quick else passages[:1000]
    mine, base = [], []
    for _ in range(3 if quick else 5):
        mine.append(timed(lambda: ours.encode(sample, "passage")))
        base.append(timed(lambda: run_theirs(sample, "passage")))
    wall = [statistics.median(times[0] for times in arm) for arm in (base, mine)]
    cpu = [statistics.median(times[1] for times in arm) for arm in (base, mine)]
    cosine = (base_p * mine_p).sum(1)
    return {
        "value": round(wall[0] / wall[1], 2),
        "overlap": round(overlap(neighbours(base_q, base_p, False), neighbours(mine_q, mine_p, False)), 4),
        "overlap_centred": round(overlap(neighbours(base_q, base_p, True), neighbours(mine_q, mine_p, True)), 4),
        "processor_time_ratio": round(cpu[0] / cpu[1], 2),
        "sentences_per_s": round(len(sample) / wall[1], 1),
        "peer_sentences_per_s": round(len(sample) / wall[0], 1),
        "cosine_min": round(float(cosine.min()), 5),
        "cosine_median": round(float(np.median(cosine)), 5),
        "passages": len(passages),
        "queries": len(queries),
        "timed_texts": len(sample),
    }


if __name__ == "__main__":
    main()
