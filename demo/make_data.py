"""Make the demo's data from the project's own judgments: `python demo/make_data.py PATH_TO_JUDGMENTS_FOLDER`.

Users don't need this; it says how the set was made. The folder holds `resumes-multilingual.jsonl`,
`briefs.jsonl` and `judgments.jsonl`. Running it again changes no byte. What it writes:

    demo/resumes/              96 resumes: plain text, PDF, DOCX and JSON Resume
    demo/briefs.jsonl          the briefs for which at least one of them is a good fit
    demo/qrels.tsv             the grades of those briefs, in the form of BEIR
    tests/demo/rendered.jsonl  the words that each rendered file must give back
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from making.json_resume import render_json_resume
from making.outline import Outline, outline
from making.pdf import render_pdf
from making.word import render_docx

DEMO = Path(__file__).resolve().parent
RENDERED = DEMO.parent / "tests" / "demo" / "rendered.jsonl"
GOOD_FIT = 0.6

# Resume id -> how its page looks; two of them run over two pages.
PDFS: dict[str, dict[str, Any]] = {
    "syn-advocate-1": {"sidebar": "left", "size": 12},
    "syn-sales-2": {"sidebar": "right"},
    "syn-accountant-1": {"sidebar": "left", "face": "vera"},
    "syn2-engineering-1": {"sidebar": "left"},
    "syn-agriculture-2": {},
    "syn-automobile-2": {"size": 14},
    "syn-fitness-1": {},
    "syn2-sales-2": {},
    "syn2-agriculture-2": {},
    "syn-chef-1": {"face": "vera"},
    "syn-bpo-1": {},
    "syn2-hr-2": {},
}
# Resume id -> how its posts are set.
DOCX: dict[str, dict[str, bool]] = {
    "syn-chef-2": {},
    "syn-banking-1": {"table": True},
    "syn-hr-2": {},
    "syn-sales-1": {"subheadings": True},
    "syn2-teacher-1": {"subheadings": True},
    "syn2-apparel-1": {},
    "syn2-sales-1": {"table": True},
    "syn-public-relations-1": {},
}
JSON_RESUMES = {
    "syn-agriculture-1",
    "syn-apparel-1",
    "syn-healthcare-2",
    "syn-teacher-1",
    "syn2-accountant-1",
    "syn2-automobile-2",
    "syn2-healthcare-2",
    "syn2-hr-1",
}


def main(source: Path) -> None:
    """Write the whole set; files in `demo/resumes` that are no longer part of it are removed."""
    resumes = list(_lines(source / "resumes-multilingual.jsonl"))
    folder = DEMO / "resumes"
    folder.mkdir(exist_ok=True)
    written: set[Path] = set()
    with RENDERED.open("w", encoding="utf-8") as manifest:
        for resume in sorted(resumes, key=lambda resume: str(resume["resume_id"])):
            path, parsed = _write_resume(folder, resume)
            written.add(path)
            if parsed is not None:
                extra = [parsed.email, parsed.phone] if _shows_contact(resume["resume_id"]) else []
                line = {"file": path.name, "text": resume["text"], "contact": [value for value in extra if value]}
                manifest.write(json.dumps(line, ensure_ascii=False) + "\n")
    for path in set(folder.iterdir()) - written:
        path.unlink()
    _write_briefs(source, {str(resume["resume_id"]) for resume in resumes})


def _write_resume(folder: Path, resume: dict[str, Any]) -> tuple[Path, Outline | None]:
    resume_id, text, language = resume["resume_id"], resume["text"], resume["language"]
    parsed = outline(text, language)
    if resume_id in PDFS:
        data, suffix = render_pdf(parsed, language, **PDFS[resume_id]), ".pdf"
    elif resume_id in DOCX:
        data, suffix = render_docx(parsed, **DOCX[resume_id]), ".docx"
    elif resume_id in JSON_RESUMES:
        data, suffix = render_json_resume(parsed), ".json"
    else:
        data, suffix = (text.rstrip("\n") + "\n").encode(), ".txt"
    path = folder / f"{resume_id}{suffix}"
    path.write_bytes(data)
    return path, None if suffix == ".txt" else parsed


def _shows_contact(resume_id: str) -> bool:
    return resume_id not in PDFS or "sidebar" in PDFS[resume_id]


def _write_briefs(source: Path, resume_ids: set[str]) -> None:
    """Keep the briefs with a judged resume of the set at `GOOD_FIT` or better, and all their grades in the set."""
    grades: dict[str, dict[str, float]] = {}
    for line in _lines(source / "judgments.jsonl"):
        if line["resume_id"] in resume_ids:
            grades.setdefault(line["brief_id"], {})[line["resume_id"]] = line["fit"]
    kept = {brief_id: fits for brief_id, fits in grades.items() if max(fits.values()) >= GOOD_FIT}
    briefs = {line["brief_id"]: line for line in _lines(source / "briefs.jsonl")}
    with (DEMO / "briefs.jsonl").open("w", encoding="utf-8") as out:
        for brief_id in sorted(kept):
            line = {key: briefs[brief_id][key] for key in ("brief_id", "title", "text", "language")}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    with (DEMO / "qrels.tsv").open("w", encoding="utf-8") as out:
        out.write("query-id\tcorpus-id\tscore\n")
        for brief_id in sorted(kept):
            for resume_id, fit in sorted(kept[brief_id].items()):
                out.write(f"{brief_id}\t{resume_id}\t{round(fit * 5)}\n")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
