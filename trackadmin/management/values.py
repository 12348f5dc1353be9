"""Subcommands that ask the live map for values: flatten, resolve, explain."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.management.base import CommandError
from django.db.models import Model

from trackadmin.catalog import catalog
from trackadmin.compiler import Lookup, Snapshot
from trackadmin.conf import conf
from trackadmin.exceptions import NotPublished, NotTracked
from trackadmin.management.outcomes import why
from trackadmin.management.subcommand import Options, Output, Subcommand
from trackadmin.management.watching import watched
from trackadmin.runtime import (
    current_map,
    fault_counts,
    slow_path_counts,
    tracking_values,
    values_from_query,
)

#: Why a parameter of this outcome is not among the values.
RESERVED = "it is, or looks like, a name of the map, so no parameter may give it a value"


def _live(slug: str) -> Snapshot:
    """The live map; unlike for a page, none is an error here even where nothing is strict."""
    snapshot = current_map(slug)
    if not snapshot.digest:
        raise NotPublished(slug)
    return snapshot


def _model(label: str, slug: str) -> type[Model]:
    """The class of a label or class name, if the live map tracks it."""
    snapshot = _live(slug)
    facts = catalog().get(catalog().find(label))
    if facts is None or snapshot.find(facts.model) is None:
        raise NotTracked(f"The model {label!r}", slug)
    return facts.model


def _flatten_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("label", help="the model: shop.Order, or Order where that is clear")
    parser.add_argument("pk", help="the primary key of the object")


def _flatten(options: Options, out: Output) -> None:
    model, pk = _model(options["label"], options["map"]), options["pk"]
    try:
        obj = model._default_manager.get(pk=pk)
    except (ObjectDoesNotExist, ValidationError, ValueError, OverflowError) as error:
        raise CommandError(f"There is no {model._meta.label} with the key {pk!r}.") from error
    except Exception as error:
        raise CommandError(
            f"The manager of {model._meta.label} raises {type(error).__name__}: {error}. If it "
            "needs a context, such as a tenant, let the setting CONTEXT give it one."
        ) from error
    with faults_told(out):
        out.json(tracking_values(obj, map=options["map"]))


def _query_argument(parser: ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERYSTRING", help="action=x&BuyerProfile__uuid=6fa4...")


def _resolve(options: Options, out: Output) -> None:
    snapshot = _live(options["map"])
    values = values_from_query(options["query"], map=options["map"])
    out.json(values)
    for reference in values.references:
        if reason := why(snapshot, reference):
            out.say(f"{reference.name}={reference.value}: {reference.outcome} ({reason})")
    for name in values.reserved:
        out.say(f"{name}: reserved ({RESERVED})")


def _explain(options: Options, out: Output) -> None:
    snapshot = _live(options["map"])
    before = Counter(slow_path_counts())
    values_from_query(options["query"], map=options["map"])
    # Not while the queries are watched: that itself takes a slow path.
    slow = Counter(slow_path_counts()) - before
    with watched() as queries:
        values = values_from_query(options["query"], map=options["map"])
    out.data(f"{snapshot.slug}, version {snapshot.number}, digest {snapshot.digest[:12]}")
    for reference in values.references:
        out.data(f"\n{reference.name}={reference.value}\n  outcome: {reference.outcome}")
        if reason := why(snapshot, reference):
            out.data(f"  reason: {reason}")
        lookup = snapshot.lookup(reference.name)
        if lookup is None:
            out.data(f"  the map allows: {', '.join(_allowed(snapshot)) or 'none'}")
        else:
            _explain_lookup(lookup, snapshot, out)
    for name in values.reserved:
        out.data(f"\n{name}\n  outcome: reserved\n  reason: {RESERVED}")
    out.data(f"\nqueries of all together: {len(queries)}")
    for query in queries:
        out.data(f"  on {query.alias}: {query.sql}")
    out.data(f"fast paths left: {'' if slow else 'none'}")
    for (path, where), times in sorted(slow.items()):
        out.data(f"  {path} ({where}): {times}")


def _allowed(snapshot: Snapshot) -> list[str]:
    models = snapshot.by_prefix.values()
    return [lookup.reference for model in models for lookup in model.lookups.values()]


def _explain_lookup(lookup: Lookup, snapshot: Snapshot, out: Output) -> None:
    compiled = snapshot.by_prefix[lookup.prefix]
    unique = "unique" if lookup.facts.unique else "not proven unique"
    out.data(f"  model: {compiled.model._meta.label}, gives {len(compiled.names)} names")
    out.data(f"  lookup: {lookup.source} ({lookup.facts.type_label}, {unique})")
    scan = "" if lookup.facts.indexed else ", since a column without an index is searched"
    out.data(f"  counts for {lookup.cost} of the {conf.MAX_TABLES} tables of MAX_TABLES{scan}")
    out.data(f"  comes along: {', '.join(compiled.related) or 'nothing'}")
    reason = snapshot.resolver.obstacle(lookup)
    together = "in one statement with the others of its database"
    if not snapshot.resolver.is_constant(lookup.model):
        out.data("  manager: asked each time, as its query may differ")
    out.data(f"  plan: {f'loads the object. {reason}' if reason else together}")
    for each in snapshot.resolver.reasons(lookup):
        out.data(f"  {each}")
    for cost in compiled.costs or ["none"]:
        out.data(f"  queries of a flatten: {cost}")


@contextmanager
def faults_told(out: Output) -> Iterator[None]:
    """Tell at the end what was lost meanwhile; the log has each place once."""
    before = fault_counts()
    yield
    for code, count in sorted(fault_counts().items()):
        if count > before.get(code, 0):
            out.say(f"warning: {code}, {count - before.get(code, 0)} times")


SUBCOMMANDS = (
    Subcommand("flatten", "Write an object's values as JSON.", _flatten_arguments, _flatten),
    Subcommand("resolve", "Write the values of a query string as JSON.", _query_argument, _resolve),
    Subcommand("explain", "Say how each reference is looked up.", _query_argument, _explain),
)
