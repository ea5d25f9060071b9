"""Markdown to plain text: headings become heading hints, list items bullet lines, markup characters go."""

from markdown_it import MarkdownIt
from markdown_it.token import Token

from indexer.reading.documents import Document
from indexer.reading.html_text import html_to_text
from indexer.reading.text import BULLET, Composer

_PARSER = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table")  # deeper text would be dropped
_LONGEST_HEADING = 120  # a longer one is a paragraph above a rule ("setext" by accident)


def read_markdown(source: str) -> Document:
    """Convert CommonMark with tables. Link targets are kept behind their text; rows are tab-separated."""
    composer = Composer()
    heading = bullet = False
    row: list[str] | None = None
    for token in _PARSER.parse(source):
        match token.type:
            case "heading_open":
                heading = True
            case "heading_close":
                heading = False
            case "list_item_open":
                bullet = True
            case "paragraph_open" | "bullet_list_open" | "ordered_list_open" if token.level == 0:
                composer.blank()
            case "tr_open":
                row = []
            case "tr_close":
                composer.line("\t".join(row or []))
                row = None
            case "code_block" | "fence":
                composer.line(token.content)
            case "html_block":
                composer.line(html_to_text(token.content))
            case "inline":
                text = _inline(token)
                if row is not None:
                    row.append(text)
                elif heading and len(text) <= _LONGEST_HEADING:
                    composer.heading(text)
                else:
                    composer.line(BULLET + text if bullet else text)
                bullet = False
    return Document(composer.text, composer.headings)


def _inline(token: Token) -> str:
    parts: list[str] = []
    targets: list[tuple[str, int]] = []
    for child in token.children or ():
        match child.type:
            case "softbreak" | "hardbreak":
                parts.append("\n")
            case "link_open":
                targets.append((str(child.attrs.get("href", "")), len(parts)))
            case "link_close":
                target, start = targets.pop()
                target = target.removeprefix("mailto:").removeprefix("tel:")
                if target and target not in "".join(parts[start:]):
                    parts.append(f" ({target})")
            case "html_inline":
                parts.append(" " if child.content.lower().startswith("<br") else "")
            case _:
                parts.append(child.content)
    return "".join(parts)
