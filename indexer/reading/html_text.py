"""HTML to plain text: list items become bullet lines; scripts of type JSON-LD are handed out apart."""

from html.parser import HTMLParser

from indexer.reading.text import BULLET, Composer

# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "dd", "div", "dl", "dt", "fieldset", "figcaption", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table",
    "tr", "ul",
))
# fmt: on
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_HIDDEN = frozenset(("script", "style", "template", "noscript"))


class HtmlText(HTMLParser):
    """Feed it HTML; `composer` holds the text, `json_ld` the bodies of its JSON-LD scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.composer = Composer()
        self.json_ld: list[str] = []
        self._line = ""
        self._heading = False
        self._hidden: str | None = None
        self._script: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden = tag
            is_json_ld = tag == "script" and (dict(attrs).get("type") or "").strip().lower() == "application/ld+json"
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

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = None
            if self._script is not None:
                self.json_ld.append("".join(self._script))
                self._script = None
        elif tag == "li" or tag in _BLOCKS:
            self._flush()

    def handle_data(self, data: str) -> None:
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
        super().close()
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
    """Read a whole page or fragment; broken markup is read as a browser would, roughly, and never raises."""
    parser = HtmlText()
    parser.feed(html)
    parser.close()
    return parser


def html_to_text(html: str) -> str:
    """The visible text; a value without markup keeps its own lines."""
    return parse_html(html).composer.text if "<" in html or "&" in html else html
