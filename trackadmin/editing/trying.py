"""Reads one object for a preview: each thing once, for a limited time, and only if permitted.

The flattener cannot do this: it is one function that reads everything, for one version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from time import monotonic
from typing import Any, TypeAlias

from django.db.models import Model, QuerySet

from trackadmin.codes import FaultCode, ProblemCode
from trackadmin.compiler import CompiledModel, Scalar
from trackadmin.compiler.host.instances import cache_name, is_plain
from trackadmin.compiler.plan import Aggregate, Node, Output
from trackadmin.compiler.savepoints import Reads, contained
from trackadmin.compiler.values.aggregate_reader import aggregates_reader
from trackadmin.compiler.values.children import child_reader
from trackadmin.compiler.values.one_by_one import attribute_reader
from trackadmin.editing.query_counter import QueryCounter
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _

#: Whether somebody may see this related object; without an object (``None``), whether they may see
#: objects of its model at all.
MayView: TypeAlias = Callable[[type[Model], Model | None], bool]

#: Whether somebody may see each of these related objects, of which a number is computed.
MayViewAll: TypeAlias = Callable[[QuerySet[Any]], bool]

#: Of how many related objects each is asked about, if nobody can tell about all of them at once.
MOST_ASKED = 100


class Unshown(Enum):
    """Why a preview shows no value under a name."""

    HIDDEN = "hidden"
    LATE = "late"


def everything(model: type[Model], obj: Model | None) -> bool:
    """For somebody who may see everything."""
    return True


def each_of(may_view: MayView) -> MayViewAll:
    """Asks about one related object after the other; more than ``MOST_ASKED`` are not seen."""

    def may_view_all(rows: QuerySet[Any]) -> bool:
        if may_view is everything:
            return True
        found = list(rows[: MOST_ASKED + 1]) if may_view(rows.model, None) else None
        return (
            found is not None
            and len(found) <= MOST_ASKED
            and all(may_view(rows.model, each) for each in found)
        )

    return may_view_all


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts and sums of one object, and what they took."""

    #: ``Order.buyer``: from object to object, for people.
    path: str
    model: type[Model]
    aggregates: tuple[Aggregate, ...]
    queries: int
    #: How long the database took. What is prepared once for a version is not in it.
    seconds: float


@dataclass(slots=True)
class Tried:
    """The values of the object by one version."""

    values: dict[str, Scalar] = field(default_factory=dict)
    counted: list[Counted] = field(default_factory=list)
    unshown: dict[str, Unshown] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    queries: int = 0
    #: How many of them each value took that the site's code computes; none where it took none.
    costly: dict[str, int] = field(default_factory=dict)


