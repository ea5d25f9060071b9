"""HTML to plain text: list items become bullet lines; scripts of type JSON-LD are handed out apart."""

import re
from collections.abc import Mapping
from html import unescape

from lxml import etree  # type: ignore[import-untyped]

from indexer.errors import BadRecord
from indexer.reading.text import BULLET, Composer

# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "dd", "div", "dl", "dt", "fieldset", "figcaption", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table",
    "tr", "ul",
))
# fmt: on
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_HIDDEN = frozenset(("script", "style", "template", "noscript"))


class HtmlText:
    """Target of lxml's HTML parser; `composer` holds the text, `json_ld` the bodies of its JSON-LD scripts."""

    def __init__(self) -> None:
        self.composer = Composer()
        self.json_ld: list[str] = []
        self._line = ""
        self._heading = False
        self._hidden: str | None = None
        self._script: list[str] | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _HIDDEN:
            self._hidden = tag
            is_json_ld = tag == "script" and attributes.get("type", "").strip().lower() == "application/ld+json"
            self._script = [] if is_json_ld else None
        elif tag == "br":
            self._flush()
        elif tag == "li":
            self._flush()
            self._line = BULLET
        elif tag in ("td", "th") and self._line.strip():
            self._line = self._line.rstrip() + "\t"
        elif tag in _BLOCKS:
            self._flush()
            self._heading = tag in _HEADINGS
            if tag in ("p", "ul", "ol", "table"):
                self.composer.blank()

    def end(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = None
            if self._script is not None:
                self.json_ld.append("".join(self._script))
                self._script = None
        elif tag == "li" or tag in _BLOCKS:
            self._flush()

    def data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data)
        elif self._hidden is None:
            text = " ".join(data.split())
            before = "" if not self._line or self._line.endswith((" ", "\t")) else " "
            if text:
                lead = before if data[:1].isspace() else ""
                self._line += lead + text + (" " if data[-1:].isspace() else "")
            elif data:
                self._line += before

    def close(self) -> None:
        self._flush()

    def _flush(self) -> None:
        line, self._line = self._line.strip(), ""
        if line and line != BULLET.strip():
            if self._heading:
                self.composer.heading(line)
            else:
                self.composer.line(line)
        self._heading = False


def parse_html(html: str) -> HtmlText:
    """Read a whole page or fragment; broken markup is read as a browser would, roughly."""
    target = HtmlText()
    parser = etree.HTMLParser(target=target, recover=True, encoding="utf-8")
    try:
        # Bytes, as lxml refuses a string that declares its encoding.
        parser.feed(html.encode("utf-8", "replace"))
        parser.close()
    except etree.LxmlError as error:
        raise BadRecord(f"HTML that cannot be read ({error}); save it as plain text") from None
    return target


def html_to_text(value: str) -> str:
    """The visible text of a field that may hold HTML, also escaped HTML; one without markup keeps its own lines."""
    if not _TAG.search(value):
        value = unescape(value)
    return parse_html(value).composer.text if _TAG.search(value) else value
