"""Which maps exist, so that slugs that a visitor makes up need no memory and no queries."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from time import monotonic

from trackadmin.conf import conf
from trackadmin.runtime import store
from trackadmin.runtime.place import Place
from trackadmin.runtime.state import at_reset

#: The number of places whose slugs are kept.
MAX_PLACES = 1000

#: For each place its slugs, and until when they are valid, by ``time.monotonic``.
_known: OrderedDict[Place, tuple[frozenset[str], float]] = OrderedDict()


def is_unknown(slug: str, here: Place) -> bool:
    """Whether the slugs are known, and this one is not among them."""
    known = _believed(here)
    return known is not None and slug not in known


def known_slugs(here: Place) -> frozenset[str] | None:
    """The slugs of all maps, read at most once in ``REFRESH_SECONDS``.

    ``None`` if they cannot be read. In a transaction of the host they are read only if strict, for
    the error, and are not kept, as the transaction may be rolled back.
    """
    try:
        if store.in_transaction():
            return frozenset(store.slugs()) if conf.STRICT else None
        known = _believed(here)
        return _keep(here, frozenset(store.slugs())) if known is None else known
    except Exception:  # noqa: BLE001 a less exact error or report is enough
        return None


def forget() -> None:
    """Read the slugs again at the next call."""
    _known.clear()


def _keep(here: Place, known: frozenset[str]) -> frozenset[str]:
    _known[here] = known, monotonic() + conf.REFRESH_SECONDS
    with suppress(KeyError):  # another thread removed it
        _known.move_to_end(here)
        if len(_known) > MAX_PLACES:
            _known.popitem(last=False)
    return known


def _believed(here: Place) -> frozenset[str] | None:
    known, until = _known.get(here, (frozenset(), 0.0))
    return known if monotonic() < until else None


at_reset(forget)
