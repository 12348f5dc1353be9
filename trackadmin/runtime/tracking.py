"""Events that a site's own code sends."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db.models import Model
from django.utils.functional import LazyObject

from trackadmin.codes import EventCode, FaultCode
from trackadmin.compiler import SEPARATOR, Snapshot
from trackadmin.compiler.savepoints import contained
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document.structure import ACTION_PARAMETER, SENDER_PARAMETERS
from trackadmin.exceptions import WrongEvent
from trackadmin.runtime.current import current_map
from trackadmin.runtime.event_texts import text_of
from trackadmin.runtime.faults import report
from trackadmin.runtime.flatten import flatten, prefixes_of
from trackadmin.runtime.parameters import Parameters, exact, judged, pass_through
from trackadmin.runtime.sending import complete, reserve, send
from trackadmin.runtime.values import SERVER, Values


def track(action: str, /, *objects: Any, map: str = DEFAULT_MAP, **parameters: Any) -> None:
    """Send an event: what happened, everything known about the objects, and the parameters.

    ``track("order_placed", order, request.user, channel="app")``. Objects are given as to
    :func:`tracking_values`. A keyword whose value is such an object gives it a prefix of its own;
    every other keyword is a parameter. A parameter that is ``None`` is left out.

    If strict, raises what :func:`tracking_values` raises, and :class:`WrongEvent` with everything
    that is not as the live map asks for; such an event is not sent. Names that are only deprecated
    do not raise. Otherwise nothing is raised: what is wrong is counted, logged once, and stamped on
    the event.

    The event is sent at once. In a transaction that may be rolled back, use
    ``transaction.on_commit(lambda: track(…))``.
    """
    strict = False
    try:
        strict = conf.STRICT
        snapshot = current_map(map)
        values = event_values(snapshot, action, objects, parameters)
        wrong = [each for each in values.wrong if each.code is not EventCode.NAME_DEPRECATED]
        if strict and wrong:
            raise WrongEvent(wrong, [text_of(snapshot, values, each) for each in wrong])
        send(snapshot, values)
    except Exception as error:
        if strict:
            raise
        report(FaultCode.TRACK_FAILED, "track", error)


def event_values(
    snapshot: Snapshot, action: object, objects: tuple[Any, ...], keywords: dict[str, Any]
) -> Values:
    """The values of the event, with what is wrong with them."""
    values = Values(map=snapshot.slug, version=snapshot.number)
    values.trust = SERVER
    with contained():  # a value's own code, or a lazy text, may ask the database
        prefixed = {name: value for name, value in keywords.items() if _is_object(value)}
        parameters = {
            name: value
            for name, value in keywords.items()
            if name not in prefixed and value is not None
        }
        pass_through(_passing(snapshot, action, parameters, values), values)
    found = flatten(snapshot, objects, prefixed, report)
    brought: list[str] = []
    if snapshot.checks is not None:
        # The map does not know the prefixes that only the site's code uses.
        known = snapshot.document.models
        under = dict.fromkeys(prefixes_of(snapshot, objects, prefixed))
        brought = [prefix for prefix in under if prefix in known]
    return complete(snapshot, values, found, brought, from_url=False)


def _passing(
    snapshot: Snapshot, action: object, parameters: dict[str, Any], values: Values
) -> dict[str, Any]:
    """The parameters that are taken, the action first; the others are noted in the values."""
    passing = {ACTION_PARAMETER: exact(action)}
    for name, value in judged(Parameters([*parameters], [*parameters.values()])):
        if name in passing or name in SENDER_PARAMETERS or _is_reserved(snapshot, name):
            reserve(snapshot, name, values)
        else:
            passing[name] = value
    return passing


def _is_reserved(snapshot: Snapshot, name: str) -> bool:
    return SEPARATOR in name or name in snapshot.reserved


def _is_object(value: Any) -> bool:
    """Whether a keyword's value is an object, whose values go out, and not a parameter."""
    if issubclass(type(value), (Model, LazyObject)):
        return True
    with suppress(Exception):  # the value's own code may raise anything
        return getattr(value, "is_anonymous", False) is True
    return False
