"""Byte streams: decompression, bounded reading, lines. Nothing here holds more than one line or one chunk.

gzip and Zstandard are told by their first bytes, so that a pipe without a name works as a file does.
"""

import codecs
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import zstandard

from indexer.errors import TooLong, UnreadableFile
from indexer.reading.text import utf16_encoding

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 16
# A Zstandard block of 4 bytes can unpack to 128 KiB, and `decompressobj` has no output limit: 2 KiB in is at
# most 64 MiB out. A gzip chunk of 64 KiB unpacks to 66 MiB at most.
_ZSTD_CHUNK = 1 << 11
_HEAD = 1 << 16


class _Decompressor(Protocol):
    def decompress(self, data: bytes, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line end; `data` is None when it is longer than the limit and was skipped."""

    number: int
    data: bytes | None


class Stream:
    """Decompressed bytes with a look-ahead.

    Damage (a truncated or corrupt archive, an I/O error) raises UnreadableFile from where it is met; the
    bytes before it have been handed out.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._chunks = _text_as_utf8(_decompressed(_read(raw)))
        self._ahead: list[bytes] = []
        self._damage: UnreadableFile | None = None

    def head(self) -> bytes:
        """At least the first 64 KiB, or all there is; they stay in the stream. Raises when damaged before any byte."""
        try:
            while sum(map(len, self._ahead)) < _HEAD:
                self._ahead.append(next(self._chunks))
        except StopIteration:
            pass
        except UnreadableFile as error:
            self._damage = error
        if self._damage and not any(self._ahead):
            raise self._damage
        return b"".join(self._ahead)

    def __iter__(self) -> Iterator[bytes]:
        while self._ahead:
            yield self._ahead.pop(0)
        if self._damage:
            raise self._damage
        yield from self._chunks

    def read_all(self, limit: int) -> bytes:
        """Everything. Raises TooLong above `limit` bytes, without reading on."""
        data = bytearray()
        for chunk in self:
            data += chunk
            if len(data) > limit:
                raise TooLong(f"larger than {limit:,} bytes; split it, write it as JSON Lines, or raise the limit")
        return bytes(data)

    def lines(self, limit: int) -> Iterator[Line]:
        """Complete lines, one by one, then UnreadableFile if the stream is damaged."""
        buffer, number, skipping = bytearray(), 1, False
        for chunk in self:
            start = 0
            while (end := chunk.find(b"\n", start)) >= 0:
                buffer += chunk[start:end]
                too_long = skipping or len(buffer) > limit
                yield Line(number, None if too_long else bytes(buffer))
                buffer.clear()
                number, start, skipping = number + 1, end + 1, False
            buffer += chunk[start:]
            if len(buffer) > limit:
                skipping = True
                buffer.clear()
        if buffer or skipping:
            yield Line(number, None if skipping else bytes(buffer))


def _read(raw: BinaryIO) -> Iterator[bytes]:
    try:
        while chunk := raw.read(_CHUNK):
            yield chunk
    except OSError as error:
        raise UnreadableFile(f"reading failed: {error.strerror or error}; check the disk and try again") from None


def _decompressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    while len(head) < 4 and (chunk := next(chunks, b"")):
        head += chunk
    if head.startswith(_GZIP):
        yield from _inflate("gzip", head, chunks)
    elif head.startswith(_ZSTD):
        yield from _inflate("Zstandard", head, chunks)
    else:
        yield head
        yield from chunks


def _inflate(name: str, head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    magic, step = (_GZIP, _CHUNK) if name == "gzip" else (_ZSTD, _ZSTD_CHUNK)
    decompressor = _decompressor(name)
    pending, made = head, 0
    while True:
        if not pending:
            pending = next(chunks, b"")
            if not pending:
                break
        if decompressor.eof:  # another member or frame, or the padding that some writers leave
            while len(pending) < len(magic) and (more := next(chunks, b"")):
                pending += more
            if not pending.startswith(magic):
                return
            decompressor = _decompressor(name)
        piece, pending = pending[:step], pending[step:]
        try:
            output = decompressor.decompress(piece)
        except (zlib.error, zstandard.ZstdError, MemoryError) as error:
            raise UnreadableFile(
                f"the {name} data is damaged after {made:,} unpacked bytes ({error}); get it again from its source"
            ) from None
        if decompressor.eof:
            pending = decompressor.unused_data + pending
        made += len(output)
        if output:
            yield output
    if not decompressor.eof:
        raise UnreadableFile(
            f"the {name} data breaks off after {made:,} unpacked bytes (truncated); get it again from its source"
        )


def _decompressor(name: str) -> _Decompressor:
    if name == "gzip":
        return zlib.decompressobj(wbits=31)
    return zstandard.ZstdDecompressor().decompressobj()


def _text_as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Recode UTF-16 with a byte order mark (what PowerShell's `>` writes) and drop the mark of UTF-8."""
    head = next(chunks, b"")
    while len(head) < 3 and (chunk := next(chunks, b"")):
        head += chunk
    if (encoding := utf16_encoding(head)) is None:
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    position = 0
    chunk = head
    try:
        while chunk:
            yield decoder.decode(chunk).encode()
            position += len(chunk)
            chunk = next(chunks, b"")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"invalid UTF-16 near byte {position + error.start}; save it as UTF-8 and read it again"
        ) from None
