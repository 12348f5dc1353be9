"""Reads the parameters of every page; one that cannot be read is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Any

from django.core.paginator import EmptyPage, Page, Paginator
from django.http import Http404, HttpRequest, QueryDict
from django.utils.translation import gettext as _

from trackadmin.document.names import LEGAL, why_not_a_name
from trackadmin.exceptions import Portable

#: The largest key, version number or count of edits that a database can store.
LARGEST_NUMBER = 2**63 - 1
#: The longest name, key or search term that a page accepts.
LONGEST_TEXT = 1000
#: The longest URL, event or lines of a log that somebody may paste.
LONGEST_PASTED = 100_000
#: ASCII digits only: ``int`` takes " 1", "+1", "1_000" and the digits of other scripts, too.
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
#: How much of an unreadable value an error quotes.
_QUOTED = 40


class Unreadable(Portable):
    """A page got a parameter that it cannot read; the answer is a 400."""

    def __init__(self, name: str, value: str, legal: str) -> None:
        self.name, self.value, self.legal = name, value, legal
        shown = value if len(value) <= _QUOTED else f"{value[:_QUOTED]}…"
        super().__init__(
            _("The parameter %(name)s has the value %(value)s, which cannot be read. %(legal)s")
            % {"name": repr(name), "value": repr(shown), "legal": legal}
        )


def query_of(request: HttpRequest) -> QueryDict:
    """The parameters of the form that was sent, or of the address where none was."""
    return request.POST if request.method == "POST" else request.GET


def whole_number(text: str) -> int | None:
    """The number in plain digits; ``None`` for any other text."""
    if not _NUMBER.fullmatch(text):
        return None
    value = int(text)
    return value if value <= LARGEST_NUMBER else None


def text(query: QueryDict, name: str, default: str = "", *, most: int = LONGEST_TEXT) -> str:
    """The parameter as it was sent, of ``most`` characters; ``default`` if it was not sent."""
    values = query.getlist(name)
    if not values:
        return default
    if len(values) > 1:
        raise Unreadable(name, ", ".join(values), _("Send this parameter only once."))
    value = str(values[0])
    if "\x00" in value:
        raise Unreadable(name, value, _("Leave out the NUL character."))
    if len(value) > most:
        legal = _("Give at most %(count)s characters.") % {"count": most}
        raise Unreadable(name, value, legal)
    return value


def listed(query: QueryDict, rows: Any, at_once: int) -> Page[Any]:
    """The rows that the parameter ``page`` asks for, at most this many; the first ones without.

    A 404 if there is no such page.
    """
    wanted = number(query, "page")
    try:
        return Paginator(rows, at_once).page(1 if wanted is None else wanted)
    except EmptyPage as empty:
        raise Http404(_("There is no such page.")) from empty


def number(query: QueryDict, name: str) -> int | None:
    """The parameter as a whole number that is not negative; ``None`` if it was not sent."""
    if name not in query:
        return None
    value = text(query, name)
    found = whole_number(value)
    if found is None:
        raise Unreadable(name, value, _("Give a whole number in the digits 0 to 9."))
    return found


def matching(query: QueryDict, name: str, pattern: str) -> str:
    """The parameter if it matches the pattern; otherwise it is refused, also if it was not sent."""
    value = text(query, name)
    if not re.fullmatch(pattern, value):
        raise Unreadable(name, value, _("Open the page again and send its form."))
    return value


def plain_name(query: QueryDict, name: str) -> str:
    """The parameter if a map may have it as a name; "" if it is empty or was not sent."""
    value = text(query, name)
    if value and why_not_a_name(value):
        raise Unreadable(name, value, str(LEGAL))
    return value


def choices(query: QueryDict, name: str, legal: Collection[str]) -> set[str]:
    """The values that were sent of a parameter with boxes to tick; each must be one of these."""
    sent = set(query.getlist(name))
    for value in sorted(sent):
        if value not in legal:
            raise Unreadable(name, value, _("Open the page again and send its form."))
    return sent


def day_of(query: QueryDict, name: str) -> date | None:
    """The parameter as a day; ``None`` if it is empty or was not sent."""
    value = text(query, name)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        legal = _("Give year, month and day, such as 2027-03-31.")
        raise Unreadable(name, value, legal) from error


def choice(query: QueryDict, name: str, choices: Collection[str], default: str = "") -> str:
    """The parameter if it is one of the choices; ``default`` if it was not sent."""
    value = text(query, name, default)
    if value not in choices and name in query:
        legal = _("Give one of: %(choices)s.") % {"choices": ", ".join(choices)}
        raise Unreadable(name, value, legal)
    return value
