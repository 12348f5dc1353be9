"""From a plan to code that makes values of the columns of a row.

Instances are made only of the objects for which :mod:`trackadmin.compiler.query_tree` says so. The
rules for generated source are those of :mod:`trackadmin.compiler.values.source`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from trackadmin.codes import FastPath, FaultCode
from trackadmin.compiler.fast_paths import left
from trackadmin.compiler.plan import Aggregate, Output
from trackadmin.compiler.query_tree import Shape
from trackadmin.compiler.sql import row_instances
from trackadmin.compiler.sql.row_columns import Column, every, path_of
from trackadmin.compiler.sql.row_instances import BindInstance, Converters, FillFromInstance, Layout
from trackadmin.compiler.types import Convert, Fault, Row, Scalar, Values
from trackadmin.compiler.values.aggregate_values import result_encoder
from trackadmin.compiler.values.build import build
from trackadmin.compiler.values.rules import IN_LINE_NAMES, RULES, source_of_loaded
from trackadmin.compiler.values.source import literal

#: ``read(row, fault)``: the values of a row, or ``None`` where the row holds no object.
Read: TypeAlias = Callable[[Row, Fault], Values | None]
Fill: TypeAlias = Callable[[Row, Values, Fault], None]

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Readers:
    """How rows are read on one connection."""

    #: An exception of a model's own code comes through if the top is made as an instance.
    read: Read
    #: Puts the values of a row that holds an object into a dict. An exception of a converter comes
    #: through; ``read`` then still gives the other values.
    fill: Fill


@dataclass(frozen=True, slots=True)
class RowReader:
    """The generated code for one tracked model's rows."""

    text: str
    #: Takes the converters of the columns that have one, in order.
    make: Callable[[Sequence[Convert]], Readers]
    #: Whether instances are made of the rows.
    makes_instances: bool


def row_reader(
    top: Shape,
    read: Sequence[Column],
    fused: Mapping[int, Convert],
    converted: Sequence[int],
    layout: Layout,
) -> RowReader:
    """The reader of a tracked model's rows, which have these :func:`columns`.

    ``converted`` tells the columns that need a converter, given later because it belongs to one
    connection; ``fused`` those for which a function makes the final value at once.
    """
    constants: dict[str, object] = {
        **IN_LINE_NAMES,
        **{f"fused_{number}": convert for number, convert in fused.items()},
        **{
            f"result_{number}": result_encoder(column.aggregate.matched)
            for number, column in enumerate(read)
            if column.aggregate is not None
        },
        "pseudonym": layout.pseudonym,
    }
    body = _Body(read, fused, converted, layout)
    lines = [*body.values(top, "", read[0].path)]
    row = "".join(f"c{number}, " for number in range(len(read)))
    converters = "".join(f"convert_{number}, " for number in converted)
    instances = "".join(f"made_{number}, " for number in range(len(body.binds)))
    text = "\n".join(
        [
            "def make(converters, instances):",
            *([f"{_INDENT}{converters}= converters"] if converters else []),
            *([f"{_INDENT}{instances}= instances"] if instances else []),
            f"{_INDENT}def fill(row, out, fault):",
            *(_INDENT * 2 + line for line in [f"{row}= row", *lines]),
            f"{_INDENT}return fill",
            "",
        ]
    )
    make = build(text, "make", constants, layout.title)
    nulls: Values = dict.fromkeys(top.node.names())

    def readers(given: Sequence[Convert]) -> Readers:
        by_column = dict(zip(converted, given, strict=True))
        instances = [bind(by_column) for bind in body.binds]
        one_by_one = _OneByOne(top, fused, by_column, instances, layout)
        return _readers(make(given, instances), nulls, one_by_one, layout.title)

    return RowReader(text, readers, bool(body.binds))


def _readers(fill: Fill, nulls: Values, one_by_one: _OneByOne, title: str) -> Readers:
    def read(row: Row, fault: Fault) -> Values | None:
        if row[0] is None:
            return None
        values = nulls.copy()
        try:
            fill(row, values, fault)
        except Exception as error:  # noqa: BLE001 the host's converters may raise anything
            left(FastPath.ROW, title, error)
            values = nulls.copy()
            one_by_one.top(row, values, fault)
        return values

    return Readers(read, fill)


