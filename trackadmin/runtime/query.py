"""From objects to a query string that names them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from django.db.models import Model

from trackadmin.codes import EventCode, FaultCode
from trackadmin.compiler import Fault, Finding, Lookup, Scalar, Snapshot
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document.structure import ACTION_PARAMETER, EVENT_ID, SIGNATURE
from trackadmin.exceptions import NoKey, PrefixConflict, WrongEvent, WrongExpiry
from trackadmin.runtime.current import current_map
from trackadmin.runtime.event_texts import text_of
from trackadmin.runtime.faults import report
from trackadmin.runtime.flatten import model_of, name
from trackadmin.runtime.parameters import clean, scalar
from trackadmin.runtime.sender import event_id_of
from trackadmin.runtime.signatures import Expires, expiry_of, signature_of
from trackadmin.texts import gettext as _


def tracking_query(
    *objects: Any,
    map: str = DEFAULT_MAP,
    signed: bool = False,
    expires: Expires | None = None,
    **params: Any,
) -> str:
    """The query string that names the objects by their keys, after the given parameters.

    ``tracking_query(buyer, action="signup")`` is ``action=signup&BuyerProfile__uuid=6fa4…``. A
    parameter that is ``None`` is left out.

    ``signed=True`` adds a signature of the references and the action; it is also added where the
    map demands it for one of the objects. ``expires`` says until when it is valid: a number of
    seconds, a ``timedelta``, or a ``datetime``.

    If strict, raises what :func:`tracking_values` raises, :class:`NoKey` for an object that is not
    saved or whose model has no key, and :class:`WrongExpiry`. Otherwise these are counted, logged
    and left out; a URL whose expiry is wrong is not signed.
    """
    snapshot = current_map(map)
    given = {clean(n): _parameter_text(scalar(v)) for n, v in params.items() if v is not None}
    references, demanded = _names_in_url(snapshot, objects, report)
    if signed or demanded or expires is not None:
        signature = _signature(snapshot, given, references, expires, signed or demanded)
        references |= {SIGNATURE: signature} if signature else {}
    return urlencode([*given.items(), *references.items()], quote_via=quote, safe="")


def _names_in_url(
    snapshot: Snapshot, objects: tuple[Any, ...], fault: Fault
) -> tuple[dict[str, str], bool]:
    """The references of the objects, and whether one of them must be signed."""
    references: dict[str, str] = {}
    demanded = False
    for obj in objects:
        found = _name_in_url(snapshot, obj, fault)
        if found is None:
            continue
        key, text = found
        demanded = demanded or key.signed_only
        if references.setdefault(key.reference, text) != text:
            if conf.STRICT:
                raise PrefixConflict([key.reference])
            fault(FaultCode.PREFIX_CONFLICT, f"{snapshot.slug}: {key.reference}", None)
    return references, demanded


def _signature(
    snapshot: Snapshot,
    given: dict[str, str],
    references: dict[str, str],
    expires: Expires | None,
    signed: bool,
) -> str:
    """The signature; empty where the URL is not to be signed, or not with this expiry."""
    try:
        expiry = None if expires is None else expiry_of(expires)
        if not signed:
            raise WrongExpiry(expires, _("Only a signed URL can have an expiry."))
    except WrongExpiry as error:
        if conf.STRICT:
            raise
        report(FaultCode.URL_EXPIRY, snapshot.slug, error)
        return ""
    action = given.get(ACTION_PARAMETER)
    return signature_of(snapshot.slug, action, references.items(), expiry)


def check_link(params: dict[str, Any], map: str = DEFAULT_MAP) -> None:
    """Raise :class:`WrongEvent` if a page's URL has an action or parameters that the map refuses
    or marks, or an id of the event that is none.

    Nothing is asked for: a script of the page may add the action, a parameter or an object.
    """
    snapshot = current_map(map)
    given: dict[str, Scalar] = {
        name: _parameter_text(scalar(v)) for name, v in params.items() if v is not None
    }
    wrong = []
    if EVENT_ID in given and not event_id_of(given.pop(EVENT_ID)):
        wrong.append(Finding(EventCode.EVENT_ID_INVALID, EVENT_ID))
    if given.pop(SIGNATURE, None) is not None:
        wrong.append(Finding(EventCode.PARAMETER_RESERVED, SIGNATURE))
    if snapshot.checks is not None and ACTION_PARAMETER in given:
        reserved = [name for name in given if name in snapshot.reserved]
        wrong += [Finding(EventCode.PARAMETER_RESERVED, name) for name in reserved]
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


def _name_in_url(snapshot: Snapshot, obj: Any, fault: Fault) -> tuple[Lookup, str] | None:
    """What names the object in a URL, and its text; ``None`` where nothing does."""
    model = model_of(snapshot, obj, fault)
    if model is None:
        return None
    key = model.key
    text = None if key is None or _is_unsaved(obj) else key.text(obj)
    if key is not None and text is not None:
        return key, text
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
