"""From source text to a function whose tracebacks show the real lines."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Mapping
from itertools import count
from typing import Any

#: The file names in use, each with a mark of its own. They are used again: Python keeps every
#: file name that it compiled, so new names for each function would leak memory.
_names: dict[str, object] = {}


def build(text: str, function: str, constants: Mapping[str, object], title: str) -> Any:
    """Run the text and return the function that it defines.

    The title appears in tracebacks. The lines are kept for them as long as the function lives.
    """
    filename = _free_name(title)
    namespace: dict[str, Any] = dict(constants)
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102 our own text; see source.py
    # Taken out again, so that no reference cycle keeps the function alive.
    built = namespace.pop(function)
    # No time stamp, so that linecache never looks for a file; line ends, as tracebacks expect.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    weakref.finalize(built, _release, filename).atexit = False
    return built


def _free_name(title: str) -> str:
    """A file name that no function uses now; ``setdefault`` lets only one thread take it."""
    mark = object()
    names = (f"<trackadmin {title} #{number}>" for number in count(1))
    return next(name for name in names if _names.setdefault(name, mark) is mark)


def _release(filename: str) -> None:
    linecache.cache.pop(filename, None)
    _names.pop(filename, None)
