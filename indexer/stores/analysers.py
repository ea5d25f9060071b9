"""What a word is, and how tantivy turns text of one language into terms."""

import tantivy

NAME = "language"  # under which each index registers its analyser

# Letters, digits and marks of any script; a final `++` or `#` belongs to the word, for C++, C# and F#, and a colon ends
# one, for `Skills:Java`. OpenSearch's own tokenizer does neither, so its index uses this, too; Java reads it alike.
WORD = r"[\p{L}\p{M}\p{N}_]+(?:\+\+|#)?"
_LONGEST = 100  # bytes; longer "words" are encoded blobs

_STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
# tantivy has stemmers but no stop words for these; BM25 makes little of words that are everywhere anyway.
_WITHOUT_STOP_WORDS = {"ar", "el", "ro", "ta", "tr"}


def analyser(language: str) -> tantivy.TextAnalyzer:
    """Lower case, stop words and stemmer where tantivy has them for this ISO 639-1 code, then ASCII folding.

    Folding comes last: stop lists and stemmers know the accents, and `étude` and `etude` still meet.
    """
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(WORD))
    builder = builder.filter(tantivy.Filter.remove_long(_LONGEST)).filter(tantivy.Filter.lowercase())
    if (name := _STEMMERS.get(language)) is not None:
        if language not in _WITHOUT_STOP_WORDS:
            builder = builder.filter(tantivy.Filter.stopword(name))
        builder = builder.filter(tantivy.Filter.stemmer(name))
    return builder.filter(tantivy.Filter.ascii_fold()).build()
