"""What the setting REVIEWS may be: how many approvals, of whom, and for what."""

from __future__ import annotations

from typing import Any

from trackadmin.checks.plain_rules import Faults, Rule, dict_of, switch
from trackadmin.texts import gettext as _

#: More than so many people never agree.
MOST_APPROVALS = 20


def reviews(setting: str, value: Any) -> Faults:
    """How many people must approve a draft, and who."""
    yield from dict_of(_REVIEW_KEYS, _("Write {'APPROVALS': 1, …}."), setting, value)


def _approvals(setting: str, value: Any) -> Faults:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not 0 <= value <= MOST_APPROVALS:
        what = _(
            "%(setting)s must be a whole number from 0 to %(most)s, not %(value)s.",
            setting=setting,
            most=str(MOST_APPROVALS),
            value=repr(value),
        )
        yield what, _("Write how many people must approve a draft; 0 for nobody.")


#: What each key of REVIEWS may be.
_REVIEW_KEYS: dict[str, Rule] = {
    "APPROVALS": _approvals,
    "LAST_EDITOR_MAY_APPROVE": switch,
    "ROLLBACKS": switch,
}
