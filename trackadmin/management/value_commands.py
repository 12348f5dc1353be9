"""Subcommands that ask the live map for values: flatten, resolve, explain."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import CommandError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin.catalog import catalog, in_words
from trackadmin.codes import Outcome
from trackadmin.compiler import CompiledModel, Lookup, Snapshot
from trackadmin.conf import conf
from trackadmin.document import TRACKED, in_order
from trackadmin.exceptions import NotPublished, NotTracked
from trackadmin.management.subcommand import Options, Output, Subcommand, counted
from trackadmin.management.watched_queries import watched
from trackadmin.runtime import (
    Reference,
    current_map,
    fault_counts,
    slow_path_counts,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.event_texts import refused_words, text_of
from trackadmin.runtime.outcome_reasons import why
from trackadmin.runtime.values import SIGNED


def _live(slug: str) -> Snapshot:
    """The live map. Unlike on a page, it is an error if there is none, strict or not."""
    snapshot = current_map(slug)
    if not snapshot.digest:
        raise NotPublished(slug)
    return snapshot


def _tracked_model(label: str, slug: str) -> type[Model]:
    """The class of a label or class name, if the live map tracks it."""
    snapshot = _live(slug)
    facts = catalog().get(catalog().find(label))
    if facts is None or snapshot.find(facts.model) is None:
        raise NotTracked(label, slug)
    return facts.model


def _flatten_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "label", help=_("the model: shop.Order, or Order if only one model has that name")
    )
    parser.add_argument("pk", help=_("the primary key of the object"))


def _flatten(options: Options, out: Output) -> None:
    model, pk = _tracked_model(options["label"], options["map"]), options["pk"]
    try:
        obj = model._default_manager.get(pk=pk)
    except (ObjectDoesNotExist, ValidationError, ValueError, OverflowError) as error:
        words = _("There is no %(model)s with the key '%(key)s'.")
        raise CommandError(words % {"model": model._meta.label, "key": pk}) from error
    except Exception as error:
        words = _(
            "The manager of %(model)s raises %(type)s: %(error)s. If it needs a context, such as a "
            "tenant, let the setting CONTEXT provide it."
        )
        given = {"model": model._meta.label, "type": type(error).__name__, "error": error}
        raise CommandError(words % given) from error
    with faults_told(out):
        out.json(tracking_values(obj, map=options["map"]))


def _query_argument(parser: ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERYSTRING", help="action=x&BuyerProfile__uuid=6fa4...")


def _resolve(options: Options, out: Output) -> None:
    snapshot = _live(options["map"])
    values = values_from_query(options["query"], map=options["map"])
    out.json(values)
    for reference in values.references:
        if reason := _why(snapshot, reference):
            line = f"{reference.name}={reference.value}: {reference.outcome}"
            out.say(_("%(reference)s. %(reason)s") % {"reference": line, "reason": reason})
    for finding in values.wrong:
        said = text_of(snapshot, values, finding)
        out.say(_("%(code)s. %(reason)s") % {"code": finding.code, "reason": said})
    if values.trust == SIGNED:
        out.say(_("The signature is valid."))
    if values.refused:
        out.say(str(refused_words()))


def _explain(options: Options, out: Output) -> None:
    snapshot = _live(options["map"])
    before = Counter(slow_path_counts())
    values_from_query(options["query"], map=options["map"])
    # Not while the queries are watched: that itself takes a slow path.
    slow = Counter(slow_path_counts()) - before
    with watched() as queries:
        values = values_from_query(options["query"], map=options["map"])
    head = {"map": snapshot.slug, "number": snapshot.number, "digest": snapshot.digest[:12]}
    out.data(_("%(map)s, version %(number)s, digest %(digest)s") % head)
    for reference in values.references:
        out.data(f"\n{reference.name}={reference.value}")
        out.data(_("  outcome: %(outcome)s") % {"outcome": reference.outcome})
        if reason := _why(snapshot, reference):
            out.data(_("  reason: %(reason)s") % {"reason": reason})
        lookup = snapshot.lookup(reference.name)
        if lookup is None:
            _explain_allowed(snapshot, out)
        else:
            _explain_lookup(lookup, snapshot, out)
    for finding in values.wrong:
        said = text_of(snapshot, values, finding)
        out.data(f"\n{finding.name}")
        out.data(_("  outcome: %(outcome)s") % {"outcome": finding.code})
        out.data(_("  reason: %(reason)s") % {"reason": said})
    if values.refused:
        out.data(f"\n{refused_words()}")
    out.data("\n" + _("queries for all references: %(count)s") % counted(len(queries)))
    for query in queries:
        out.data(_("  on %(database)s: %(sql)s") % {"database": query.alias, "sql": query.sql})
    out.data(_("fast paths left:") if slow else _("fast paths left: none"))
    for (path, where), times in sorted(slow.items()):
        words = _("  %(path)s (%(place)s): %(count)s")
        out.data(words % {"path": path, "place": where, **counted(times)})


def _why(snapshot: Snapshot, reference: Reference) -> str:
    """Why the reference was not found. One that failed is looked up once more, for the error."""
    lookup, error = snapshot.lookup(reference.name), None
    if reference.outcome is Outcome.FAILED and lookup is not None:
        error = lookup.fetch(reference.value).error
    return str(why(snapshot, reference, error))


def _explain_allowed(snapshot: Snapshot, out: Output) -> None:
    models = snapshot.by_prefix.values()
    allowed = [lookup.reference for model in models for lookup in model.lookups.values()]
    if allowed:
        out.data(_("  the map allows: %(references)s") % {"references": ", ".join(allowed)})
    else:
        out.data(_("  the map allows no references"))


def _explain_lookup(lookup: Lookup, snapshot: Snapshot, out: Output) -> None:
    compiled = snapshot.by_prefix[lookup.prefix]
    names = len(compiled.names)
    words = ngettext(
        "  model: %(model)s, gives %(count)s name",
        "  model: %(model)s, gives %(count)s names",
        names,
    )
    out.data(words % {"model": compiled.model._meta.label, **counted(names)})
    out.data(_lookup_line(lookup))
    out.data(_cost_line(lookup))
    if lookup.signed_only:
        out.data(_("  only by signed URLs"))
    if compiled.related:
        out.data(_("  related objects: %(objects)s") % {"objects": ", ".join(compiled.related)})
    else:
        out.data(_("  related objects: none"))
    entry = snapshot.document.models[lookup.prefix]
    for name, aggregate in in_order(entry.aggregates):
        if aggregate.decision == TRACKED:
            words = _("  count or sum: %(name)s. %(meaning)s")
            meaning = in_words(aggregate, catalog().get(entry.model))
            out.data(words % {"name": f"{lookup.prefix}_{name}", "meaning": meaning})
    if not snapshot.resolver.is_constant(lookup):
        out.data(_("  manager: asked each time, because its query may differ"))
    reason = snapshot.resolver.obstacle(lookup)
    if reason:
        out.data(_("  plan: loads the object. %(reason)s") % {"reason": reason})
    else:
        out.data(_("  plan: in one statement with the others of its database"))
    for each in snapshot.resolver.reasons(lookup):
        out.data(f"  {each}")
    _explain_old_names(compiled, out)
    for cost in compiled.costs:
        out.data(_("  queries of a flatten: %(cost)s") % {"cost": cost})
    if not compiled.costs:
        out.data(_("  queries of a flatten: none"))


def _explain_old_names(compiled: CompiledModel, out: Output) -> None:
    for name, grace in compiled.old_names.items():
        words = _("  deprecated: %(name)s. It stays until %(date)s.")
        if grace.successor:
            words = _("  deprecated: %(name)s. Use %(successor)s; it stays until %(date)s.")
        given = {"name": name, "date": grace.until, "successor": grace.successor}
        out.data(words % given)


def _lookup_line(lookup: Lookup) -> str:
    given = {"name": lookup.source, "type": lookup.facts.type_label}
    if lookup.facts.unique:
        return _("  lookup: %(name)s (%(type)s, unique)") % given
    return _("  lookup: %(name)s (%(type)s, not proven unique)") % given


def _cost_line(lookup: Lookup) -> str:
    if lookup.facts.indexed:
        words = _("  counts for %(cost)s of the %(most)s tables of MAX_TABLES")
    else:
        words = _(
            "  counts for %(cost)s of the %(most)s tables of MAX_TABLES, because its column has no "
            "index"
        )
    return words % {"cost": lookup.cost, "most": conf.MAX_TABLES}


@contextmanager
def faults_told(out: Output) -> Iterator[None]:
    """Say at the end which faults were counted meanwhile; the log has each place once."""
    before = fault_counts()
    yield
    for code, count in sorted(fault_counts().items()):
        more = count - before.get(code, 0)
        if more > 0:
            words = ngettext(
                "warning: %(code)s, %(count)s time", "warning: %(code)s, %(count)s times", more
            )
            out.say(words % {"code": code, **counted(more)})


SUBCOMMANDS = (
    Subcommand(
        "flatten",
        gettext_lazy("Write an object's values as JSON."),
        _flatten_arguments,
        _flatten,
    ),
    Subcommand(
        "resolve",
        gettext_lazy("Write the values of a query string as JSON."),
        _query_argument,
        _resolve,
    ),
    Subcommand(
        "explain", gettext_lazy("Explain how each reference is found."), _query_argument, _explain
    ),
)
