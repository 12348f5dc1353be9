"""Makes the text of a function from a plan: the same text for the same plan every time.

Text of the map enters the source only as the ``repr()`` of a checked name. All else is bound as a
constant under a numbered name.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from django.db.models import Model

from trackadmin.catalog import AttributeFacts, has_own_conversions
from trackadmin.compiler.host.instances import cache_name, exactly, is_plain, null_column
from trackadmin.compiler.plan import Node, Output
from trackadmin.compiler.savepoints import Reads
from trackadmin.compiler.types import Pseudonym
from trackadmin.compiler.values import one_by_one
from trackadmin.compiler.values.aggregate_reader import aggregates_reader
from trackadmin.compiler.values.assigned_values import encoder
from trackadmin.compiler.values.children import child_reader
from trackadmin.compiler.values.rules import IN_LINE_NAMES, source_of_assigned

_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9_.]+", re.ASCII)
_INDENT = "    "
#: The reads of one flatten, made by the first of them: most objects have everything loaded.
_READS = "reads := reads or Reads()"

#: The name of the generated function. Names of the map appear in its file name.
FUNCTION = "flatten"


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a function, and the constants that it names."""

    constants: dict[str, object]
    lines: list[str]

    @property
    def text(self) -> str:
        """The whole text, ending with a newline."""
        return "".join(f"{line}\n" for line in self.lines)


def flatten_source(top: Node, pseudonym: Pseudonym) -> Source:
    """The source of ``flatten(o0, fault)`` for objects of exactly the class ``top.model``."""
    body = _Body([top], pseudonym)
    body.constants["one_by_one"] = one_by_one.flattener(top, pseudonym)
    return Source(body.constants, _function("o0", [], [*body.node(top, 0)], body.reads))


def many_source(tops: Sequence[Node], pseudonym: Pseudonym) -> Source:
    """The source of ``flatten(objects, fault)`` for a tuple of objects of exactly these classes.

    No two of them may give the same name. The caller has checked the classes.
    """
    body = _Body(tops, pseudonym)
    body.constants["one_by_one"] = one_by_one.flattener_of_many(
        [one_by_one.flattener(t, pseudonym) for t in tops]
    )
    names = "".join(f"o{number}, " for number in range(len(tops)))
    lines = [line for number, top in enumerate(tops) for line in body.node(top, number, seen=True)]
    function = _function("objects", [f"{names}= objects"], lines, body.reads)
    return Source(body.constants, function)


def _function(argument: str, before: Sequence[str], lines: Sequence[str], reads: bool) -> list[str]:
    function = [
        f"def {FUNCTION}({argument}, fault):",
        _INDENT + "try:",
        *(_INDENT * 2 + line for line in [*before, "out = nulls.copy()", *lines, "return out"]),
        _INDENT + "except Exception:",
        _INDENT * 2 + f"return one_by_one({argument}, fault)",
    ]
    if not reads:
        return function
    closed = ["finally:", f"{_INDENT}if reads is not None:", f"{_INDENT * 2}reads.close()"]
    return [function[0], f"{_INDENT}reads = None", *function[1:], *(_INDENT + c for c in closed)]


def literal(name: str) -> str:
    """The name as a literal; raises ``ValueError`` if it is not a plain name."""
    if type(name) is not str or not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is not a plain name and cannot be in generated code.")
    return repr(name)


