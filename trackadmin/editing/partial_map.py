"""Compiles a part of a map: what has no errors, or what one object leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from django.db.models import Model

from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler import Snapshot
from trackadmin.compiler.matching import Matching
from trackadmin.document import ActionEntry, Document, ModelEntry, rule_problems
from trackadmin.document.action_rules import ACTIONS
from trackadmin.editing.kept_problems import kept, validated
from trackadmin.editing.versions import live_version, read_version
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.texts import gettext as _


def within_reach(document: Document, model: type[Model]) -> Document:
    """The tracked models that an object of this class leads to, as the document has them.

    Of the others only those are left, without their entries, whose prefix or model one of these
    names as well. Actions are left out.
    """
    matching = Matching(document, catalog())
    models = reached(document, matching.nearest(model), matching)
    return replace(document, models={**models, **_namesakes(document, models)}, actions={})


def reached(
    document: Document, prefix: str, matching: Matching | None = None
) -> dict[str, ModelEntry]:
    """The tracked model with this prefix, its children, their children, and so on."""
    matching = matching or Matching(document, catalog())
    found, ahead = dict[str, ModelEntry](), [prefix]
    while ahead:
        prefix = ahead.pop()
        matched = matching.get(prefix)
        if matched is not None and prefix not in found:
            found[prefix] = document.models[prefix]
            ahead += [child.tracked_as for child in matched.children]
    return found


def _namesakes(document: Document, models: Mapping[str, ModelEntry]) -> dict[str, ModelEntry]:
    """What makes a prefix or a model of these an error."""
    prefixes, labels = set(models), {entry.model for entry in models.values()}
    for entry in models.values():
        prefixes.add(entry.former_prefix)
        prefixes |= {each for c in entry.children.values() for each in (c.prefix, c.former_prefix)}
    return {
        prefix: replace(entry, key="", attributes={}, children={}, aggregates={})
        for prefix, entry in document.models.items()
        if prefix not in models
        and (
            prefix in prefixes
            or entry.model in labels
            or (entry.former_prefix and entry.former_prefix in prefixes)
        )
    }


def compile_what_can(draft: Document, slug: str) -> Snapshot:
    """A snapshot of the draft without the parts that do not compile.

    Its document is the draft itself if everything compiles.
    """
    try:
        return _compiled(draft, slug)
    except DocumentError:
        models = {p: e for p, entry in draft.models.items() if (e := _sound(p, entry))}
    while True:
        try:
            _compiled(Document(models=models))
        except DocumentError as error:
            # Each compiles alone, so two of them conflict: leave one of the two out.
            conflicts = {problem.where.partition(".")[0] for problem in error.problems}
            left = {p: e for p, e in models.items() if p not in conflicts}
            models = left if len(left) < len(models) else {}
        else:
            return _with_actions(draft, models, slug)


def _with_actions(draft: Document, models: Mapping[str, ModelEntry], slug: str) -> Snapshot:
    """A snapshot of these models, and of the draft's actions that compile with them."""
    actions = {name: _bringing(action, models) for name, action in draft.actions.items()}
    while True:
        try:
            return _compiled(replace(draft, models=models, actions=actions), slug)
        except DocumentError as error:
            sound = {name: each for name, each in actions.items() if not _is_among(name, error)}
            if len(sound) == len(actions):  # it is wrong elsewhere, such as in a setting of the map
                return _compiled(Document(models=models), slug)
            actions = sound


def _bringing(action: ActionEntry, models: Mapping[str, ModelEntry]) -> ActionEntry:
    """The action without the models that are left out."""
    return replace(action, brings={p: need for p, need in action.brings.items() if p in models})


def _is_among(name: str, error: DocumentError) -> bool:
    return any(problem.where.split(".")[:2] == [ACTIONS, name] for problem in error.problems)


def live_snapshot(
    tracking_map: TrackingMap,
    problems: list[Problem],
    part: Callable[[Document], Document] = lambda whole: whole,
) -> Snapshot | None:
    """The live version, or a part of it, compiled; ``None`` without one.

    A version that cannot be read is a problem, which is added to those given.
    """
    live = live_version(tracking_map)
    return snapshot_of(live, tracking_map.slug, problems, part) if live else None


def snapshot_of(
    version: MapVersion,
    slug: str,
    problems: list[Problem],
    part: Callable[[Document], Document] = lambda whole: whole,
) -> Snapshot | None:
    """The live version of this map, as in :func:`live_snapshot`."""
    try:
        document = part(read_version(version))
        return compiler.compile_map(
            document,
            catalog(),
            slug=slug,
            number=version.number,
            names_are_checked=True,
            found=kept("rules", document, lambda: rule_problems(document)),
        )
    except DocumentError as error:
        what = _(
            "The live version %(number)s cannot be read: %(error)s",
            number=str(version.number),
            error=error.what,
        )
        remedy = _("Publish the draft, or roll back to another version.")
        problems.append(Problem(ProblemCode.LIVE_BROKEN, "warning", str(version), what, remedy))
        return None


def _sound(prefix: str, entry: ModelEntry) -> ModelEntry | None:
    """The entry without its parts that cannot be compiled; ``None`` where nothing is left."""
    if _compiles(prefix, entry):
        return entry
    bare = ModelEntry(entry.model, position=entry.position)
    if not _compiles(prefix, bare):
        return None
    sound = replace(
        bare,
        attributes={
            name: attribute
            for name, attribute in entry.attributes.items()
            if _compiles(prefix, replace(bare, attributes={name: attribute}))
        },
        children={
            accessor: child
            for accessor, child in entry.children.items()
            if _compiles(prefix, replace(bare, children={accessor: child}))
        },
    )
    aggregates = {
        name: aggregate
        for name, aggregate in entry.aggregates.items()
        if _compiles(prefix, replace(sound, aggregates={name: aggregate}))
    }
    sound = replace(sound, aggregates=aggregates)
    keyed = replace(sound, key=entry.key)
    return keyed if _compiles(prefix, keyed) else sound


def _compiles(prefix: str, entry: ModelEntry) -> bool:
    try:
        _compiled(Document(models={prefix: entry}))
    except DocumentError:
        return False
    return True


def _compiled(document: Document, slug: str = "") -> Snapshot:
    return compiler.compile_map(document, catalog(), slug=slug, found=validated(document))
