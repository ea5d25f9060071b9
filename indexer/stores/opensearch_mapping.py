"""What a resume looks like in OpenSearch: the index's mapping, the documents, and filters as query clauses.

One document serves the store and the search. Only `resume_id`, `language`, `facets`, `numbers` and the text
field of the resume's own language are searchable; the whole record and the vectors are kept in `_source` alone.
"""

import math
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from indexer.filters import Filter
from indexer.stores import StoredResume
from indexer.stores.analysers import WORD
from indexer.stores.records import (
    decode_resume,
    encode_resume,
    keyword_terms,
    number_terms,
    searchable_meta,
    searchable_text,
)
from indexer.vectors import SegmentVectors

FORMAT = 1  # of the documents; another number is another index

# ISO 639-1 → name of OpenSearch's stop words and stemmer. Other languages are folded only: no case, no accents.
STEMMED = {
    "ar": "arabic",
    "bg": "bulgarian",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "gl": "galician",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "lv": "latvian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
UNSPACED = {"ja": "cjk", "ko": "cjk", "th": "thai", "zh": "cjk"}  # → analyser that finds words without spaces

_LONGEST_WORD = 100  # characters; longer ones are encoded blobs, and Lucene refuses 32,767 bytes

_LONGEST = 4_096  # bytes of a facet that is kept as it is; Lucene takes 32,766
_LARGEST = 1.7976931348623157e308  # OpenSearch takes no infinite double
_RANGES = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}


def index_body(encoder: str) -> dict[str, Any]:
    """Settings and strict mapping of a new index; `encoder` is the fingerprint of the vectors to come."""
    analysers = {**STEMMED, **UNSPACED, "other": "folded"}
    texts = {f"text_{code}": {"type": "text", "analyzer": name} for code, name in analysers.items()}
    return {
        "settings": {
            "index": {
                "number_of_shards": 1,
                "auto_expand_replicas": "0-1",
                "analyze": {"max_token_count": 1_000_000},  # of a brief; the default is 10,000
            },
            "analysis": _analysis(),
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {"shortlist": {"format": FORMAT, "encoder": encoder}},
            "properties": {
                "resume_id": {"type": "keyword"},
                "person_id": {"type": "keyword"},
                "version": {"type": "long"},
                "change": {"type": "long"},
                "deleted": {"type": "boolean"},
                "digest": {"type": "keyword", "index": False, "doc_values": False},
                "language": {"type": "keyword"},
                "facets": {"type": "keyword"},
                "numbers": {
                    "type": "nested",
                    "properties": {"field": {"type": "keyword"}, "value": {"type": "double"}},
                },
                "record": {"type": "binary"},
                "vectors": {"type": "binary"},
                **texts,
            },
        },
    }


def _analysis() -> dict[str, Any]:
    """Analysers under the names of `STEMMED`: like those built in, with our words, and folded at the end."""
    filters: dict[str, Any] = {"short": {"type": "length", "max": _LONGEST_WORD}}
    chains = {"folded": ["short", "lowercase", "asciifolding"]}
    for name in STEMMED.values():
        filters[f"stop_{name}"] = {"type": "stop", "stopwords": f"_{name}_"}
        filters[f"stem_{name}"] = {"type": "stemmer", "language": name}
        chains[name] = ["short", "lowercase", f"stop_{name}", f"stem_{name}", "asciifolding"]
    return {
        "tokenizer": {"words": {"type": "pattern", "pattern": WORD, "group": 0}},
        "filter": filters,
        "analyzer": {name: {"type": "custom", "tokenizer": "words", "filter": chain} for name, chain in chains.items()},
    }


def text_field(language: str) -> str:
    """The one field that holds the words of resumes in `language`."""
    return f"text_{language}" if language in STEMMED or language in UNSPACED else "text_other"


def to_document(record: StoredResume) -> dict[str, Any]:
    """The document of a live resume, all but its place in the change log. Raises BadRecord, as `encode_resume`."""
    resume, meta = record.resume, searchable_meta(record.resume)
    document = {
        "resume_id": resume.resume_id,
        "version": resume.version,
        "deleted": False,
        "digest": record.digest,
        "language": resume.language,
        "facets": sorted({_facet(field, value) for field, value in keyword_terms(meta)}),
        "numbers": [
            {"field": _bounded(field), "value": _finite(number)}
            for field, number in sorted(set(number_terms(meta)))
            if not math.isnan(number)
        ],
        "record": b64encode(encode_resume(record)).decode("ascii"),
        "vectors": b64encode(record.vectors.to_bytes()).decode("ascii"),
        text_field(resume.language): searchable_text(resume),
    }
    return document if resume.person_id is None else document | {"person_id": resume.person_id}


def to_tombstone(resume_id: str, version: int) -> dict[str, Any]:
    """The document that stays after a delete: nothing of the resume but id and version."""
    return {"resume_id": resume_id, "version": version, "deleted": True, "digest": ""}


def from_document(source: Mapping[str, Any]) -> StoredResume:
    """Undo `to_document`."""
    return decode_resume(b64decode(source["record"]), vectors_of(source))


def vectors_of(source: Mapping[str, Any]) -> SegmentVectors:
    """The vectors of a live resume's document."""
    return SegmentVectors.from_bytes(b64decode(source["vectors"]))


def clauses(filters: Sequence[Filter]) -> list[dict[str, Any]]:
    """Filters as clauses of a `bool` query's `filter`, with the meaning of `Filter.matches`."""
    return [_clause(condition) for condition in filters]


def _clause(condition: Filter) -> dict[str, Any]:
    if condition.operator in ("=", "!="):
        held = {"terms": {"facets": [_facet(condition.field, value) for value in condition.values]}}
        return held if condition.operator == "=" else {"bool": {"must_not": [held]}}
    bound = float(condition.values[0])
    if math.isnan(bound):
        return {"match_none": {}}
    inside = [
        {"term": {"numbers.field": _bounded(condition.field)}},
        {"range": {"numbers.value": {_RANGES[condition.operator]: _finite(bound)}}},
    ]
    return {"nested": {"path": "numbers", "query": {"bool": {"filter": inside}}}}


def _facet(field: str, value: str) -> str:
    return _bounded(f"{field}={value}")  # unambiguous: a field name holds no "=", see `Filter.parse`


def _bounded(term: str) -> str:
    data = term.encode("utf-8", "surrogatepass")
    return term if len(data) <= _LONGEST else sha256(data).hexdigest()


def _finite(number: float) -> float:
    return max(-_LARGEST, min(_LARGEST, number))
