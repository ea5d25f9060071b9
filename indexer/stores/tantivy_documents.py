"""What a tantivy document holds, and how a filter asks for it."""

import tantivy

from indexer.filters import Filter
from indexer.resumes import Resume
from indexer.stores.analysers import NAME
from indexer.stores.records import keyword_terms, number_terms, searchable_meta, searchable_text

SCHEMA = (
    tantivy.SchemaBuilder()
    .add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    .add_unsigned_field("sequence", stored=True, indexed=True)
    .add_text_field("text", tokenizer_name=NAME, index_option="freq")
    .add_text_field("keywords", tokenizer_name="raw", index_option="basic")
    .add_text_field("numbers", tokenizer_name="raw", index_option="basic")
    .build()
)


def document_of(resume: Resume, sequence: int) -> tantivy.Document:
    """The document of a resume as of one change."""
    document = tantivy.Document()
    document.add_text("id", resume.resume_id)
    document.add_unsigned("sequence", sequence)
    document.add_text("text", searchable_text(resume))
    meta = searchable_meta(resume)
    for field, value in keyword_terms(meta):
        document.add_text("keywords", _term(field, value))
    for field, number in number_terms(meta):
        document.add_text("numbers", _term(field, repr(number)))
    return document


def _term(field: str, value: str) -> str:
    return f"{field}\0{value}"


def filter_clause(searcher: tantivy.Searcher, condition: Filter) -> tuple[tantivy.Occur, tantivy.Query]:
    """A clause that lets through what passes the filter and adds nothing to the score."""
    if condition.operator in ("=", "!="):
        terms = [_term(condition.field, value) for value in condition.values]
        query = tantivy.Query.term_set_query(SCHEMA, "keywords", terms)
        if condition.operator == "!=":
            return tantivy.Occur.MustNot, query
        return tantivy.Occur.Must, tantivy.Query.const_score_query(query, 0.0)
    prefix = _term(condition.field, "")
    passing = [
        term
        for term, _ in searcher.terms_with_prefix("numbers", prefix)
        if condition.matches({condition.field: float(term[len(prefix) :])})
    ]
    query = tantivy.Query.term_set_query(SCHEMA, "numbers", passing) if passing else tantivy.Query.empty_query()
    return tantivy.Occur.Must, tantivy.Query.const_score_query(query, 0.0)
