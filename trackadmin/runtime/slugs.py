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
    """The slugs of all maps, asked for at most once in ``REFRESH_SECONDS``; ``None`` if nobody
    answers.
    """
    known = _believed(here)
    if known is None:
        try:
            known = frozenset(store.slugs())
        except Exception:  # noqa: BLE001 whoever asks does with less
            return None
        _known[here] = known, monotonic() + conf.REFRESH_SECONDS
        _known.move_to_end(here)
        if len(_known) > MAX_PLACES:
            with suppress(KeyError):  # another thread was faster
                _known.popitem(last=False)
    return known


def forget() -> None:
    """Ask again at the next call."""
    _known.clear()


def _believed(here: Place) -> frozenset[str] | None:
    known, until = _known.get(here, (frozenset(), 0.0))
    return known if monotonic() < until else None


at_reset(forget)
