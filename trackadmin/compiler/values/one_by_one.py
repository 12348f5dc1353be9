"""The slow path of flattening: each attribute is read on its own, so one failure affects no other.

Generated code falls back to it when anything is unusual.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache, partial
from typing import TypeAlias

from django.db.models import Model

from trackadmin.codes import FastPath, FaultCode
from trackadmin.compiler.fast_paths import left
from trackadmin.compiler.host.instances import is_method, is_plain, unwrapped
from trackadmin.compiler.host.language import one_language
from trackadmin.compiler.plan import Node, Output
from trackadmin.compiler.savepoints import Reads
from trackadmin.compiler.types import Fault, Flatten, Pseudonym, Scalar, Values
from trackadmin.compiler.values.aggregate_reader import aggregates_reader
from trackadmin.compiler.values.assigned_values import encoder
from trackadmin.compiler.values.children import child_reader
from trackadmin.compiler.values.encoders import Unencodable

Reader: TypeAlias = Callable[[object, Fault, Reads], Scalar]


def flattener(top: Node, pseudonym: Pseudonym) -> Flatten:
    """A function that gives the values of an object in any state. It never raises."""
    nulls: Values = dict.fromkeys(top.names())
    # Made on first use: most models never need it.
    filler = cache(partial(_filler, top, pseudonym))

    def flatten(obj: object, fault: Fault) -> Values:
        # The generated code calls this while it handles what was raised in it.
        left(FastPath.FLATTEN, top.path, sys.exception())
        values = nulls.copy()
        reads = Reads()
        try:
            with reads:
                obj = unwrapped(obj)
        except Exception as error:  # noqa: BLE001 a lazy object loads itself when it is looked at
            fault(FaultCode.OBJECT_RAISED, top.path, error)
        else:
            filler()(values, obj, fault, reads)
        finally:
            reads.close()
        return values

    return flatten


def flattener_of_many(
    flatteners: Sequence[Flatten],
) -> Callable[[Sequence[object], Fault], Values]:
    """A function that gives the values of several objects, one after the other."""

    def flatten(objects: Sequence[object], fault: Fault) -> Values:
        values: Values = {}
        for flatten_one, obj in zip(flatteners, objects, strict=True):
            values.update(flatten_one(obj, fault))
        return values

    return flatten


def attribute_reader(output: Output, model: type[Model], pseudonym: Pseudonym) -> Reader:
    """A function that reads one attribute by running the host's code. It never raises.

    It takes the object, the function that receives faults, and the reads that it belongs to.
    """
    source, path = output.facts.attname, output.path
    convert = encoder(output.facts)
    called = output.facts.computed and is_method(model, source)
    runs = output.facts.computed or not is_plain(model, source)

    def get(obj: object) -> Scalar:
        with one_language() if runs else nullcontext():
            value = getattr(obj, source)
            return convert(value() if called and callable(value) else value)

    def read(obj: object, fault: Fault, reads: Reads) -> Scalar:
        try:
            if reads.guards:
                with reads:
                    scalar = get(obj)
            else:
                scalar = get(obj)
        except Exception as error:  # noqa: BLE001 the host's code may raise anything
            code = (
                FaultCode.VALUE_UNENCODABLE
                if isinstance(error, Unencodable)
                else FaultCode.ATTRIBUTE_RAISED
            )
            fault(code, path, error)
            return None
        return pseudonym(scalar) if output.pseudonymised else scalar

    return read


def _filler(node: Node, pseudonym: Pseudonym) -> Callable[[Values, object, Fault, Reads], None]:
    reads = node.reads()
    readers = [
        (o.name, attribute_reader(o, node.model, pseudonym)) for o, first in reads if o is first
    ]
    copied = [
        (o.name, first.name, o.pseudonymised and not first.pseudonymised)
        for o, first in reads
        if o is not first
    ]
    children = [(c, child_reader(c), _filler(c, pseudonym)) for c in node.children if c.names()]
    read_aggregates = aggregates_reader(node, pseudonym) if node.aggregates else None

    def fill(values: Values, obj: object, fault: Fault, reads: Reads) -> None:
        for name, read in readers:
            values[name] = read(obj, fault, reads)
        for name, first, hidden in copied:
            values[name] = pseudonym(values[first]) if hidden else values[first]
        if read_aggregates is not None:
            values |= read_aggregates(obj, fault, reads)
        for child, get, fill_child in children:
            try:
                found = get(obj, reads)
            except Exception as error:  # noqa: BLE001 the host's code may raise anything
                fault(FaultCode.CHILD_RAISED, child.path, error)
            else:
                if found is not None:
                    fill_child(values, found, fault, reads)

    return fill
