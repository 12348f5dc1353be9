"""From a plan to code that makes the values out of a row of a query, without any instance.

The rules for generated source are those of :mod:`trackadmin.compiler.source`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db.models import Manager, Model
from django.db.models.signals import post_init, pre_init

from trackadmin.compiler.build import build
from trackadmin.compiler.careful import Fault, Pseudonym, Values
from trackadmin.compiler.encoders import ENCODERS, INLINE, INLINE_NAMES, Scalar, encode
from trackadmin.compiler.instances import is_plain
from trackadmin.compiler.plan import Node, Output
from trackadmin.compiler.source import literal

Row: TypeAlias = Sequence[Any]
#: What a database's value goes through before it is what an instance would hold.
Convert: TypeAlias = Callable[[Any], Any]
#: ``read(row, fault)``: the values of a row, or ``None`` where the row holds no object.
Read: TypeAlias = Callable[[Row, Fault], Values | None]

_INDENT = "    "


def refusal(top: Node) -> str:
    """Why the objects must be loaded to be flattened; "" where rows of a query will do."""
    return next(_refusals(top), "")


def _refusals(top: Node) -> Iterator[str]:
    for node in top.walk():
        if _has_own_loading(node.model):
            yield f"{node.road}: the model runs code of its own when it is loaded"
        for output in node.outputs:
            if output.facts.computed or not is_plain(node.model, output.facts.attname):
                yield f"{output.road}: computed by code of the host"
        for child in node.children:
            if not child.query_name:
                yield f"{child.road}: read by code of the host"
            elif type(child.model._base_manager) is not Manager:
                yield f"{child.road}: behind a manager that may hide objects"
            elif not _is_held(node.model, child):
                yield f"{child.road}: no constraint holds its object in place"


def _has_own_loading(model: type[Model]) -> bool:
    """Whether what an instance holds may differ from what the row holds."""
    return (
        model.__init__ is not Model.__init__
        or model.from_db.__func__ is not Model.from_db.__func__  # type: ignore[attr-defined]
        or pre_init.has_listeners(model)
        or post_init.has_listeners(model)
    )


def _is_held(parent: type[Model], child: Node) -> bool:
    """Whether a foreign key that is set always leads to a row: a join may rely on it."""
    relation: Any = parent._meta.get_field(child.query_name)
    field = relation if relation.concrete else relation.field
    return bool(field.db_constraint)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the row: a value that goes out, or the key that shows an object is there."""

    #: As a query names it: ``user__username``.
    path: str
    #: ``None`` for the key.
    output: Output | None


def columns(top: Node) -> tuple[Column, ...]:
    """The columns of a row in order; each object's key stands before its values."""
    return tuple(_columns(top, ""))


def _columns(node: Node, before: str) -> Iterator[Column]:
    yield Column(f"{before}pk", None)
    for output in node.outputs:
        yield Column(before + output.facts.attname, output)
    for child in node.children:
        yield from _columns(child, f"{before}{child.query_name}__")


@dataclass(frozen=True, slots=True)
class RowReader:
    """The generated code for one tracked model's rows."""

    text: str
    #: Takes the converters of the columns that have one, in order, and gives the reader.
    make: Callable[[Sequence[Convert]], Read]


def row_reader(
    top: Node,
    fused: dict[int, Convert],
    converted: frozenset[int],
    pseudonym: Pseudonym,
    title: str,
) -> RowReader:
    """The reader of a tracked model's rows.

    ``converted`` tells the columns that need a converter, given later because it belongs to one
    connection; ``fused`` the ones for which a function makes the final value at once.
    """
    constants: dict[str, object] = {
        **INLINE_NAMES,
        **{f"fused_{number}": convert for number, convert in fused.items()},
        "pseudonym": pseudonym,
        "nulls": dict.fromkeys(top.names()),
        "careful": _careful(top, fused, sorted(converted), pseudonym),
    }
    body = _Body(fused, converted)
    lines = [*body.node(top)]
    width = body.column
    names = "".join(f"c{number}, " for number in range(width))
    converters = "".join(f"convert_{number}, " for number in sorted(converted))
    text = "\n".join(
        [
            "def make(converters):",
            *([f"{_INDENT}{converters}= converters"] if converters else []),
            f"{_INDENT}def read(row, fault):",
            f"{_INDENT * 2}try:",
            *(_INDENT * 3 + line for line in [f"{names}= row", *lines, "return out"]),
            f"{_INDENT * 2}except Exception:",
            f"{_INDENT * 3}return careful(converters, row, fault)",
            f"{_INDENT}return read",
            "",
        ]
    )
    return RowReader(text, build(text, "make", constants, title))


class _Body:
    """The lines that read one object's columns after the other."""

    def __init__(self, fused: dict[int, Convert], converted: frozenset[int]) -> None:
        self.fused, self.converted = fused, converted
        self.column = 0

    def node(self, node: Node) -> Iterator[str]:
        at = self.column
        self.column += 1
        if at == 0:
            yield from ("if c0 is None:", f"{_INDENT}return None", "out = nulls.copy()")
            yield from self.values(node)
        else:
            yield f"if c{at} is not None:"
            lines = list(self.values(node))
            yield from (_INDENT + line for line in lines or ["pass"])

    def values(self, node: Node) -> Iterator[str]:
        for output in node.outputs:
            yield from self.value(output)
        for child in node.children:
            yield from self.node(child)

    def value(self, output: Output) -> Iterator[str]:
        at = self.column
        self.column += 1
        if at in self.fused:
            value = f"fused_{at}(c{at})"
        else:
            yield f"v = convert_{at}(c{at})" if at in self.converted else f"v = c{at}"
            value = INLINE.get(output.facts.kind, "encode(v)")
        yield f"out[{literal(output.name)}] = " + (
            f"pseudonym({value})" if output.pseudonymised else value
        )


def _careful(
    top: Node, fused: dict[int, Convert], converted: list[int], pseudonym: Pseudonym
) -> Callable[[Sequence[Convert], Row, Fault], Values]:
    """Reads a row value by value, so that one that fails takes no other along."""
    cells = columns(top)
    nodes = [cell.path.removesuffix("pk") if cell.output is None else None for cell in cells]

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
        missing = [
            start
            for start, raw in zip(nodes, row, strict=True)
            if start is not None and raw is None
        ]
        for at, (cell, raw) in enumerate(zip(cells, row, strict=True)):
            if cell.output is None or any(cell.path.startswith(start) for start in missing):
                continue
            try:
                values[cell.output.name] = value(at, cell.output, raw, by_column.get(at))
            except Exception as error:  # noqa: BLE001 the host's converters may raise anything
                fault("attribute.raised", cell.output.road, error)
        return values

    return read
