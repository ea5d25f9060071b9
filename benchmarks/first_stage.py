"""How much of what an exhaustive comparison finds does stage one recall, and how long does it take?

Three references, each the best 20 of the whole collection for a brief, or what a judge called fitting:

- `maxsim`: exhaustive MaxSim of the brief's requirements over all resumes;
- `similarity`: exhaustive z(document cosine) + .5 z(MaxSim), near to what stage two would put on top;
- `judged`: resumes of fit >= .6. The judged pools come from BM25, LSA, same category and random draws, by none
  of the methods compared here.

The first two share their vectors with dense recall, so they say what recall loses, not which list is right; the
third one says that. Needs the development data beside the repository and says so when it is not there.

    python benchmarks/first_stage.py [--quick] [--cache FOLDER] [--large 100000]
"""

import argparse
import csv
import gzip
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar, get_args

import judged
import numpy as np

from indexer.briefs import Brief
from indexer.centring import LanguageMeans
from indexer.encoders import Encoder, open_encoder
from indexer.indexing import BATCH, encode_resumes
from indexer.reading.brief_records import brief_from_value
from indexer.resumes import Resume, Segment
from indexer.stores import Hit, StoredResume
from indexer.stores.faiss import FaissIndex
from indexer.stores.lmdb import LmdbStore
from indexer.stores.tantivy import TantivyIndex
from indexer.structure import structure_brief, structure_resume
from indexer.vectors import SegmentVectors
from retriever.briefs import BriefEncoder, EncodedBrief
from retriever.evaluation import evaluate
from retriever.first_stage import DenseRecall, FirstStage, lexical_queries
from retriever.fusion import Channel, best, z_sum
from retriever.runs import Qrels
from retriever.similarity import cosine, document_vectors, maxsim

METRIC = "first_stage.fused_recall_of_exhaustive_top_20"
HEAD = 20  # resumes of the exhaustive order that recall should have found
FITTING = 0.6
GOAL = 0.95  # fused recall@200 of the `similarity` head


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="300 resumes, few briefs, 3,000 resumes for latency")
    parser.add_argument("--cache", type=Path, default=judged.CACHE, help="folder of the vectors made before")
    parser.add_argument("--large", type=int, help="resumes of the large collection; 0 leaves it out")
    parser.add_argument("--segments", type=int, help="the same, searched by segment too")
    options = parser.parse_args()
    large = options.large if options.large is not None else 3_000 if options.quick else 100_000
    middle = options.segments if options.segments is not None else 1_000 if options.quick else 10_000
    if not (judged.SHARED / "resumes-en").is_dir() or (judgments := judged.load()) is None:
        print("the development data (../shared/data) is not there, so there is nothing to measure")
        print(json.dumps({"metric": METRIC, "value": None, "goal": GOAL, "holds": None, "why": "no data"}))
        return

    encoder = judged.CachingEncoder(open_encoder(cache=judged.CACHE), options.cache)
    raws = list(judged.all_resumes())
    if options.quick:
        raws = [raw for raw in raws if raw.resume_id in judgments.resumes][:300]
    records = [
        record for batch in batched(raws, BATCH) for record in encode_resumes(map(structure_resume, batch), encoder)
    ]
    known = {record.resume.resume_id for record in records}
    ads = {brief.brief_id: brief for brief in job_ads(8 if options.quick else 60)}
    fits = {
        brief_id: relevant
        for brief_id, grades in judgments.fits.items()
        if (relevant := {name: 1.0 for name, fit in grades.items() if fit >= FITTING and name in known})
    }
    if options.quick:
        fits = dict(list(fits.items())[:16])
    briefs = {"ads": ads, "judged": {brief_id: judgments.briefs[brief_id] for brief_id in fits}}
    some = [*list(ads.values())[:30], *list(briefs["judged"].values())[:30]]
    depths = (25, 50) if options.quick else (100, 200)

    encode = BriefEncoder(encoder, cached=1_000)
    with collection(records, encode, encoder, segments=True) as stage:
        print(f"\n{len(records):,} resumes, {sum(len(record.vectors) for record in records):,} segments")
        value = recall_tables(stage, records, briefs, fits, depths)
        latency_table(stage, some, max(depths), segments=True)
    for size, segments in ((middle, True), (large, False)):
        if not size:
            continue
        with collection(recombined(records, size), encode, encoder, segments=segments) as stage:
            latency_table(stage, some, max(depths), segments=segments)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")
    result = {"metric": METRIC, "value": round(value, 4), "goal": GOAL, "holds": value >= GOAL}
    print(json.dumps(result | {"depth": max(depths), "resumes": len(records)}))


