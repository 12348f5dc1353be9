"""A query as pairs of name and value, whatever form it comes in, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, TypeAlias
from urllib.parse import unquote_plus

from django.utils.datastructures import MultiValueDict

from trackadmin.compiler import Scalar, encode
from trackadmin.runtime.faults import report

#: A query string or a mapping: a ``QueryDict``, a dict of texts, of lists, or what JSON held.
Query: TypeAlias = str | bytes | Mapping[str, Any]

#: Parameters that are taken; the rest is counted and left out.
MAX_PARAMETERS = 200
#: Characters of a query string, of a name and of a value. What is longer is cut, a name left out.
MAX_QUERY, MAX_NAME, MAX_TEXT = 200_000, 200, 4096
#: Bits of an integer that every reader of the values can hold.
MAX_BITS = 63


def parameters(*queries: Query) -> list[tuple[str, Any]]:
    """The pairs, in order; names are clean texts, values still as they came. Never raises."""
    pairs = chain.from_iterable(_pairs(query) for query in queries)
    taken = list(islice(pairs, MAX_PARAMETERS + 1))
    if len(taken) > MAX_PARAMETERS:
        report("query.too_many_parameters", "query")
        taken.pop()
    return [(clean(name), value) for name, value in taken if _is_name(name)]


def scalar(value: Any) -> Scalar:
    """A parameter's value as a bounded JSON scalar; ``None`` for what is none. Never raises."""
    try:
        encoded = value if type(value) is str else encode(value)
    except Exception as error:  # noqa: BLE001 a value's own code may raise anything
        report("query.unencodable", "query", error)
        return None
    if type(encoded) is str:
        return clean(encoded)
    if type(encoded) is int and encoded.bit_length() > MAX_BITS:
        report("query.too_long", "query")
        return None
    return encoded


def clean(text: str) -> str:
    """The text within bounds, without what a database or an encoder downstream chokes on."""
    if len(text) > MAX_TEXT:
        report("query.too_long", "query")
        text = text[:MAX_TEXT]
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    # A lone surrogate is half a character.
    return (
        text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    )


def _pairs(query: Query) -> Iterator[tuple[str, Any]]:
    if isinstance(query, bytes):
        query = query.decode("utf-8", "replace")
    return _from_text(query) if isinstance(query, str) else _from_mapping(query)


def _from_text(text: str) -> Iterator[tuple[str, str]]:
    if len(text) > MAX_QUERY:
        report("query.too_long", "query")
        text = text[:MAX_QUERY]
    for part in text.removeprefix("?").split("&", MAX_PARAMETERS + 1):
        if part:
            name, _, value = part.partition("=")
            yield _decoded(name), _decoded(value)


def _decoded(text: str) -> str:
    return unquote_plus(text) if "%" in text or "+" in text else text


def _from_mapping(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    items: Iterable[tuple[str, Any]] = (
        query.lists() if isinstance(query, MultiValueDict) else query.items()
    )
    for name, value in items:
        if isinstance(value, list | tuple):
            for each in value:
                yield name, each
        else:
            yield name, value


def _is_name(name: object) -> bool:
    if isinstance(name, str) and 0 < len(name) <= MAX_NAME:
        return True
    report("query.bad_name", "query")
    return False