class Trial:
    """One object, tried with several versions; what was read for one is not read again."""

    def __init__(
        self, obj: Model, may_view: MayView, may_view_all: MayViewAll, seconds: float
    ) -> None:
        self.obj, self.may_view, self.may_view_all = obj, may_view, may_view_all
        self.seconds, self.deadline = seconds, monotonic() + seconds
        #: The labels of the models with hidden objects.
        self.hidden: set[str] = set()
        self._values: dict[tuple[int, str], Scalar] = {}
        self._related: dict[tuple[int, str], Any] = {}
        self._seen: dict[int, bool] = {}
        self._seen_models: dict[type[Model], bool] = {}
        #: Whether all objects of a relation may be seen.
        self._seen_all: dict[tuple[int, str], bool] = {}
        #: Objects whose ids are keys above, so that no other object takes over their ids.
        self._kept: list[Any] = []
        self._count = QueryCounter()
        #: Those of the version that is being tried.
        self._reads: Reads

    def tried(self, compiled: CompiledModel | None) -> Tried:
        """The object's values by the version of this compiled model; empty for ``None``."""
        out = Tried()
        if compiled is None:
            return out
        self._reads = Reads()
        try:
            with self._count.running():
                self._node(compiled, compiled.node, self.obj, out)
        finally:
            self._reads.close()
        out.queries = self._count.taken()
        return out

    def _node(self, compiled: CompiledModel, node: Node, obj: Any, out: Tried) -> None:
        for output in node.outputs:
            out.values[output.name] = self._output(compiled, node, output, obj, out)
        self._count_related(compiled, node, obj, out)
        for child in (each for each in node.children if each.names()):
            self._try_child(compiled, node, child, obj, out)

    def _try_child(
        self, compiled: CompiledModel, node: Node, child: Node, obj: Any, out: Tried
    ) -> None:
        related = self._load(node, child, obj, out)
        if related is Unshown.LATE:
            self._nothing(child, out, Unshown.LATE)
        elif related is None:
            self._missing(child, out)
        elif id(related) not in self._seen and self._late():
            # Whether somebody may see it is decided by code of the site, too.
            self._tell_late(child.path, out)
            self._nothing(child, out, Unshown.LATE)
        elif self._may_view(child.model, related):
            self._node(compiled, child, related, out)
        else:
            # Its own children are hidden too: a customer's country is about the customer.
            self.hidden.add(child.model._meta.label)
            self._nothing(child, out, Unshown.HIDDEN)

    def _missing(self, child: Node, out: Tried) -> None:
        for node in child.walk():
            if self._may_view_any(node.model):
                out.values.update((name, None) for name in node.own_names())
            else:
                self.hidden.add(node.model._meta.label)
                self._hide(node.own_names(), out, Unshown.HIDDEN)

    def _nothing(self, top: Node, out: Tried, why: Unshown) -> None:
        for node in top.walk():
            self._hide(node.own_names(), out, why)

    def _hide(self, names: Iterable[str], out: Tried, why: Unshown) -> None:
        for name in names:
            out.values[name] = None
            out.unshown[name] = why

    def _count_related(self, compiled: CompiledModel, node: Node, obj: Any, out: Tried) -> None:
        """The counts and sums of objects that may all be seen; a number tells about each."""
        part = replace(node, aggregates=tuple(self._countable(node, obj, out)))
        if not part.aggregates:
            return
        read = aggregates_reader(part, compiled.pseudonym)
        number, seconds = self._count.number, self._count.seconds
        out.values |= read(obj, _faults(out), self._reads)
        queries, seconds = self._count.number - number, self._count.seconds - seconds
        out.counted.append(Counted(node.path, node.model, part.aggregates, queries, seconds))

    def _countable(self, node: Node, obj: Any, out: Tried) -> Iterator[Aggregate]:
        """The counts and sums that may be shown; the names of the others are told why not."""
        for aggregate in node.aggregates:
            if self._late():
                self._tell_late(aggregate.path, out)
                self._hide(aggregate.names, out, Unshown.LATE)
                continue
            try:
                visible = self._may_view_all(obj, aggregate)
            except Exception as error:  # noqa: BLE001 the host's manager may raise anything
                _faults(out)(FaultCode.AGGREGATE_FAILED, aggregate.path, error)
                out.values.update((name, None) for name in aggregate.names)
                continue
            if visible:
                yield aggregate
            else:
                self.hidden.add(aggregate.matched.collection.model._meta.label)
                self._hide(aggregate.names, out, Unshown.HIDDEN)

    def _output(
        self, compiled: CompiledModel, node: Node, output: Output, obj: Any, out: Tried
    ) -> Scalar:
        key = (id(obj), output.facts.attname)
        if key not in self._values:
            runs_code = output.facts.computed or not is_plain(node.model, output.facts.attname)
            if runs_code and self._late():
                out.unshown[output.name] = Unshown.LATE
                self._tell_late(output.path, out)
                return None
            read = attribute_reader(replace(output, pseudonymised=False), node.model, _as_it_is)
            self._kept.append(obj)
            number = self._count.number
            self._values[key] = read(obj, _faults(out), self._reads)
            if runs_code and self._count.number > number:
                out.costly[output.name] = self._count.number - number
        value = self._values[key]
        return compiled.pseudonym(value) if output.pseudonymised else value

    def _load(self, node: Node, child: Node, obj: Any, out: Tried) -> Any:
        """The related object; ``None`` for none or one that fails; LATE after the deadline."""
        key = (id(obj), child.accessor)
        if key not in self._related:
            if self._late() and not _loaded(node.model, child.accessor, obj):
                self._tell_late(child.path, out)
                return Unshown.LATE
            self._kept.append(obj)
            try:
                self._related[key] = child_reader(child)(obj, self._reads)
            except Exception as error:  # noqa: BLE001 the host's code may raise anything
                _faults(out)(FaultCode.CHILD_RAISED, child.path, error)
                self._related[key] = None
        return self._related[key]

    def _may_view(self, model: type[Model], related: Model) -> bool:
        key = id(related)
        if key not in self._seen:
            self._kept.append(related)
            with self._count.paused(), contained():
                self._seen[key] = self.may_view(model, related)
        return self._seen[key]

    def _may_view_any(self, model: type[Model]) -> bool:
        if model not in self._seen_models:
            with self._count.paused(), contained():
                self._seen_models[model] = self.may_view(model, None)
        return self._seen_models[model]

    def _may_view_all(self, obj: Any, aggregate: Aggregate) -> bool:
        """Whether all the related objects may be seen; raises what the site's manager raises."""
        collection = aggregate.matched.collection
        if not obj._is_pk_set():  # it has no related objects yet
            return self._may_view_any(collection.model)
        key = (id(obj), collection.accessor)
        if key not in self._seen_all:
            self._kept.append(obj)
            with self._count.paused(), contained():
                rows = getattr(obj, collection.accessor).all()
                self._seen_all[key] = self.may_view_all(rows)
        return self._seen_all[key]

    def _tell_late(self, where: str, out: Tried) -> None:
        """Once: a large map has hundreds of names, and the row of each shows it."""
        if all(problem.code != ProblemCode.PREVIEW_TIME_LIMIT for problem in out.problems):
            out.problems.append(_late(where, self.seconds))

    def _late(self) -> bool:
        return monotonic() > self.deadline


def _loaded(model: type[Model], accessor: str, obj: Any) -> bool:
    cached = cache_name(model, accessor)
    return bool(cached) and cached in getattr(obj._state, "fields_cache", ())


def _as_it_is(value: Scalar) -> str | None:
    raise AssertionError("values are kept as they are: only some versions hide them")


def _faults(out: Tried) -> Callable[[str, str, BaseException | None], None]:
    def fault(code: str, where: str, error: BaseException | None) -> None:
        # Only the error's type: its text may have values that the reader may not see.
        what = (
            _("The value is lost: %(error)s.", error=type(error).__name__)
            if error
            else _("The value is lost.")
        )
        remedy = _("Ask a developer. Until then, the value is sent as null.")
        out.problems.append(Problem(code, "warning", where, what, remedy))

    return fault


def _late(where: str, seconds: float) -> Problem:
    what = _(
        "The values from here on were not computed: the preview runs the site's code for at most "
        "%(seconds)s s.",
        seconds=f"{seconds:g}",
    )
    remedy = _("Ask a developer whether the code is too slow to run for each event.")
    return Problem(ProblemCode.PREVIEW_TIME_LIMIT, "warning", where, what, remedy)
