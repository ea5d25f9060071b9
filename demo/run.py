"""Index the bundled resumes, search three briefs, and measure all 68 against their grades. No service is needed."""

from pathlib import Path

from rich.console import Console

from indexer.briefs import RawBrief
from indexer.indexing import index_resumes
from indexer.reading import read_briefs, read_resumes
from indexer.structure import structure_brief
from retriever.evaluation import evaluate, load_qrels
from workers import output
from workers.commands.search import print_table
from workers.settings import Settings
from workers.wiring import open_index, open_searcher, open_settings_encoder

HERE = Path(__file__).parent
SHOWN = {  # the best resume of each is in another language than the brief
    "advocate-4": "French brief, German PDF with a sidebar",
    "chef-5": "German brief, Spanish DOCX",
    "agriculture-2": "English brief, Spanish PDF",
}
MEASURES = ("RR(rel=3)", "R(rel=3)@5", "Bpref(rel=3)", "nDCG@10")


def main() -> None:
    """Print three rankings with their reasons, and a line of measures for each stage."""
    console = Console(highlight=False, markup=False, width=120)
    settings = Settings(home=HERE / ".index", opensearch=None)
    encoder = open_settings_encoder(settings)
    with open_index(settings, encoder, write=True) as index:
        console.print("Indexing demo/resumes: 96 people who don't exist, seven languages, four formats …")
        resumes = read_resumes([str(HERE / "resumes")])
        counts = index_resumes(resumes, store=index.store, encoder=encoder, on_reject=output.rejected)
        index.publish()
        console.print(counts.to_dict())
        searcher = open_searcher(index, encoder)
        raw = [item for item in read_briefs(str(HERE / "briefs.jsonl")) if isinstance(item, RawBrief)]
        briefs = {brief.brief_id: brief for brief in map(structure_brief, raw)}
        for brief_id, note in SHOWN.items():
            brief = briefs[brief_id]
            console.print(f"\n{brief.title}  ({note})\n")
            print_table(searcher(brief, k=3), console)

        console.print(f"\nAll {len(briefs)} briefs against the grades (unjudged resumes count as not fitting):")
        qrels = load_qrels(HERE / "qrels.tsv")
        stages = [searcher.stages(brief, depth=len(index.store)) for brief in briefs.values()]
        for stage in stages[0]:
            run = {brief_id: found[stage] for brief_id, found in zip(briefs, stages, strict=True)}
            means = evaluate(qrels, run, MEASURES).means
            console.print(f"{stage:>10}  " + "  ".join(f"{name} {means[name]:.3f}" for name in MEASURES))


if __name__ == "__main__":
    main()