T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch


@contextmanager
def collection(
    records: Iterable[StoredResume], encode: BriefEncoder, encoder: Encoder, *, segments: bool
) -> Iterator[FirstStage]:
    """Store and index `records` in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="first-stage-") as name:
        folder, started = Path(name), time.perf_counter()
        store = LmdbStore(folder / "store")
        for batch in batched(records, 500):
            store.put(batch)
        stored = time.perf_counter()
        lexical = TantivyIndex(folder / "lexical")
        lexical.catch_up(store)
        words = time.perf_counter()
        means = LanguageMeans.shipped(encoder.fingerprint, encoder.dim)
        FaissIndex.build(store, folder / "dense", fingerprint=encoder.fingerprint, means=means, segments=segments)
        dense = FaissIndex(folder / "dense", store)
        built = time.perf_counter()
        print(
            f"\n{len(store):,} resumes: stored in {stored - started:.0f} s, words {words - stored:.0f} s, "
            f"vectors {built - words:.0f} s ({'with' if segments else 'without'} segments)",
            flush=True,
        )
        yield FirstStage(store, lexical, dense, encode)
        store.close()


def job_ads(count: int) -> Iterator[Brief]:
    """Real postings, two thirds from one collection (mixed trades) and one third from the other (software)."""
    with gzip.open(judged.SHARED / "jobs-en" / "ads_us.jsonl.gz", "rt", encoding="utf-8") as file:
        mixed = [json.loads(line)["text"] for line in file]
    with gzip.open(judged.SHARED / "jobs-en" / "linkedin_641.csv.gz", "rt", encoding="utf-8") as file:
        software = [row["job_description"] for row in csv.DictReader(file)]
    for name, texts, wanted in (("us", mixed, count - count // 3), ("li", software, count // 3)):
        for row in np.linspace(0, len(texts) - 1, wanted).astype(int):
            text = texts[row].removeprefix("Title: ")
            yield structure_brief(replace(brief_from_value(text, origin=name), brief_id=f"{name}-{row}"))


def runs_of(stage: FirstStage, briefs: Mapping[str, Brief], depth: int) -> dict[str, dict[str, list[Hit]]]:
    """The lists to compare: name -> brief id -> hits."""
    runs: dict[str, dict[str, list[Hit]]] = {}
    for brief_id, brief in briefs.items():
        for by in get_args(DenseRecall):
            recall = replace(stage, dense_recall=by).recall(brief, depth=depth)
            runs.setdefault("lexical", {})[brief_id] = recall.lexical
            runs.setdefault(f"dense by {by}", {})[brief_id] = recall.dense
            runs.setdefault(f"lexical + dense by {by}, z-sum", {})[brief_id] = recall.fused
        for name, variant in (("RRF", {"fusion": "rrf"}), ("z-sum with feedback", {"feedback": True})):
            fused = replace(stage, dense_recall="resume", **variant)(brief, depth=depth)
            runs.setdefault(f"lexical + dense by resume, {name}", {})[brief_id] = fused
    return runs


def heads(
    stage: FirstStage, records: Sequence[StoredResume], briefs: Mapping[str, Brief]
) -> dict[str, dict[str, dict[str, float]]]:
    """The best `HEAD` resumes of the whole collection for each brief, by `maxsim` and by `similarity`."""
    means = stage.dense.means
    ids = [record.resume.resume_id for record in records]
    rows = [means.centre_stored(record.vectors) for record in records]
    documents = document_vectors(rows, len(rows[0][0]))
    found: dict[str, dict[str, dict[str, float]]] = {"maxsim": {}, "similarity": {}}
    for brief_id, brief in briefs.items():
        encoded = stage.encoder(brief, means)
        late = maxsim(encoded.vectors, encoded.weights, rows)
        both = z_sum([Channel(cosine(encoded.document, documents)), Channel(late, 0.5)])
        for name, scores in (("maxsim", late), ("similarity", both)):
            found[name][brief_id] = {hit.resume_id: 1.0 for hit in best(ids, scores, depth=HEAD)}
    return found


def recall_tables(
    stage: FirstStage,
    records: Sequence[StoredResume],
    briefs: Mapping[str, Mapping[str, Brief]],
    fits: Qrels,
    depths: Sequence[int],
) -> float:
    """Print recall of every list against every reference; return the default's against `similarity` on the ads."""
    measures = [f"R@{depth}" for depth in depths]
    value = 0.0
    for kind, some in briefs.items():
        runs = runs_of(stage, some, max(depths))
        references: dict[str, Qrels] = {**heads(stage, records, some), **({"judged": fits} if kind == "judged" else {})}
        print(f"\nrecall over {len(some)} briefs ({kind})\n")
        print("| list | " + " | ".join(f"{name} {measure}" for name in references for measure in measures) + " |")
        print("|---|" + "---|" * (len(references) * len(measures)))
        for name, run in runs.items():
            means = [evaluate(qrels, run, measures).means for qrels in references.values()]
            cells = [f"{held[measure]:.3f}" for held in means for measure in measures]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        if kind == "ads":
            default = {brief_id: stage(brief, depth=max(depths)) for brief_id, brief in some.items()}
            value = evaluate(references["similarity"], default, measures).means[measures[-1]]
    return value


