"""What the setting MESSAGES may be."""

from __future__ import annotations

from typing import Any

from trackadmin.checks.plain_rules import Faults, texts
from trackadmin.conf import MESSAGES
from trackadmin.texts import enumeration
from trackadmin.texts import gettext as _


def messages(setting: str, value: Any) -> Faults:
    """A dict with the sender of e-mails and the hosts of the own network that may get messages."""
    if not isinstance(value, dict):
        what = _("%(setting)s must be a dict, not %(value)s.", setting=setting, value=repr(value))
        yield what, _("Write {'FROM': 'tracking@example.com'}.")
        return
    for key in value.keys() - MESSAGES.keys():
        what = _("%(setting)s has no key %(key)s.", setting=setting, key=repr(key))
        yield what, _("The keys are %(keys)s.", keys=enumeration([*MESSAGES]))
    sender = value.get("FROM")
    if sender is not None and (not isinstance(sender, str) or "@" not in sender):
        name = f"{setting}['FROM']"
        what = _(
            "%(setting)s must be an e-mail address, not %(value)s.",
            setting=name,
            value=repr(sender),
        )
        yield what, _("Leave it out for DEFAULT_FROM_EMAIL.")
    yield from texts(f"{setting}['INTERNAL_HOSTS']", value.get("INTERNAL_HOSTS", ()))
