"""How well does each way of scoring rank the judged resumes within a brief?

144 briefs as plain text, ten judged resumes each (1,440 fits in six levels), in seven languages. Nothing here is
trained: the channel weights are fixed beforehand, the language means are of unlabelled text.

    python benchmarks/ranking.py [--quick] [--data ../shared/data]
"""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from judged import CACHE, SHARED, CachingEncoder, Judged, load
from scipy.stats import spearmanr

from indexer.centring import LanguageMeans, MeanAccumulator
from indexer.encoders import open_encoder
from indexer.indexing import encode_resumes
from indexer.stores import StoredResume
from indexer.stores.lmdb import LmdbStore
from indexer.stores.tantivy import TantivyIndex
from reranker.defaults import default_reranker
from retriever.briefs import BriefEncoder, EncodedBrief
from retriever.evaluation import evaluate
from retriever.first_stage import lexical_queries
from retriever.runs import RunHit
from retriever.similarity import cosine, document_vectors, maxsim

GOAL_RHO, GOAL_NDCG = 0.68, 0.83
Scores = dict[str, dict[str, float]]  # by brief, by resume


def score_all(
    judged: Judged, records: dict[str, StoredResume], briefs: dict[str, EncodedBrief], means: LanguageMeans
) -> dict[str, Scores]:
    """Every dense way of scoring, centred by `means`."""
    tables: dict[str, Scores] = {"document cosine": {}, "MaxSim": {}, "re-ranker": {}}
    reranker = default_reranker()
    for brief_id, fits in judged.fits.items():
        brief, held = briefs[brief_id], [records[resume_id] for resume_id in fits]
        resumes = [means.centre(record.vectors.dense(), record.resume.language, "passage") for record in held]
        documents = cosine(brief.document, document_vectors(resumes, len(brief.document)))
        tables["document cosine"][brief_id] = dict(zip(fits, documents.tolist(), strict=True))
        best = maxsim(brief.vectors, brief.weights, resumes)
        tables["MaxSim"][brief_id] = dict(zip(fits, best.tolist(), strict=True))
        ranking = reranker(brief, held, means)
        tables["re-ranker"][brief_id] = {item.resume_id: item.score for item in ranking.items}
        tables.setdefault("fit", {})[brief_id] = {item.resume_id: item.fit for item in ranking.items}
    return tables


def score_words(judged: Judged, records: dict[str, StoredResume], briefs: dict[str, EncodedBrief]) -> Scores:
    """BM25 of the product's lexical index over the judged resumes; 0 across languages."""
    scores: Scores = {}
    with TemporaryDirectory() as folder:
        store = LmdbStore(Path(folder) / "store")
        store.put(list(records.values()))
        lexical = TantivyIndex(Path(folder) / "lexical")
        lexical.catch_up(store)
        for brief_id, fits in judged.fits.items():
            brief = briefs[brief_id]
            hits = lexical.search(lexical_queries(brief), language=brief.brief.language, depth=len(records))
            found = {hit.resume_id: hit.score for hit in hits}
            scores[brief_id] = {resume_id: found.get(resume_id, 0.0) for resume_id in fits}
        lexical.close()
        store.close()
    return scores


def within_brief(judged: Judged, scores: Scores, keep: Callable[[str, str], bool] = lambda *_: True) -> list[float]:
    """Spearman's rho of each brief, over its pairs that `keep` (brief, resume) lets through; at least three."""
    values = []
    for brief_id, fits in judged.fits.items():
        ids = [resume_id for resume_id in fits if keep(brief_id, resume_id)]
        truth, found = [fits[name] for name in ids], [scores[brief_id][name] for name in ids]
        if len(ids) >= 3 and len(set(truth)) > 1:
            values.append(0.0 if len(set(found)) == 1 else float(spearmanr(truth, found).statistic))
    return values


def ndcg(judged: Judged, scores: Scores, keep: Callable[[str, str], bool] = lambda *_: True) -> float:
    """nDCG@5 over the judged resumes that `keep` lets through, gains linear in the fit."""
    qrels = {b: {r: f for r, f in fits.items() if keep(b, r)} for b, fits in judged.fits.items()}
    qrels = {b: fits for b, fits in qrels.items() if any(fits.values())}
    run = {b: sorted((RunHit(r, scores[b][r]) for r in fits), key=lambda hit: -hit.score) for b, fits in qrels.items()}
    return evaluate(qrels, run, ["nDCG@5"]).means["nDCG@5"]


