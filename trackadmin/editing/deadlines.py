"""Deprecated names that leave a map before their date, and those whose date has come."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler import SEPARATOR
from trackadmin.compiler.old_names import Name, names_of
from trackadmin.compiler.plan_names import Grace
from trackadmin.document import Document
from trackadmin.document.grace import dated, due_problems
from trackadmin.editing.versions import read_version, versions
from trackadmin.exceptions import DocumentError, LeavesEarly, NoteRequired, Problem
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def today() -> str:
    """The ISO date of today in the time zone of the site."""
    return datetime.now(timezone.get_default_timezone()).date().isoformat()


def due(document: Document) -> list[Problem]:
    """A warning for each deprecated name whose date has come: it may leave, and still goes out."""
    return list(due_problems(document, today()))


@dataclass(frozen=True, slots=True)
class Leaving:
    """A deprecated name that a new version would end before its date."""

    name: str
    until: str
    #: The entry that has the date.
    place: str
    #: The version that gave it this date.
    since: MapVersion

    @property
    def day(self) -> date:
        """Until when it stays."""
        return date.fromisoformat(self.until)

    @property
    def who(self) -> str:
        """Who decided on the date; empty for code and commands."""
        author = self.since.author
        return author.get_username() if author else ""

    @property
    def problem(self) -> Problem:
        """The same as a problem of the draft."""
        remedy = _(
            "Keep it until then. In an emergency, somebody who may publish can let it leave early, "
            "with a note."
        )
        return Problem(ProblemCode.NAME_LEAVES_EARLY, "error", self.place, self._words, remedy)

    @property
    def _words(self) -> Text:
        values = {"name": self.name, "date": self.until, "number": str(self.since.number)}
        if self.who:
            return _(
                "%(name)s stays until %(date)s. %(who)s decided so in version %(number)s.",
                who=self.who,
                **values,
            )
        return _(
            "%(name)s stays until %(date)s. A script decided so in version %(number)s.", **values
        )


def leaving(tracking_map: TrackingMap, live: MapVersion | None, new: Document) -> list[Leaving]:
    """The names of the live version that the new document would end before their date.

    A shorter date counts as leaving early, too. Empty where the live version cannot be read.
    """
    try:
        published = read_version(live) if live else Document()
    except DocumentError:
        return []
    if not any(dated(published)):
        return []
    then, found, day = names_of(new, catalog()), dict[Name, Grace](), today()
    for name, grace in names_of(published, catalog()).items():
        if grace and grace.until > day and not _stays(then, name, grace):
            found[name] = grace
    since = _first_versions(tracking_map, {(e.place, e.until) for e in found.values()})
    # Several tracked models may give one name.
    told = {(n.text, g.until, g.place): None for n, g in found.items() if _is_told(n, found)}
    return [Leaving(name, until, place, since[place, until]) for name, until, place in told]


def require_no_early_leave(
    those: Sequence[Leaving], *, allowed: Iterable[str], note: str
) -> list[str]:
    """The names that leave early because the publisher allows it, each once.

    Raises :class:`LeavesEarly` with all others, and :class:`NoteRequired` where there is no note
    that says why. An allowed name that ends with ``_`` stands for all names that begin with it.
    """
    given = [*allowed]
    refused = [each for each in those if not any(_covers(name, each.name) for name in given)]
    if refused:
        raise LeavesEarly(
            _("The draft ends names before their date and was not published."),
            [each.problem for each in refused],
            dict.fromkeys(each.name for each in refused),
        )
    if those and not note.strip():
        raise NoteRequired
    return [*dict.fromkeys(each.name for each in those)]


def _is_told(name: Name, found: Container[Name]) -> bool:
    """A reference is told only where the name that it is made of stays."""
    output = name._replace(text=name.text.replace(SEPARATOR, "_"))
    return output == name or output not in found


def _covers(allowed: str, name: str) -> bool:
    return name.startswith(allowed) if allowed.endswith("_") else name == allowed


def _stays(then: dict[Name, Grace | None], name: Name, grace: Grace) -> bool:
    if name not in then:
        return False
    later = then[name]
    return later is None or later.until >= grace.until


def _first_versions(
    tracking_map: TrackingMap, dates: set[tuple[str, str]]
) -> dict[tuple[str, str], MapVersion]:
    """By place and date: the first version that has this date there, without a break since."""
    found: dict[tuple[str, str], MapVersion] = {}
    for version in versions(tracking_map) if dates else ():
        try:
            document = read_version(version)
        except DocumentError:
            break
        dates = dates & {(place, until) for place, _name, until in dated(document)}
        found |= dict.fromkeys(dates, version)
        if not dates:
            break
    return found
