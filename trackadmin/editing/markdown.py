"""Texts of editors in Markdown, where they must not become marks of it."""

from __future__ import annotations

import re

#: What Markdown takes for a mark anywhere, and what only where a line begins.
_MARKS = re.compile(r"[\\`*_{}\[\]<>#|!~&$]")
_FIRST = re.compile(r"^(\d*)([-+=.)])")


def as_markdown(text: str) -> str:
    """The text as it stands, on one line, whatever Markdown would make of it."""
    plain = " ".join(text.split())
    return _FIRST.sub(r"\1\\\2", _MARKS.sub(r"\\\g<0>", plain))
