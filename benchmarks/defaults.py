"""Make what ships with the default encoder: the language means, and the constants of the provisional fit maps.

    python benchmarks/defaults.py

Writes indexer/shipped_means.npz (means of unlabelled texts: segments of the judged resumes and requirements of the
judged briefs, and for pl, ro and sv the sentences of mean_texts.jsonl; 384 numbers a language, no text) and
prints the logistic maps for reranker/defaults.py.
"""

import json
from pathlib import Path

import numpy as np
from judged import CACHE, SHARED, CachingEncoder, load, quotes
from scipy.optimize import minimize

from indexer.centring import PRIOR_SEGMENTS, LanguageMeans
from indexer.encoders import open_encoder
from indexer.indexing import encode_resumes
from reranker.defaults import default_reranker
from retriever.briefs import BriefEncoder

TEXTS = Path(__file__).with_name("mean_texts.jsonl")
TARGET = Path(__file__).resolve().parents[1] / "indexer" / "shipped_means.npz"


def logistic(inputs: np.ndarray, targets: np.ndarray) -> str:
    """Slope and offset of the least-squares logistic map, with its mean absolute error."""

    def predict(parameters: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(parameters[0] * inputs + parameters[1])))

    slope, offset = minimize(lambda p: ((predict(p) - targets) ** 2).mean(), [3.0, -2.0]).x
    error = np.abs(predict(np.array([slope, offset])) - targets).mean()
    return f"Logistic(slope={slope:.2f}, offset={offset:.2f})  mean absolute error {error:.3f}"


def of_role(entries: list[dict[str, str]], role: str) -> list[dict[str, str]]:
    """The written texts for one side of the comparison."""
    return [entry for entry in entries if entry["role"] == role]


def by_language(
    pairs: list[tuple[str, np.ndarray]],
) -> tuple[dict[str, np.ndarray], dict[str, int], np.ndarray]:
    """Mean and count by language, and the mean of the languages' means."""
    groups: dict[str, list[np.ndarray]] = {}
    for language, rows in pairs:
        groups.setdefault(language, []).append(rows)
    stacked = {language: np.concatenate(rows) for language, rows in groups.items()}
    means = {language: rows.mean(axis=0) for language, rows in stacked.items()}
    return means, {language: len(rows) for language, rows in stacked.items()}, np.mean(list(means.values()), axis=0)


def main() -> None:
    judged = load(SHARED)
    if judged is None:
        raise SystemExit(f"no judgments in {SHARED}: nothing was made")
    encoder = CachingEncoder(open_encoder(cache=CACHE), CACHE)
    records = {record.resume.resume_id: record for record in encode_resumes(judged.resumes.values(), encoder)}
    written = [json.loads(line) for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    passages, _, overall = by_language(
        [(record.resume.language, record.vectors.dense()) for record in records.values()]
        + [(entry["language"], encoder.encode([entry["text"]], "passage")) for entry in of_role(written, "passage")]
    )
    queries, counts, _ = by_language(
        [
            (brief.language, encoder.encode([entry.text for entry in brief.requirements], "query"))
            for brief in judged.briefs.values()
        ]
        + [(entry["language"], encoder.encode([entry["text"]], "query")) for entry in of_role(written, "query")]
    )
    shifts = {language: queries[language] - passages[language] for language in queries}
    shift = np.average(list(shifts.values()), axis=0, weights=[counts[language] for language in shifts])
    shrunk = {
        language: (counts[language] * row + PRIOR_SEGMENTS * shift) / (counts[language] + PRIOR_SEGMENTS)
        for language, row in shifts.items()
    }
    arrays = {f"passage:{language}": row for language, row in passages.items()}
    arrays |= {f"shift:{language}": row for language, row in shrunk.items()}
    arrays |= {"overall": overall, "shift": shift}
    np.savez_compressed(
        TARGET,
        fingerprint=np.array(encoder.fingerprint),
        **{name: row.astype(np.float16) for name, row in arrays.items()},
    )
    print(f"{TARGET.name}: passages in {sorted(passages)}, shifts in {sorted(shrunk)}")

    means = LanguageMeans.shipped(encoder.fingerprint, encoder.dim)
    reranker, encode = default_reranker(), BriefEncoder(encoder)
    scores, fits, cosines, digits = [], [], [], []
    for brief_id, graded in judged.fits.items():
        brief = judged.briefs[brief_id]
        held = [records[resume_id] for resume_id in graded]
        for item in reranker(encode(brief, means), held, means).items:
            scores.append(item.score)
            fits.append(graded[item.resume_id])
    for language, quote, resume_id, digit in quotes(SHARED, judged):
        query = means.centre(encoder.encode([quote], "query"), language, "query")[0]
        record = records[resume_id]
        cosines.append((means.centre(record.vectors.dense(), record.resume.language, "passage") @ query).max())
        digits.append(digit / 2)
    print("fit             ", logistic(np.array(scores), np.array(fits)))
    print("requirement_fit ", logistic(np.array(cosines), np.array(digits)))


if __name__ == "__main__":
    main()
