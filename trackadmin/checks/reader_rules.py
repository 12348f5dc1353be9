"""What the setting READER_TOKENS may be. No message has a token in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from trackadmin.checks.plain_rules import Faults, is_token
from trackadmin.conf import SHORTEST_READER_TOKEN
from trackadmin.texts import gettext as _

_KEYS = {"TOKEN", "MAPS"}
_RIGHT = _("Write {'warehouse': '…'}, or {'warehouse': {'TOKEN': '…', 'MAPS': ['default']}}.")


def reader_tokens(setting: str, value: Any) -> Faults:
    """Readers by name, each with a token of its own that nobody guesses."""
    if not isinstance(value, dict):
        yield _("%(setting)s must be a dict of names and tokens.", setting=setting), _RIGHT
        return
    tokens = Counter[str]()
    for name, given in value.items():
        place = f"{setting}[{name!r}]"
        its = given if isinstance(given, dict) else {"TOKEN": given}
        if not isinstance(name, str) or not its.keys() <= _KEYS or "TOKEN" not in its:
            what = _("%(place)s must have TOKEN, and may have MAPS, and nothing else.", place=place)
            yield what, _RIGHT
            continue
        yield from _token_faults(place, its["TOKEN"])
        yield from _maps(place, its.get("MAPS"))
        tokens[its["TOKEN"] if isinstance(its["TOKEN"], str) else place] += 1
    if any(count > 1 for count in tokens.values()):
        what = _("%(setting)s has one token for two readers.", setting=setting)
        yield what, _("Give each reader a token of its own, so that you can take one away.")


def _token_faults(place: str, token: Any) -> Faults:
    if callable(token):
        return
    if not is_token(token, SHORTEST_READER_TOKEN):
        what = _(
            "The token of %(place)s must be a text of at least %(least)s ASCII characters without "
            "spaces, or a function that gives one.",
            place=place,
            least=str(SHORTEST_READER_TOKEN),
        )
        yield what, _("Give it a long random text, from a place where no code is kept.")


def _maps(place: str, maps: Any) -> Faults:
    fits = isinstance(maps, list | tuple | set | frozenset) and all(
        isinstance(each, str) for each in maps
    )
    if maps is not None and not fits:
        what = _("MAPS of %(place)s must be a list of the names of maps.", place=place)
        yield what, _("Write ['default'], or leave it out for all maps.")
