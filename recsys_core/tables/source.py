"""Where a table's bytes come from: a path, bytes or an open file, unpacked, in an encoding that is found out."""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from recsys_core.errors import InvalidTable
from recsys_core.run_context import RunContext

HEAD_BYTES = 1 << 20
LIMIT_BYTES = 2 << 30
MAX_LINES = 50_000_000
MAX_VALUES = 500_000_000
"""How many values the lines of a text may have together: each takes memory, even where nothing stands in it."""

ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
    "gb18030": "GB18030",
    "cp1250": "Windows-1250 (Central Europe)",
    "iso8859-2": "ISO 8859-2 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "shift_jis": "Shift JIS (Japanese)",
    "euc_kr": "EUC-KR (Korean)",
    "big5": "Big5 (Chinese, traditional)",
    "mac_roman": "Mac Roman",
}

_ASCII = re.compile(r"[\0-\x7f]+")

_INSIDE_WORD = re.compile(r"(?<=[A-Za-z])[^\0-\x7f](?=[A-Za-z])")
_LAST_COMMON_ROW = 0xD7  # of GB2312, which has its rare characters in the rows behind

_NOT_TEXT = (
    (b"PK\x03\x04", "a packed Excel workbook or a zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WebP picture or a sound"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a packed Parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x1f\x8b", "an archive packed twice"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)


class NulByte(Exception):
    """The text holds a NUL character, which no spreadsheet writes."""


class Source:
    """One table's bytes, which can be read from the start more than once.

    `source` is a path, the bytes, or a binary file; a binary file stays open and is the caller's to close.
    `name` is the file's name as the person knows it.
    """

    def __init__(self, source: Path | bytes | BinaryIO, name: str, run: RunContext = RunContext()):
        self.name = name
        self._run = run
        if isinstance(source, (str, Path)):
            self._source: Path | bytes | BinaryIO = Path(source)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            self._source = bytes(source)
        elif source.seekable():
            self._source = source
        else:
            self._source = source.read(LIMIT_BYTES + 1)

    def chunks(self, size: int = HEAD_BYTES) -> Generator[bytes]:
        """The unpacked bytes from the start, in pieces of up to `size` bytes.

        Raises InvalidTable if the file can't be opened or unpacked, or holds more than LIMIT_BYTES.
        """
        raw, file = self._open()
        taken, whole = 0, raw.seek(0, io.SEEK_END)
        raw.seek(0)
        try:
            while data := file.read(size):
                taken += len(data)
                self._run.progress(f"Reading {self.name}", min(raw.tell(), whole), whole)
                if taken > LIMIT_BYTES:
                    raise InvalidTable(
                        f"{self.name} holds more than {LIMIT_BYTES >> 30} GB of text, the limit for one file. "
                        "Split it into several files."
                    )
                yield data
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise InvalidTable(
                f"{self.name} is a damaged .gz archive: it can't be unpacked to its end. Pack or upload it again."
            ) from None
        finally:
            if raw is not self._source:
                raw.close()

    def _open(self) -> tuple[BinaryIO, BinaryIO]:
        """The file, and what unpacks it where it is packed; else the same twice."""
        raw = self._open_raw()
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        return raw, cast(BinaryIO, gzip.GzipFile(fileobj=raw, mode="rb")) if packed else raw

    def start(self) -> bytes:
        """The first bytes as they are."""
        with self.opened() as raw:
            return raw.read(8)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The bytes as they are, as a file that can be read from any place. Raises InvalidTable."""
        raw = self._open_raw()
        try:
            yield raw
        finally:
            if raw is not self._source:
                raw.close()

    def _open_raw(self) -> BinaryIO:
        if isinstance(self._source, bytes):
            return io.BytesIO(self._source)
        if not isinstance(self._source, Path):
            self._source.seek(0)
            return self._source
        try:
            return self._source.open("rb")
        except FileNotFoundError:
            raise InvalidTable(f"There is no file {self._source}. Check its name and its folder.") from None
        except OSError as error:
            raise InvalidTable(f"{self._source} can't be opened: {error.strerror or error}.") from None

    def head(self) -> bytes:
        """The first megabyte. Raises InvalidTable where it is empty or surely no text."""
        with closing(self.chunks()) as chunks:
            head = next(chunks, b"")
        if not head:
            raise InvalidTable(
                f"{self.name} is empty. Expected a CSV file with the column names in its first row, and rows below."
            )
        for magic, what in _NOT_TEXT:
            if head.startswith(magic):
                raise InvalidTable(
                    f"{self.name} is {what}, not CSV text. Save or export the table as CSV and use that."
                )
        return head

    def text(self, encoding: str, errors: str = "strict") -> io.TextIOWrapper:
        """The text from the start, line ends as they are."""
        raw = io.BufferedReader(_Chunks(self.chunks()))
        return io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="")


class _Chunks(io.RawIOBase):
    """Pieces of bytes as a file, for Python's text layer."""

    def __init__(self, chunks: Generator[bytes]):
        self._chunks = chunks
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._waiting = self._waiting or next(self._chunks, b"")
        taken, self._waiting = self._waiting[: len(buffer)], self._waiting[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        self._chunks.close()
        super().close()


class Utf8Stream:
    """A source's text as UTF-8 bytes, for Arrow to read, followed by a line `ending`.

    Reading raises UnicodeDecodeError if the bytes aren't in `encoding`, NulByte at a NUL character, and InvalidTable
    where the text has more lines or more values between delimiters than a file may have.
    `quotes` tells after reading whether any quotation mark was seen.
    """

    closed = False

    def __init__(self, source: Source, encoding: str, delimiter: str, ending: str, chunk_bytes: int):
        self._name = source.name
        self._chunks = source.chunks(chunk_bytes)
        self._is_utf8 = encoding == "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
        self._delimiter = delimiter.encode()
        self._ending = ending.encode()
        self._waiting = b""
        self._last = b""
        self._done = False
        self._lines = self._values = 0
        self.quotes = False

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._chunks.close()

    def read(self, size: int) -> bytes:
        # Always full, but for the end: Arrow takes each answer as a block, and a row may not run over three of them.
        pieces, length = [self._waiting], len(self._waiting)
        while length < size and not self._done:
            pieces.append(self._next())
            length += len(pieces[-1])
        data = b"".join(pieces)
        self._waiting = data[size:]
        return data[:size]

    def _next(self) -> bytes:
        raw = next(self._chunks, b"")
        # ASCII bytes need no decoding. A character cut off just before them is damaged: the decoder tells at the end.
        if raw and self._is_utf8 and raw.isascii():
            data = raw
        else:
            data = self._decoder.decode(raw, final=not raw).encode("utf-8")
        if b"\0" in data:
            raise NulByte
        self._count(data)
        self.quotes = self.quotes or b'"' in data
        self._last = data[-1:] or self._last
        if raw:
            return data
        self._done = True
        return data + (b"" if self._last in (b"\n", b"\r", b"") else b"\n") + self._ending

    def _count(self, data: bytes) -> None:
        lines = max(data.count(b"\n"), data.count(b"\r"))
        self._lines += lines
        self._values += lines + data.count(self._delimiter)
        for found, limit, what in (
            (self._lines, MAX_LINES, "lines"),
            (self._values, MAX_VALUES, "values in all its rows"),
        ):
            if found > limit:
                raise InvalidTable(
                    f"{self._name} has more than {limit:,} {what}, the limit for one file. Split it into several files."
                )


def chosen_encoding(name: str, head: bytes) -> str:
    """The encoding that a person named, for a file with these first bytes; raises InvalidTable if it is none of text."""
    try:
        sound = "a,1\n".encode(name).decode(name) == "a,1\n"
    except (LookupError, UnicodeError, ValueError):
        sound = False
    if not sound:
        raise InvalidTable(
            f"“{name}” isn't an encoding of text. Choose utf-8, utf-16, cp1252, gb18030 or another that Python knows."
        )
    guessed = guess_encoding(head)
    # Python asks for the mark of UTF-16, which not every file has.
    return guessed if guessed.startswith("utf-16-") and codecs.lookup(name).name == "utf-16" else name


def guess_encoding(head: bytes) -> str:
    """The likeliest encoding by the first bytes: UTF-16 by its mark or its NULs, else UTF-8."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = head[:2000]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) / 8 and even == 0:
        return "utf-16-le"
    if even > len(sample) / 8 and odd == 0:
        return "utf-16-be"
    return "utf-8"


def other_encoding(source: Source) -> str:
    """The encoding of a text that isn't clean UTF-8: "gb18030", "cp1252", or "utf-8" with a few damaged characters.

    Reads the whole source. Raises InvalidTable if it is none of them.
    """
    whole = damaged = chinese = two_byte = 0
    utf8 = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    strict = {name: codecs.getincrementaldecoder(name)() for name in ("gb18030", "cp1252")}
    for data in itertools.chain(source.chunks(), [b""]):
        letters = _ASCII.sub("", utf8.decode(data, final=not data))
        sound = len(letters.encode("utf-8", errors="ignore").decode("utf-8"))
        whole += sound
        damaged += len(letters) - sound
        for name in list(strict):
            try:
                text = strict[name].decode(data, final=not data)
            except UnicodeDecodeError:
                del strict[name]
                continue
            if name == "gb18030":
                two_byte += len(_ASCII.sub("", text))
                chinese += _common_chinese(text)
    if whole >= damaged:
        return "utf-8"
    if "gb18030" in strict and (chinese >= 0.7 * two_byte or "cp1252" not in strict):
        return "gb18030"
    if "cp1252" in strict:
        return "cp1252"
    raise InvalidTable(
        f"The letters of {source.name} are in none of the encodings UTF-8, UTF-16, Windows-1252 and GB18030. "
        "Save the file as CSV UTF-8."
    )


def _common_chinese(text: str) -> int:
    """How many common Chinese characters or signs there are, as nearly all are in Chinese text read as GB18030.

    Two accented letters can pass for a character, but mostly for a rare one, or for one inside a Latin word.
    """
    pairs = _ASCII.sub("", _INSIDE_WORD.sub("", text)).encode("gb2312", errors="ignore")
    return int((np.frombuffer(pairs, dtype=np.uint8)[::2] <= _LAST_COMMON_ROW).sum())
