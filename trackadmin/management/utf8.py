"""Text that machines read and write: UTF-8, whatever the terminal and the locale are."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: How files begin that editors on Windows save as "Unicode". Longest first: two share a start.
MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


class NotUtf8(ValueError):
    """A file or stdin has text in another encoding.

    ``encoding`` is its name if that is known. Otherwise ``position``, counted from 1, is that of
    the first byte that is not UTF-8, and ``byte`` is its value.
    """

    def __init__(self, encoding: str = "", position: int = 0, byte: int = 0) -> None:
        super().__init__(encoding, position, byte)
        self.encoding, self.position, self.byte = encoding, position, byte


def read_text(source: str) -> str:
    """The text of a file, or of stdin for ``-``; raises ``OSError`` or :class:`NotUtf8`."""
    return _decode(read_bytes(source))


def read_bytes(source: str) -> bytes:
    """What is in a file, or comes through stdin for ``-``; raises ``OSError``."""
    return _stdin() if source == "-" else Path(source).read_bytes()


def writer(stream: Any) -> Callable[[str], object]:
    """A function that writes UTF-8 lines into the file of a stream, whatever its encoding is.

    A stream without a file, such as a ``StringIO``, gets the text.
    """
    binary = getattr(getattr(stream, "_out", stream), "buffer", None)
    if binary is None:
        write: Callable[[str], object] = stream.write
        return write
    stream.flush()

    def write_line(text: str) -> None:
        whole = text if text.endswith("\n") else f"{text}\n"
        # Half a surrogate pair has no UTF-8; JSON and Python both read its escape.
        binary.write(whole.encode("utf-8", "backslashreplace"))

    return write_line


def argument(value: Any) -> Any:
    """An argument as it was meant. Python keeps bytes outside the locale as surrogates."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return os.fsencode(value).decode("utf-8", "replace")
    return value


def _stdin() -> bytes:
    binary = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read().encode() if binary is None else bytes(binary.read())


def _decode(data: bytes) -> str:
    known = next((name for mark, name in MARKS.items() if data.startswith(mark)), "")
    if not known and b"\x00" in data:
        known = "UTF-16"
    if known:
        raise NotUtf8(known)
    try:
        # Some editors write a mark of the byte order before UTF-8, too.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotUtf8("", error.start + 1, data[error.start]) from error