def interval(values: list[float]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over briefs."""
    draws = np.random.default_rng(0).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975))


def corpus_means(records: Iterable[StoredResume], prior: LanguageMeans, dim: int) -> LanguageMeans:
    """The means that an index of `records` would have."""
    sums = MeanAccumulator(dim)
    for record in records:
        sums.add(record.vectors.dense(), record.resume.language)
    return sums.means(prior)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--cache", type=Path, default=CACHE, help="vectors are kept here between runs")
    parser.add_argument("--quick", action="store_true", help="the first 24 briefs")
    arguments = parser.parse_args()
    result: dict[str, object] = {"metric": "within-brief Spearman, untrained", "value": None, "goal": GOAL_RHO}
    judged = load(arguments.data)
    if judged is None:
        print(f"no judgments in {arguments.data}: nothing was measured")
        print(json.dumps({**result, "holds": None, "reason": "data not at hand"}))
        return
    if arguments.quick:
        judged = judged.first(24)
    encoder = CachingEncoder(open_encoder(cache=arguments.cache), arguments.cache)
    records = {record.resume.resume_id: record for record in encode_resumes(judged.resumes.values(), encoder)}
    shipped = LanguageMeans.shipped(encoder.fingerprint, encoder.dim)
    everything = corpus_means(records.values(), shipped, encoder.dim)
    overall = LanguageMeans(everything.overall, {}, everything.shift)

    encode = BriefEncoder(encoder)
    tables: dict[str, Scores] = {}
    for name, means in (("one global mean", overall), ("shipped means", shipped), ("corpus means", everything)):
        briefs = {brief_id: encode(brief, means) for brief_id, brief in judged.briefs.items()}
        scored = score_all(judged, records, briefs, means)
        tables.update({f"{channel}, {name}": scores for channel, scores in scored.items()})
    tables["BM25, same language"] = score_words(judged, records, briefs)

    languages = {resume_id: resume.language for resume_id, resume in judged.resumes.items()}
    spoken = {brief_id: brief.language for brief_id, brief in judged.briefs.items()}
    slices: dict[str, Callable[[str, str], bool]] = {
        "same language": lambda b, r: spoken[b] == languages[r],
        "cross-language": lambda b, r: spoken[b] != languages[r],
    }
    for code in ("en", "fr", "de", "es", "nl"):
        slices[f"brief {code}"] = lambda b, _, code=code: spoken[b] == code

    print(f"{len(judged.fits)} briefs, {sum(map(len, judged.fits.values()))} judged pairs, {len(records)} resumes\n")
    print(f"{'':38} rho   95 %          nDCG@5")
    for name, scores in tables.items():
        if not name.startswith("fit,"):
            values = within_brief(judged, scores)
            low, high = interval(values)
            print(f"{name:38} {np.mean(values):.3f} [{low:.3f}, {high:.3f}] {ndcg(judged, scores):.3f}")
    chosen = tables["re-ranker, corpus means"]
    print("\nre-ranker, corpus means, by slice")
    for name, keep in slices.items():
        values = within_brief(judged, chosen, keep)
        if values:
            print(f"{name:38} {np.mean(values):.3f} ({len(values)} briefs)  {ndcg(judged, chosen, keep):.3f}")
    errors = [
        abs(tables["fit, corpus means"][b][r] - fit) for b, fits in judged.fits.items() for r, fit in fits.items()
    ]
    print(f"\nfit: mean absolute error {np.mean(errors):.3f} (its two constants were fitted on these pairs)")

    rho, gain = float(np.mean(within_brief(judged, chosen))), ndcg(judged, chosen)
    result |= {"value": round(rho, 4), "ndcg@5": round(gain, 4), "goal_ndcg@5": GOAL_NDCG}
    print(json.dumps({**result, "holds": rho >= GOAL_RHO and gain >= GOAL_NDCG, "briefs": len(judged.fits)}))


if __name__ == "__main__":
    main()