def latency_table(stage: FirstStage, briefs: Sequence[Brief], depth: int, *, segments: bool) -> None:
    """Print p50 and p95 of each part of stage one, for briefs that are encoded already."""
    encoded = [stage.encoder(brief, stage.dense.means) for brief in briefs]
    parts: dict[str, Callable[[EncodedBrief], object]] = {
        "lexical": lambda brief: stage.lexical.search(
            lexical_queries(brief), language=brief.brief.language, depth=depth
        ),
        "dense by resume": lambda brief: stage.dense.search_resumes(brief.document, depth=depth),
        "whole, dense by resume": lambda brief: replace(stage, dense_recall="resume")(brief.brief, depth=depth),
    }
    if segments:
        parts["dense by segment"] = lambda brief: stage.dense.search_segments(
            brief.vectors, brief.weights.tolist(), depth=depth
        )
    print(f"\nlatency at {len(stage.store):,} resumes, {len(briefs)} encoded briefs, depth {depth}\n")
    print("| part | p50 ms | p95 ms |\n|---|---|---|")
    for name, part in parts.items():
        part(encoded[0])
        times = []
        for brief in encoded:
            started = time.perf_counter()
            part(brief)
            times.append((time.perf_counter() - started) * 1000)
        print(f"| {name} | {np.percentile(times, 50):.1f} | {np.percentile(times, 95):.1f} |", flush=True)


def recombined(records: Sequence[StoredResume], count: int) -> Iterator[StoredResume]:
    """Make `count` English resumes, each of a random half of the segments of two real ones."""
    random = np.random.default_rng(0)
    english = [record for record in records if record.resume.language == "en" and len(record.vectors)]
    for number in range(count):
        segments: list[Segment] = []
        codes, scales = [], []
        text = ""
        for parent in random.choice(len(english), 2, replace=False):
            record = english[parent]
            for row in np.flatnonzero(random.random(len(record.vectors)) < 0.5):
                old = record.resume.segments[row]
                segments.append(Segment(old.text, len(text), len(text) + len(old.text), old.kind))
                text += old.text + "\n"
                codes.append(record.vectors.codes[row])
                scales.append(record.vectors.scales[row])
        if segments:
            resume = Resume(f"made-{number}", text, 1, "en", (), tuple(segments))
            yield StoredResume(resume, SegmentVectors(np.stack(codes), np.array(scales), "en"), f"{number:x}")


if __name__ == "__main__":
    main()
