"""Signatures of tracking URLs: they bind the references, the action and an expiry to the site.

``sig=<signature>``, or ``sig=<expiry>.<signature>`` with the expiry in seconds since 1970.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.conf import settings as django_settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone

from trackadmin.codes import EventCode
from trackadmin.exceptions import WrongExpiry
from trackadmin.runtime.place import home
from trackadmin.texts import gettext as _

#: From now on, or a point in time.
Expires: TypeAlias = int | float | timedelta | datetime

#: Keeps our signatures apart from those of other code of the site. It never changes.
_SALT = "trackadmin.tracking_url"
#: What a signature looks like. Nothing else is given to the signer, which would look for a
#: separator of its own in it.
_parts = re.compile(r"(?:([1-9][0-9]{0,11})\.)?([A-Za-z0-9_-]{43})").fullmatch
#: As ``json.dumps`` with these separators, in half the time.
_encode = json.JSONEncoder(separators=(",", ":")).encode
#: The last second that fits.
_LAST = 10**12 - 1


def signature_of(
    slug: str, action: object, references: Iterable[tuple[str, str]], expiry: int | None = None
) -> str:
    """The parameter's text for a URL of this map, valid until ``expiry`` (seconds since 1970)."""
    text = "" if expiry is None else str(expiry)
    signature = _signer().signature(_signed_text(slug, action, references, text))
    return f"{text}.{signature}" if text else signature


def fault_of(
    given: Any, slug: str, action: object, references: Iterable[tuple[str, str]]
) -> EventCode | None:
    """What is wrong with a signature that came with this action and these references.

    Valid are those of ``SECRET_KEY`` and of each of ``SECRET_KEY_FALLBACKS``. Never raises.
    """
    parts = _parts(given) if type(given) is str else None
    if parts is None:
        return EventCode.SIGNATURE_INVALID
    expiry, signature = parts.group(1) or "", parts.group(2)
    signer = _signer()
    try:
        text = _signed_text(slug, action, references, expiry)
        signer.unsign(f"{text}{signer.sep}{signature}")
    except BadSignature:
        return EventCode.SIGNATURE_INVALID
    # Only now: who made it up is not told that it would have expired.
    return EventCode.SIGNATURE_EXPIRED if expiry and int(expiry) <= time.time() else None


def expiry_of(expires: object) -> int:
    """The second since 1970 at which it expires. Raises :class:`WrongExpiry` for nonsense."""
    match expires:
        case datetime():
            at = _timestamp(expires)
        case timedelta():
            at = time.time() + expires.total_seconds()
        case int() | float() if not isinstance(expires, bool) and abs(expires) < _LAST:
            at = time.time() + expires
        case _:
            why = _("%(value)s is not an expiry of a tracking URL.", value=repr(expires)[:100])
            raise WrongExpiry(expires, why)
    if not time.time() < at <= _LAST:
        why = _("The expiry %(value)s is not in the future.", value=repr(expires)[:100])
        raise WrongExpiry(expires, why)
    return math.ceil(at)


def _timestamp(moment: datetime) -> float:
    if timezone.is_aware(moment):
        return moment.timestamp()
    if django_settings.USE_TZ:
        why = _("The expiry %(value)s has no time zone.", value=repr(moment)[:100])
        raise WrongExpiry(moment, why)
    return timezone.make_aware(moment).timestamp()


def _signer() -> Signer:
    """One for the keys that the site has now: making it takes a third of the time of a check."""
    global _kept
    keys = (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
    if _kept is None or _kept[0] != keys:
        _kept = keys, Signer(salt=_SALT)
    return _kept[1]


#: The keys, and the signer that was made with them: replaced as a whole, as threads share it.
_kept: tuple[tuple[Any, ...], Signer] | None = None


def _signed_text(
    slug: str, action: object, references: Iterable[tuple[str, str]], expiry: str
) -> str:
    """Everything that is bound, in one spelling. JSON keeps the parts apart whatever they hold.

    The tenant too: several may have a map of this name, and the same key.
    """
    return _encode([slug, home().fingerprint, action, expiry, sorted({*references})])
