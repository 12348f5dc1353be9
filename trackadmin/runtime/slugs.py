"""Which maps exist, so that the slugs a visitor makes up cost neither memory nor queries."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from time import monotonic

from trackadmin.conf import conf
from trackadmin.runtime import store
from trackadmin.runtime.place import Place
from trackadmin.runtime.state import at_reset

#: Of how many places the slugs are kept.
MAX_PLACES = 1000

#: For each place its slugs, and until when, by ``time.monotonic``, they are believed.
_known: OrderedDict[Place, tuple[frozenset[str], float]] = OrderedDict()


def is_unknown(slug: str, here: Place) -> bool:
    """Whether it was asked a moment ago which maps exist, and this one does not."""
    known = _believed(here)
    return known is not None and slug not in known


def known_slugs(here: Place) -> frozenset[str] | None:
    """The slugs of all maps, asked for at most once in ``REFRESH_SECONDS``.

    ``None`` if they cannot be read. In a transaction of the host they are read only where strict,
    for the error, and not kept: it may be rolled back.
    """
    try:
        if store.in_transaction():
            return frozenset(store.slugs()) if conf.STRICT else None
        known = _believed(here)
        return _keep(here, frozenset(store.slugs())) if known is None else known
    except Exception:  # noqa: BLE001 the less exact error or report will do
        return None


def forget() -> None:
    """Ask again at the next call."""
    _known.clear()


def _keep(here: Place, known: frozenset[str]) -> frozenset[str]:
    _known[here] = known, monotonic() + conf.REFRESH_SECONDS
    with suppress(KeyError):  # another thread was faster
        _known.move_to_end(here)
        if len(_known) > MAX_PLACES:
            _known.popitem(last=False)
    return known


def _believed(here: Place) -> frozenset[str] | None:
    known, until = _known.get(here, (frozenset(), 0.0))
    return known if monotonic() < until else None


at_reset(forget)