class _Body:
    """The lines that read one object after the other; locals and constants are numbered."""

    def __init__(self, tops: Sequence[Node], pseudonym: Pseudonym) -> None:
        self.constants: dict[str, object] = {
            **IN_LINE_NAMES,
            "exactly": exactly,
            "Reads": Reads,
            "pseudonym": pseudonym,
            "nulls": dict.fromkeys(name for top in tops for name in top.names()),
        }
        self.pseudonym = pseudonym
        self.nodes = count(len(tops))
        self.readers = count()
        self.rules = count()
        #: Whether a query may be sent: code of the host runs, or a related object is loaded.
        self.reads = False

    def node(self, node: Node, number: int, *, seen: bool = False) -> Iterator[str]:
        """``seen`` says that the object's class was checked already."""
        yield f"# {_comment(node.path)}"
        if not seen:
            model = f"model_{number}"
            self.constants[model] = node.model
            yield f"if type(o{number}) is not {model}:"
            yield f"{_INDENT}o{number} = exactly({model}, o{number})"
        if _reads_directly(node):
            yield f"d{number} = o{number}.__dict__"
        children = [child for child in node.children if child.names()]
        if any(cache_name(node.model, child.accessor) for child in children):
            yield f"c{number} = d{number}['_state'].fields_cache"
        # The host's code finds them loaded. Where none runs, each is loaded when it is needed.
        early = children if any(runs_code(node.model, output) for output in node.outputs) else []
        numbers = [next(self.nodes) for _ in early]
        for child, its in zip(early, numbers, strict=True):
            yield self.load(node, number, child, its)
        for output, first in node.reads():
            if output is first:
                yield from self.output(output, node.model, number)
            else:
                yield _copied(output, first)
        if node.aggregates:
            self.reads = True
            self.constants[f"aggregates_{number}"] = aggregates_reader(node, self.pseudonym)
            yield f"out.update(aggregates_{number}(o{number}, fault, {_READS}))"
        for at, child in enumerate(children):
            its = numbers[at] if early else next(self.nodes)
            if not early:
                yield self.load(node, number, child, its)
            yield f"if o{its} is not None:"
            yield from (_INDENT + line for line in self.node(child, its))

    def output(self, output: Output, model: type[Model], number: int) -> Iterator[str]:
        name, attname = literal(output.name), output.facts.attname
        if runs_code(model, output):
            reader = f"read_{next(self.readers)}"
            self.reads = True
            self.constants[reader] = one_by_one.attribute_reader(output, model, self.pseudonym)
            yield f"out[{name}] = {reader}(o{number}, fault, {_READS})"
            return
        rule = f"rule_{next(self.rules)}"
        self.constants[rule] = encoder(output.facts)
        value = _expression(output.facts, rule)
        yield f"v = d{number}[{literal(attname)}]"
        yield f"out[{name}] = {f'pseudonym({value})' if output.pseudonymised else value}"

    def load(self, node: Node, number: int, child: Node, its: int) -> str:
        self.reads = True
        self.constants[f"child_{its}"] = child_reader(child)
        return f"o{its} = {_child(node.model, child.accessor, number, its)}"


def _copied(output: Output, first: Output) -> str:
    """The value that is read already, under another name."""
    value = f"out[{literal(first.name)}]"
    hidden = output.pseudonymised and not first.pseudonymised
    return f"out[{literal(output.name)}] = {f'pseudonym({value})' if hidden else value}"


def _expression(facts: AttributeFacts, rule: str) -> str:
    """The value ``v`` of a field: the usual case in line, any other by the rule."""
    if facts.target is None or has_own_conversions(facts.target):
        return f"{rule}(v)"
    return source_of_assigned(facts, rule)


def _child(model: type[Model], accessor: str, number: int, its: int) -> str:
    """The expression that gets a related object: from the cache, else by a function."""
    load = f"child_{its}(o{number}, {_READS})"
    cached, column = cache_name(model, accessor), null_column(model, accessor)
    if not cached:
        return load
    if column:
        load = f"None if d{number}[{literal(column)}] is None else {load}"
    key = literal(cached)
    return f"c{number}[{key}] if {key} in c{number} else {load}"


def _reads_directly(node: Node) -> bool:
    return any(not runs_code(node.model, output) for output in node.outputs) or any(
        cache_name(node.model, child.accessor) for child in node.children
    )


def runs_code(model: type[Model], output: Output) -> bool:
    """Whether code of the host runs when the value is read."""
    return output.facts.computed or not is_plain(model, output.facts.attname)


def _comment(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} cannot be in generated code.")
    return path
