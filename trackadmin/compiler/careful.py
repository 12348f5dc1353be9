"""The slow way to flatten: each attribute on its own, so that one that fails takes no other along.

Generated code turns to this whenever something is not as usual.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, TypeAlias

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model

from trackadmin.compiler.encoders import ENCODERS, Scalar, Unencodable, encode
from trackadmin.compiler.instances import is_method, unwrapped
from trackadmin.compiler.plan import Node, Output
from trackadmin.compiler.savepoints import Transactions, contained, open_transactions

#: Called with a stable code, the place in the map, and the error, for each value that is lost.
Fault: TypeAlias = Callable[[str, str, BaseException | None], None]
Values: TypeAlias = dict[str, Scalar]
Pseudonym: TypeAlias = Callable[[Scalar], str | None]
Reader: TypeAlias = Callable[[Any, Fault, Transactions], Scalar]


def flattener(top: Node, pseudonym: Pseudonym) -> Callable[[Any, Fault], Values]:
    """A function that gives the values of an object in whatever state it is. It never raises."""
    nulls: Values = dict.fromkeys(top.names())
    # Made when it is first needed: most models never are.
    filler = cache(partial(_filler, top, pseudonym))

    def flatten(obj: Any, fault: Fault) -> Values:
        values = nulls.copy()
        try:
            with contained():
                obj = unwrapped(obj)
        except Exception as error:  # noqa: BLE001 a lazy object loads itself when it is looked at
            fault("object.raised", top.road, error)
        else:
            filler()(values, obj, fault, open_transactions())
        return values

    return flatten


def together(
    flatteners: Sequence[Callable[[Any, Fault], Values]],
) -> Callable[[Sequence[Any], Fault], Values]:
    """A function that gives the values of several objects, one after the other."""

    def flatten(objects: Sequence[Any], fault: Fault) -> Values:
        values: Values = {}
        for flatten_one, obj in zip(flatteners, objects, strict=True):
            values.update(flatten_one(obj, fault))
        return values

    return flatten


def attribute_reader(output: Output, model: type[Model], pseudonym: Pseudonym) -> Reader:
    """A function that reads one attribute by running the host's code. It never raises.

    It takes the object, the fault's receiver, and what :func:`open_transactions` says.
    """
    source, road = output.facts.attname, output.road
    convert = ENCODERS.get(output.facts.kind, encode)
    called = output.facts.computed and is_method(model, source)

    def get(obj: Any) -> Scalar:
        value = getattr(obj, source)
        return convert(value() if called and callable(value) else value)

    def read(obj: Any, fault: Fault, transactions: Transactions) -> Scalar:
        try:
            if transactions:
                with contained(transactions):
                    scalar = get(obj)
            else:
                scalar = get(obj)
        except Exception as error:  # noqa: BLE001 the host's code may raise anything
            code = "value.unencodable" if isinstance(error, Unencodable) else "attribute.raised"
            fault(code, road, error)
            return None
        return pseudonym(scalar) if output.pseudonymised else scalar

    return read


def child_reader(accessor: str) -> Callable[[Any], Any]:
    """A function that gets a related object, loading it if need be; ``None`` if there is none."""

    def child(obj: Any) -> Any:
        with contained():
            try:
                return unwrapped(getattr(obj, accessor))
            except ObjectDoesNotExist:
                return None

    return child


def _filler(node: Node, pseudonym: Pseudonym) -> Callable[[Values, Any, Fault, Transactions], None]:
    readers = [(o.name, attribute_reader(o, node.model, pseudonym)) for o in node.outputs]
    children = [(c, child_reader(c.accessor), _filler(c, pseudonym)) for c in node.children]

    def fill(values: Values, obj: Any, fault: Fault, transactions: Transactions) -> None:
        for name, read in readers:
            values[name] = read(obj, fault, transactions)
        for child, get, fill_child in children:
            try:
                found = get(obj)
            except Exception as error:  # noqa: BLE001 the host's code may raise anything
                fault("child.raised", child.road, error)
            else:
                if found is not None:
                    fill_child(values, found, fault, transactions)

    return fill
