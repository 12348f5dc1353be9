"""The check that somebody has decided about keys that a stranger could guess."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.checks import CheckMessage

from trackadmin.checks.check_messages import warning
from trackadmin.conf import conf
from trackadmin.runtime.health import guessable_references
from trackadmin.texts import gettext as _

#: How many references the message names.
MOST = 10


def undecided_keys(slugs: Iterable[str], alias: str) -> list[CheckMessage]:
    """A warning for each map of this database whose live version lets any URL use such keys."""
    if conf.GUESSABLE_KEYS is not None:
        return []
    found = {slug: guessable_references(slug, alias) for slug in slugs}
    return [_undecided(slug, references) for slug, references in found.items() if references]


def _undecided(slug: str, references: list[str]) -> CheckMessage:
    message = _(
        "With the live version of the map '%(map)s', any URL can name objects by keys that a "
        "stranger could guess: %(references)s.",
        map=slug,
        references=", ".join(references[:MOST]) + (", …" if len(references) > MOST else ""),
    )
    hint = _(
        "Decide in TRACKADMIN['GUESSABLE_KEYS']: 'signed' if such URLs must be signed, 'open' if "
        "anybody may send events about these objects."
    )
    return warning("W080", message, hint)