class _Body:
    """The lines that read one object's columns after the other."""

    def __init__(
        self,
        read: Sequence[Column],
        fused: Mapping[int, Convert],
        converted: Sequence[int],
        layout: Layout,
    ) -> None:
        self.fused, self.converted, self.layout = fused, converted, layout
        #: What makes instances, in the order in which the lines use them.
        self.binds: list[BindInstance] = []

    def values(self, shape: Shape, before: str, key: str) -> Iterator[str]:
        if shape.why:
            yield self.instance(row_instances.whole(shape, before, key, self.layout))
            yield from self.aggregates(shape, before, below=True)
            return
        for output in shape.node.outputs:
            yield from self.value(output, self.layout.places[before + output.facts.attname])
        yield from self.aggregates(shape, before, below=False)
        if shape.loaded:
            yield self.instance(row_instances.loaded(shape, before, key, self.layout))
        for child in shape.joined:
            yield from self.child(child, row_instances.start(child, before))

    def child(self, child: Shape, before: str) -> Iterator[str]:
        key = row_instances.key_of(child.node.model, before)
        names = "".join(f"out[{literal(name)}] = " for name in child.node.names())
        yield f"if c{self.layout.places[key]} is None:"
        yield f"{_INDENT}{names}None"
        yield "else:"
        # None if all its values are counts and sums that another query gives.
        lines = [*self.values(child, before, key)]
        yield from (_INDENT + line for line in lines or ["pass"])

    def aggregates(self, shape: Shape, before: str, *, below: bool) -> Iterator[str]:
        """The counts and sums of an object, and of those that are joined ``below`` it."""
        for aggregate in shape.aggregates:
            at = self.layout.places.get(path_of(aggregate, before))
            if at is not None:
                names = "".join(f"out[{literal(name)}] = " for name in aggregate.names)
                value = self.result(at)
                yield names + (f"pseudonym({value})" if aggregate.pseudonymised else value)
        for child in shape.joined if below else ():
            its = row_instances.start(child, before)
            lines = [*self.aggregates(child, its, below=True)]
            if lines:
                key = row_instances.key_of(child.node.model, its)
                yield f"if c{self.layout.places[key]} is not None:"
                yield from (_INDENT + line for line in lines)

    def result(self, at: int) -> str:
        if at in self.fused:
            return f"fused_{at}(c{at})"
        return (
            f"result_{at}(convert_{at}(c{at}))" if at in self.converted else f"result_{at}(c{at})"
        )

    def instance(self, bind: BindInstance) -> str:
        self.binds.append(bind)
        return f"made_{len(self.binds) - 1}(row, out, fault)"

    def value(self, output: Output, at: int) -> Iterator[str]:
        if at in self.fused:
            value = f"fused_{at}(c{at})"
        else:
            yield f"v = convert_{at}(c{at})" if at in self.converted else f"v = c{at}"
            value = source_of_loaded(output.facts.kind)
        yield f"out[{literal(output.name)}] = " + (
            f"pseudonym({value})" if output.pseudonymised else value
        )


class _OneByOne:
    """Reads a row value by value, so that one failure does not affect the others."""

    def __init__(
        self,
        top: Shape,
        fused: Mapping[int, Convert],
        converters: Converters,
        instances: Sequence[FillFromInstance],
        layout: Layout,
    ) -> None:
        self._top, self._fused, self._converters, self._layout = top, fused, converters, layout
        self._instances = instances

    def top(self, row: Row, out: Values, fault: Fault) -> None:
        instances = iter(self._instances)
        if self._top.why:
            next(instances)(row, out, fault)
            for shape, before in every(self._top, ""):
                self._aggregates(shape, before, row, out, fault)
        else:
            self._object(self._top, "", row, out, fault, instances)

    def _object(
        self,
        shape: Shape,
        before: str,
        row: Row,
        out: Values,
        fault: Fault,
        instances: Iterator[FillFromInstance],
    ) -> None:
        places = self._layout.places
        there = (
            not before or row[places[row_instances.key_of(shape.node.model, before)]] is not None
        )
        for output in () if shape.why or not there else shape.node.outputs:
            at = places[before + output.facts.attname]
            try:
                out[output.name] = self._value(at, output, row[at])
            except Exception as error:  # noqa: BLE001 the host's converters may raise anything
                fault(FaultCode.ATTRIBUTE_RAISED, output.path, error)
        for each, start in every(shape, before) if shape.why else [(shape, before)]:
            self._aggregates(each, start, row, out, fault)
        # Taken in the order of the generated lines, even if there is no object.
        fill = next(instances) if shape.has_instance else None
        if fill is not None and there:
            try:
                fill(row, out, fault)
            except Exception as error:  # noqa: BLE001 the model's own code may raise anything
                fault(FaultCode.CHILD_RAISED, shape.node.path, error)
        for child in () if shape.why else shape.joined:
            start = row_instances.start(child, before)
            self._object(child, start, row, out, fault, instances)

    def _aggregates(self, shape: Shape, before: str, row: Row, out: Values, fault: Fault) -> None:
        places = self._layout.places
        if before and row[places[row_instances.key_of(shape.node.model, before)]] is None:
            return
        for aggregate in shape.aggregates:
            at = places.get(path_of(aggregate, before))
            if at is None:
                continue
            try:
                scalar = self._result(at, aggregate, row[at])
            except Exception as error:  # noqa: BLE001 the host's converters may raise anything
                fault(FaultCode.AGGREGATE_FAILED, aggregate.path, error)
            else:
                hidden = aggregate.pseudonymised
                out |= dict.fromkeys(
                    aggregate.names, self._layout.pseudonym(scalar) if hidden else scalar
                )

    def _result(self, at: int, aggregate: Aggregate, raw: object) -> Scalar:
        if at in self._fused:
            scalar: Scalar = self._fused[at](raw)
            return scalar
        convert = self._converters.get(at)
        return result_encoder(aggregate.matched)(convert(raw) if convert else raw)

    def _value(self, at: int, output: Output, raw: object) -> Scalar:
        if at in self._fused:
            scalar: Scalar = self._fused[at](raw)
        else:
            convert = self._converters.get(at)
            scalar = RULES[output.facts.kind].encode(convert(raw) if convert else raw)
        return self._layout.pseudonym(scalar) if output.pseudonymised else scalar
