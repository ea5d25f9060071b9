"""The command line in this process: `workers.cli.main` with its own arguments and streams, and the real encoder."""

import functools
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import workers.wiring
from indexer.encoders import open_encoder
from workers.cli import main


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def ids(self) -> list[str]:
        return [record["resume_id"] for record in self.records]

    @property
    def counts(self) -> dict[str, int]:
        """The line of counts, wherever it stands on standard error."""
        line = next(line for line in reversed(self.err.splitlines()) if line and all("=" in w for w in line.split()))
        return {name: int(value) for name, value in (word.split("=") for word in line.split())}


Shortlist = Callable[..., Answer]

PEOPLE = [
    ("nurse-de", "DE", 8, "Krankenpflegerin\n\nBerufserfahrung\n• Acht Jahre Pflege auf der Intensivstation, beatmete "
     "Patienten\n• Anleitung von Auszubildenden in der Pflege\n\nSprachen\nDeutsch: Muttersprache"),
    ("nurse-en", "GB", 6, "Registered nurse\n\nExperience\n• Six years in intensive care with ventilated patients\n"
     "• Led the night shift of a surgical ward\n\nEducation\nBachelor of nursing, Leeds"),
    ("cook-fr", "FR", 12, "Cuisinier de collectivité\n\nExpérience professionnelle\n• Menus sans gluten pour quatre "
     "cents repas par jour\n• Respect des normes HACCP, équipe de douze personnes\n\nLangues\nFrançais"),
    ("cook-es", "ES", 4, "Cocinera\n\nExperiencia laboral\n• Cocina mediterránea en un restaurante de playa\n"
     "• Compra de pescado y control de existencias\n\nIdiomas\nEspañol: nativo"),
    ("dev-en", "FR", 9, "Backend developer\n\nExperience\n• Built search services with Java, Kafka and PostgreSQL\n"
     "• Cut the latency of a product search by half\n\nSkills\nJava, Kafka, PostgreSQL, Kubernetes"),
    ("dev-fr", "FR", 3, "Développeur web\n\nExpérience\n• Applications Symfony et React pour une mutuelle\n"
     "• Tests automatisés et intégration continue\n\nCompétences\nPHP, Symfony, React, SQL"),
    ("driver-en", "GB", 15, "Truck driver\n\nExperience\n• Long distance tours across Europe with refrigerated goods\n"
     "• Dangerous goods licence, no accident in fifteen years"),
    ("driver-de", "DE", 2, "Berufskraftfahrer\n\nBerufserfahrung\n• Nahverkehr mit Wechselbrücken, Ladungssicherung\n"
     "• Führerschein CE mit Fahrerkarte und Modulen"),
    ("books-de", "AT", 7, "Bilanzbuchhalterin\n\nBerufserfahrung\n• Monats- und Jahresabschlüsse nach UGB in SAP\n"
     "• Umsatzsteuervoranmeldung für drei Gesellschaften"),
    ("books-en", "GB", 5, "Bookkeeper\n\nExperience\n• Monthly closing for two companies in Sage 200\n"
     "• Payroll for eighty employees and VAT returns"),
    ("welder-es", "ES", 11, "Soldador\n\nExperiencia laboral\n• Soldadura TIG y MIG de tuberías de acero inoxidable\n"
     "• Lectura de planos y control de calidad"),
    ("teacher-fr", "CH", 20, "Professeure de mathématiques\n\nExpérience\n• Vingt ans au lycée, préparation au "
     "baccalauréat\n• Formation des enseignants débutants"),
]  # fmt: skip
NURSE = "Intensive care nurse\n\nYou look after ventilated patients.\n- Three years of intensive care at least"


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Weights of the session's own, and each encoder opened once: opening takes a second, and changes nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHORTLIST_CACHE", str(tmp_path_factory.mktemp("weights")))
        patch.setenv("OMP_NUM_THREADS", "1")  # for child processes
        # Two threads that wait for each other by spinning are thirty times slower on a machine that is busy.
        patch.setenv("SHORTLIST_THREADS", "1")
        patch.setattr(workers.wiring, "open_encoder", functools.cache(open_encoder))
        yield


@pytest.fixture(scope="session")
def shortlist(_environment: None) -> Shortlist:
    """Run the console command here; what it would leave to the interpreter (a traceback) is raised."""

    def run(*arguments: object, stdin: str | bytes | None = None) -> Answer:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        err = io.StringIO()
        data = stdin.encode() if isinstance(stdin, str) else stdin
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", ["shortlist", *map(str, arguments)])
            patch.setattr(sys, "stdin", None if data is None else io.TextIOWrapper(io.BytesIO(data)))
            with pytest.raises(SystemExit) as exit_:
                main()
        out.seek(0)
        return Answer(int(exit_.value.code or 0), out.read(), err.getvalue())

    return run


def line(resume_id: str, text: str, **fields: Any) -> str:
    return json.dumps({"resume_id": resume_id, "text": text, "version": 1, **fields}, ensure_ascii=False) + "\n"


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve short resumes in four languages as JSON Lines."""
    path = tmp_path_factory.mktemp("people") / "people.jsonl"
    lines = [line(name, text, meta={"country": country, "years": years}) for name, country, years, text in PEOPLE]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def home(shortlist: Shortlist, people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of `people`. Tests read it; those that write make their own."""
    path = tmp_path_factory.mktemp("index") / "home"
    answer = shortlist("index", people, "--home", path)
    assert (answer.code, answer.counts["written"]) == (0, 12)
    return path
