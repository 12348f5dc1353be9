"""What goes out of one object now: by the live version of each map, and which entry makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Model

from trackadmin.catalog import catalog
from trackadmin.compiler import CompiledModel, Scalar, Snapshot
from trackadmin.compiler.matching import Matching
from trackadmin.compiler.plan import Node
from trackadmin.compiler.plan_names import Grace
from trackadmin.conf import conf
from trackadmin.document import ModelEntry
from trackadmin.editing.partial_map import snapshot_of
from trackadmin.editing.previewing import (
    as_stored,
    databases_of,
    must_be_signed,
    query_string,
)
from trackadmin.editing.trial_transaction import trial_transaction
from trackadmin.editing.trying import (
    MayView,
    MayViewAll,
    Trial,
    Tried,
    Unshown,
    each_of,
    everything,
)
from trackadmin.editing.versions import live_versions
from trackadmin.exceptions import Problem
from trackadmin.models import MapVersion


@dataclass(frozen=True, slots=True)
class TrackedName:
    """One name that goes out, with its value and where that comes from."""

    name: str
    value: Scalar
    #: Why the value is not shown; ``None`` where it is.
    unshown: Unshown | None
    grace: Grace | None
    #: From object to object: ``Order.buyer.uuid``.
    path: str
    #: The prefix of the tracked model whose entry makes the name.
    prefix: str
    description: str


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """What one map sends of an object."""

    version: MapVersion
    #: The prefix under which the live version tracks it; empty where it does not.
    prefix: str
    names: tuple[TrackedName, ...]
    #: The labels of the models of objects that may not be viewed.
    hidden: tuple[str, ...]
    #: The query string that names the object by its key; empty where the map has no key for it.
    url: str
    problems: tuple[Problem, ...]
    #: Whether the map takes the query string only with a signature.
    signed_only: bool = False


def what_is_tracked(
    obj: Model, *, may_view: MayView = everything, may_view_all: MayViewAll | None = None
) -> list[TrackedObject]:
    """What the live version of each published map sends of the object; writes nothing.

    ``may_view`` and ``may_view_all`` hide related objects as in :func:`preview`. All maps together
    run the site's own code no longer than ``PREVIEW_SECONDS``.
    """
    found = []
    for version in live_versions():
        problems: list[Problem] = []
        found.append((version, snapshot_of(version, version.map.slug, problems), problems))
    with trial_transaction(databases_of(obj), conf.PREVIEW_SECONDS):
        fresh = as_stored(obj)
        trial = Trial(fresh, may_view, may_view_all or each_of(may_view), conf.PREVIEW_SECONDS)
        return [_by(version, snapshot, problems, trial) for version, snapshot, problems in found]


def _by(
    version: MapVersion, snapshot: Snapshot | None, problems: list[Problem], trial: Trial
) -> TrackedObject:
    compiled = snapshot.find(trial.obj) if snapshot else None
    if snapshot is None or compiled is None:
        return TrackedObject(version, "", (), (), "", tuple(problems))
    # Each map says what it hides itself; what was read for another one is not read again.
    trial.hidden = set()
    tried = trial.tried(compiled)
    return TrackedObject(
        version,
        compiled.prefix,
        tuple(_tracked_names(snapshot, compiled, tried)),
        tuple(sorted(trial.hidden)),
        query_string(compiled, trial.obj),
        (*problems, *tried.problems),
        must_be_signed(compiled),
    )


def _tracked_names(
    snapshot: Snapshot, compiled: CompiledModel, tried: Tried
) -> Iterator[TrackedName]:
    matching = Matching(snapshot.document, catalog())
    for node in compiled.node.walk():
        prefix = matching.nearest(node.model)
        entry = snapshot.document.models[prefix]
        for name, grace, path in _made_by(node):
            value, unshown = tried.values[name], tried.unshown.get(name)
            description = _description(entry, path)
            yield TrackedName(name, value, unshown, grace, path, prefix, description)


def _made_by(node: Node) -> Iterator[tuple[str, Grace | None, str]]:
    """The names that an object itself gives, each with its grace period and its path."""
    for output in node.outputs:
        yield output.name, output.grace, output.path
    for aggregate in node.aggregates:
        for name, grace in aggregate.given:
            yield name, grace, aggregate.path


def _description(entry: ModelEntry, path: str) -> str:
    name = path.rpartition(".")[2]
    found = entry.attributes.get(name) or entry.aggregates.get(name)
    return found.description if found else ""
