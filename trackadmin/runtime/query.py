"""From objects to a query string that names them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from django.db.models import Model

from trackadmin.codes import EventCode, FaultCode
from trackadmin.compiler import Fault, Finding, Scalar, Snapshot
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.exceptions import NoKey, PrefixConflict, WrongEvent
from trackadmin.runtime.current import current_map
from trackadmin.runtime.event_texts import text_of
from trackadmin.runtime.faults import report
from trackadmin.runtime.flatten import model_of, name
from trackadmin.runtime.parameters import clean, scalar


def tracking_query(*objects: Any, map: str = DEFAULT_MAP, **params: Any) -> str:
    """The query string that names the objects by their keys, after the given parameters.

    ``tracking_query(buyer, action="signup")`` is ``action=signup&BuyerProfile__uuid=6fa4…``. A
    parameter that is ``None`` is left out.

    If strict, raises what :func:`tracking_values` raises, and :class:`NoKey` for an object that is
    not saved or whose model has no key. Otherwise these are counted, logged and left out.
    """
    return query_string(current_map(map), objects, params, report)


def query_string(
    snapshot: Snapshot, objects: tuple[Any, ...], params: dict[str, Any], fault: Fault
) -> str:
    """The query string of the objects by this snapshot. ``fault`` reports what is left out."""
    given = [(name, value) for name, value in params.items() if value is not None]
    pairs = [(clean(name), _parameter_text(scalar(value))) for name, value in given]
    references: dict[str, str] = {}
    for obj in objects:
        pair = _reference(snapshot, obj, fault)
        if pair is None:
            continue
        if references.setdefault(*pair) != pair[1]:
            if conf.STRICT:
                raise PrefixConflict([pair[0]])
            fault(FaultCode.PREFIX_CONFLICT, f"{snapshot.slug}: {pair[0]}", None)
    return urlencode([*pairs, *references.items()], quote_via=quote, safe="")


def check_link(params: dict[str, Any], map: str = DEFAULT_MAP) -> None:
    """Raise :class:`WrongEvent` if a page's URL has an action or parameters that the map refuses
    or marks.

    Nothing is asked for: a script of the page may add the action, a parameter or an object.
    """
    snapshot = current_map(map)
    given: dict[str, Scalar] = {
        name: _parameter_text(scalar(v)) for name, v in params.items() if v is not None
    }
    if snapshot.checks is None or ACTION_PARAMETER not in given:
        return
    reserved = [name for name in given if name in snapshot.reserved]
    wrong = [Finding(EventCode.PARAMETER_RESERVED, name) for name in reserved]
    parameters = {name: text for name, text in given.items() if name not in reserved}
    found = snapshot.checks.check(parameters, (), {}, from_url=True)
    wrong += [finding for finding in found if finding.code in _OF_A_LINK]
    if wrong:
        raise WrongEvent(wrong, [text_of(snapshot, given, finding) for finding in wrong])


#: What is wrong with a URL whatever a script adds to it.
_OF_A_LINK = frozenset(
    {
        EventCode.ACTION_UNKNOWN,
        EventCode.ACTION_NOT_LIVE,
        EventCode.PARAMETER_WRONG_KIND,
        EventCode.PARAMETER_UNDECLARED,
    }
)


def _reference(snapshot: Snapshot, obj: Any, fault: Fault) -> tuple[str, str] | None:
    model = model_of(snapshot, obj, fault)
    if model is None:
        return None
    key = model.key
    text = None if key is None or _is_unsaved(obj) else key.text(obj)
    if key is not None and text is not None:
        return key.reference, text
    if conf.STRICT:
        raise NoKey(name(obj), snapshot.slug)
    fault(FaultCode.OBJECT_NO_KEY, f"{snapshot.slug}: {name(obj)}", None)
    return None


def _is_unsaved(obj: Model) -> bool:
    return obj._state.adding


def _parameter_text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
