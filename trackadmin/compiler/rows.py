"""From a plan to code that makes the values out of a row of a query, without any instance.

The rules for generated source are those of :mod:`trackadmin.compiler.source`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from trackadmin.catalog import Kind
from trackadmin.compiler.build import build
from trackadmin.compiler.careful import Fault, Pseudonym, Values
from trackadmin.compiler.encoders import ENCODERS, INLINE, INLINE_NAMES, Scalar, encode
from trackadmin.compiler.plan import Node, Output
from trackadmin.compiler.source import literal

Row: TypeAlias = Sequence[Any]
#: What a database's value goes through before it is what an instance would hold.
Convert: TypeAlias = Callable[[Any], Any]
#: ``read(row, fault)``: the values of a row, or ``None`` where the row holds no object.
Read: TypeAlias = Callable[[Row, Fault], Values | None]
Fill: TypeAlias = Callable[[Row, Values], None]
Careful: TypeAlias = Callable[[Sequence[Convert], Row, Fault], Values]

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the row: values, and the key that shows whether an object is there."""

    #: As a query names it: ``user__username``.
    path: str
    #: ``None`` for what is only a key.
    kind: Kind | None


def columns(top: Node, shown_by: str = "") -> tuple[Column, ...]:
    """The columns of a row in order, each once; an object's key stands before its values.

    ``shown_by`` is a field of the top that no row has empty: it then stands in for the top's key.
    """
    kinds: dict[str, Kind | None] = {}
    for path, output in _cells(top, "", shown_by or _key(top, "")):
        kinds[path] = output.facts.kind if output else kinds.get(path)
    return tuple(Column(path, kind) for path, kind in kinds.items())


def _key(node: Node, before: str) -> str:
    # Not "pk": under its own name it may be a value as well, and is then read once.
    pk: Any = node.model._meta.pk
    return f"{before}{pk.attname}"


def _cells(node: Node, before: str, key: str) -> Iterator[tuple[str, Output | None]]:
    """Each value and the column it comes from; keys with ``None``."""
    yield key, None
    for output in node.outputs:
        yield before + output.facts.attname, output
    for child in node.children:
        start = f"{before}{child.query_name}__"
        yield from _cells(child, start, _key(child, start))


@dataclass(frozen=True, slots=True)
class Readers:
    """How rows are read on one connection."""

    read: Read
    #: Puts the values of a row that holds an object into a dict. What a converter raises comes
    #: through; then ``read`` gives the other values all the same.
    fill: Fill


@dataclass(frozen=True, slots=True)
class RowReader:
    """The generated code for one tracked model's rows."""

    text: str
    #: Takes the converters of the columns that have one, in order.
    make: Callable[[Sequence[Convert]], Readers]


def row_reader(
    top: Node,
    found: Sequence[Column],
    fused: Mapping[int, Convert],
    converted: Sequence[int],
    pseudonym: Pseudonym,
    title: str,
) -> RowReader:
    """The reader of a tracked model's rows, which have these :func:`columns`.

    ``converted`` tells the columns that need a converter, given later because it belongs to one
    connection; ``fused`` those for which a function makes the final value at once.
    """
    constants: dict[str, object] = {
        **INLINE_NAMES,
        **{f"fused_{number}": convert for number, convert in fused.items()},
        "pseudonym": pseudonym,
    }
    names = "".join(f"c{number}, " for number in range(len(found)))
    converters = "".join(f"convert_{number}, " for number in converted)
    lines = [*_Body(found, fused, converted).values(top, "")]
    text = "\n".join(
        [
            "def make(converters):",
            *([f"{_INDENT}{converters}= converters"] if converters else []),
            f"{_INDENT}def fill(row, out):",
            *(_INDENT * 2 + line for line in [f"{names}= row", *lines]),
            f"{_INDENT}return fill",
            "",
        ]
    )
    make = build(text, "make", constants, title)
    careful = _careful(top, found, fused, converted, pseudonym)
    nulls: Values = dict.fromkeys(top.names())
    return RowReader(text, lambda given: _readers(make(given), nulls, careful, given))


def _readers(fill: Fill, nulls: Values, careful: Careful, converters: Sequence[Convert]) -> Readers:
    def read(row: Row, fault: Fault) -> Values | None:
        if row[0] is None:
            return None
        values = nulls.copy()
        try:
            fill(row, values)
        except Exception:  # noqa: BLE001 the host's converters may raise anything
            return careful(converters, row, fault)
        return values

    return Readers(read, fill)


def _keys(node: Node, before: str) -> Iterator[tuple[str, str]]:
    """How the paths of each related object's values start, and the path of its key."""
    for child in node.children:
        start = f"{before}{child.query_name}__"
        yield start, _key(child, start)
        yield from _keys(child, start)


class _Body:
    """The lines that read one object's columns after the other."""

    def __init__(
        self, found: Sequence[Column], fused: Mapping[int, Convert], converted: Sequence[int]
    ) -> None:
        self.numbers = {column.path: number for number, column in enumerate(found)}
        self.fused, self.converted = fused, converted

    def values(self, node: Node, before: str) -> Iterator[str]:
        for output in node.outputs:
            yield from self.value(output, self.numbers[before + output.facts.attname])
        for child in node.children:
            yield from self.child(child, f"{before}{child.query_name}__")

    def child(self, child: Node, before: str) -> Iterator[str]:
        names = [literal(name) for name in child.names()]
        if not names:
            return
        yield f"if c{self.numbers[_key(child, before)]} is None:"
        yield _INDENT + "".join(f"out[{name}] = " for name in names) + "None"
        yield "else:"
        yield from (_INDENT + line for line in self.values(child, before))

    def value(self, output: Output, at: int) -> Iterator[str]:
        if at in self.fused:
            value = f"fused_{at}(c{at})"
        else:
            yield f"v = convert_{at}(c{at})" if at in self.converted else f"v = c{at}"
            value = INLINE.get(output.facts.kind, "encode(v)")
        yield f"out[{literal(output.name)}] = " + (
            f"pseudonym({value})" if output.pseudonymised else value
        )


def _careful(
    top: Node,
    found: Sequence[Column],
    fused: Mapping[int, Convert],
    converted: Sequence[int],
    pseudonym: Pseudonym,
) -> Careful:
    """Reads a row value by value, so that one that fails takes no other along."""
    cells = tuple(_cells(top, "", found[0].path))
    keys = tuple(_keys(top, ""))
    numbers = {column.path: number for number, column in enumerate(found)}

    def value(at: int, output: Output, raw: Any, convert: Convert | None) -> Scalar:
        if at in fused:
            scalar: Scalar = fused[at](raw)
        else:
            rule = ENCODERS.get(output.facts.kind, encode)
            scalar = rule(convert(raw) if convert else raw)
        return pseudonym(scalar) if output.pseudonymised else scalar

    def read(converters: Sequence[Convert], row: Row, fault: Fault) -> Values:
        values: Values = dict.fromkeys(top.names())
        by_column = dict(zip(converted, converters, strict=True))
        missing = tuple(start for start, path in keys if row[numbers[path]] is None)
        for path, output in cells:
            if output is None or path.startswith(missing):
                continue
            at = numbers[path]
            try:
                values[output.name] = value(at, output, row[at], by_column.get(at))
            except Exception as error:  # noqa: BLE001 the host's converters may raise anything
                fault("attribute.raised", output.road, error)
        return values

    return read
