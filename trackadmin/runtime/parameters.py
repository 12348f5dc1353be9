"""A query as pairs of name and value, whatever form it comes in, within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, repeat
from typing import Any, NamedTuple, TypeAlias, TypeGuard, cast
from urllib.parse import unquote_plus, unquote_to_bytes

from django.utils.datastructures import MultiValueDict

from trackadmin.codes import FaultCode
from trackadmin.compiler import Scalar, encode
from trackadmin.compiler.values.clean_text import bounded
from trackadmin.runtime.faults import report

#: A query string or a mapping: a ``QueryDict``, a dict of texts, of lists, or what JSON held.
Query: TypeAlias = str | bytes | Mapping[str, Any]

#: Parameters that are taken. The rest are left out, and this is counted.
MAX_PARAMETERS = 200
#: Characters of a query string, of a name and of a value. What is longer is cut; a parameter with
#: a longer name is left out.
MAX_QUERY, MAX_NAME, MAX_TEXT = 200_000, 200, 4096
#: Bits of an integer that any reader of the values can store.
MAX_BITS = 63


#: Characters of ASCII JSON that all passing parameters of an event may take, and that one number
#: takes at most.
MAX_PASSING, _NUMBER = 65_536, 24
#: Characters of ASCII JSON that one letter takes at most: ``\\uXXXX`` twice.
_ESCAPED = 12


class Parameters(NamedTuple):
    """The names (exact texts) and values of a query, in two lists, in the order of the query."""

    names: list[str]
    values: list[Any]


def read(*queries: Query) -> Parameters:
    """Read several queries as one. Never raises."""
    found = Parameters([], [])
    for query in queries:
        # Use the type and its own methods, as an object may lie about its class, or raise.
        if issubclass(type(query), bytes):
            _read_text(bytes.decode(cast("bytes", query), "utf-8", "replace"), found)
        elif issubclass(type(query), str):
            _read_text(exact(query), found)
        else:
            _read_mapping(cast("Mapping[str, Any]", query), found)
    return found


def judged(given: Parameters) -> Iterator[tuple[str, Any]]:
    """The pairs that are taken, with clean texts as names. Never raises."""
    if len(given.names) > MAX_PARAMETERS:
        report(FaultCode.QUERY_TOO_MANY_PARAMETERS, "query")
    for name, value in islice(zip(*given, strict=True), MAX_PARAMETERS):
        if _is_name(name):
            yield clean(name), value


def scalar(value: Any) -> Scalar:
    """A parameter's value as a bounded JSON scalar; ``None`` if it cannot be one. Never raises."""
    try:
        encoded = value if type(value) is str else encode(value)
    except Exception as error:  # noqa: BLE001 a value's own code may raise anything
        report(FaultCode.QUERY_UNENCODABLE, "query", error)
        return None
    if type(encoded) is str:
        return clean(encoded)
    if type(encoded) is int and encoded.bit_length() > MAX_BITS:
        report(FaultCode.QUERY_TOO_LONG, "query")
        return None
    return encoded


def pass_through(passing: Mapping[str, Any], values: dict[str, Scalar]) -> None:
    """Add parameters to the values as bounded scalars, as many as an event may carry."""
    found = {name: scalar(value) for name, value in passing.items()}
    letters = sum([len(n) + (len(v) if type(v) is str else _NUMBER) for n, v in found.items()])
    if letters * _ESCAPED <= MAX_PASSING:  # nearly always
        values.update(found)
        return
    spare = MAX_PASSING
    for name, value in found.items():
        spare -= written(name) + (written(value) if type(value) is str else _NUMBER)
        if spare < 0:
            report(FaultCode.QUERY_TOO_LONG, "query")
            return
        values[name] = value


def exact(name: object) -> str:
    """The name as exactly a ``str``; empty for anything that is not a text. Never raises."""
    return str.__str__(name) if issubclass(type(name), str) else ""


def clean(text: str) -> str:
    """The text within bounds, without characters that a database or an encoder cannot handle."""
    if len(text) > MAX_TEXT:
        report(FaultCode.QUERY_TOO_LONG, "query")
    return bounded(text, MAX_TEXT)


def written(text: str) -> int:
    """The number of characters of ASCII JSON that a text takes at most."""
    plain = text.isascii() and text.isprintable()
    return 2 * len(text) if plain else _ESCAPED * len(text)


def _read_text(text: str, found: Parameters) -> None:
    names, values = found
    if len(text) > MAX_QUERY:
        report(FaultCode.QUERY_TOO_LONG, "query")
        text = text[:MAX_QUERY]
    for part in text.removeprefix("?").split("&", MAX_PARAMETERS + 1):
        if part:
            name, _, value = part.partition("=")
            if "%" in part or "+" in part:
                name, value = _decoded(name), _decoded(value)
            names.append(name)
            values.append(value)


def _decoded(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    if text.isascii():  # the same result in half the time
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "replace")
    return unquote_plus(text)


def _read_mapping(query: Mapping[str, Any], found: Parameters) -> None:
    try:
        items = query.lists() if isinstance(query, MultiValueDict) else query.items()
        for name, value in islice(items, MAX_PARAMETERS + 1):
            # Use the type, as an object may lie about its class, or load itself to answer.
            each = [*islice(value, MAX_PARAMETERS + 1)] if _is_list(value) else [value]
            found.names.extend(repeat(exact(name), len(each)))
            found.values.extend(each)
            if len(found.names) > MAX_PARAMETERS:
                break
    except Exception as error:  # noqa: BLE001 a mapping of the host's may raise anything
        report(FaultCode.QUERY_UNREADABLE, "query", error)


def _is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return issubclass(type(value), (list, tuple))


def _is_name(name: str) -> bool:
    if 0 < len(name) <= MAX_NAME:
        return True
    report(FaultCode.QUERY_BAD_NAME, "query")
    return False
