"""The errors trackadmin raises, and the problems they carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from trackadmin.names import DEFAULT_MAP
from trackadmin.texts import Text

Level = Literal["error", "warning"]

#: How many problems of one kind a text for people shows, how many in all, and the
#: characters of a place or a message.
LINES_OF_A_KIND, LINES, LONGEST_TEXT = 200, 500, 500
_FIRST_THESE = "Put those above right, then look again."


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a map: where, what, and what to do about it."""

    #: Stable and dotted, ``<subject>.<fault>``, e.g. ``attribute.gone``.
    code: str
    #: An ``error`` stops a publish; a ``warning`` does not.
    level: Level
    #: The place in the map, outermost first, e.g. ``BuyerProfile.uuid``.
    where: str
    #: What is wrong, in one sentence that quotes the offending text.
    what: Text | str
    #: What the editor can do, in one sentence.
    remedy: Text | str

    @property
    def message(self) -> str:
        """What is wrong, in the language that is active."""
        return str(self.what)

    @property
    def fix(self) -> str:
        """What the editor can do, in the language that is active."""
        return str(self.remedy)

    def __str__(self) -> str:
        return f"{self.where}: {self.message} {self.fix} [{self.code}]"


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Those that keep a map from being published; the others are warnings."""
    return [problem for problem in problems if problem.level == "error"]


def errors_first(problems: Iterable[Problem]) -> list[Problem]:
    """The errors, then the warnings; otherwise in their order."""
    return sorted(problems, key=lambda problem: problem.level != "error")


def few(problems: Iterable[Problem]) -> Iterator[Problem]:
    """What of many problems a person is shown: errors first, some of each kind, then their number.

    A file may hold 100,000 errors, or a name of a megabyte.
    """
    found: Counter[tuple[str, Level]] = Counter()
    shown: Counter[tuple[str, Level]] = Counter()
    for problem in errors_first(problems):
        kind = (problem.code, problem.level)
        found[kind] += 1
        if found[kind] <= LINES_OF_A_KIND and shown.total() < LINES:
            shown[kind] += 1
            yield replace(problem, where=_cut(problem.where), what=_cut(problem.message))
    for (code, level), number in (found - shown).items():
        if shown[code, level]:
            what = "They are of the same kind as those above."
            yield Problem(code, level, f"{number:,} more", what, _FIRST_THESE)
    others = {kind: number for kind, number in found.items() if not shown[kind]}
    if others:
        level = "error" if any(level == "error" for _, level in others) else "warning"
        what = f"They are of {len(others)} other kinds."
        yield Problem("other", level, f"{sum(others.values()):,} more", what, _FIRST_THESE)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


class Portable(Exception):
    """An error that survives pickling, as task queues and process pools need it.

    By default Python makes such an error anew by calling its class with its message, which fails
    or gives another message where the class makes the message itself.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args), self.__dict__


def _restored(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """The error of this class and message; its data comes with what pickle sets afterwards."""
    error = cls.__new__(cls, *args)
    error.args = args
    return error


class TrackAdminError(Portable):
    """The base of every error that trackadmin raises on purpose."""


class SettingError(TrackAdminError):
    """The ``TRACKADMIN`` setting holds something it cannot hold."""


class TenantError(TrackAdminError):
    """The setting ``TENANT`` did not give the key of the current tenant."""

    def __init__(self) -> None:
        super().__init__(
            "TRACKADMIN['TENANT'] did not give the key of the current tenant. It is called without "
            "arguments and returns something hashable, such as a text. Choose a tenant first, or "
            "return None where there is none."
        )


class ProblemsError(TrackAdminError):
    """Something cannot go on because of ``problems``, a tuple of :class:`Problem`."""

    def __init__(self, summary: str, problems: Iterable[Problem] = ()) -> None:
        self.summary = summary
        self.problems = tuple(problems)
        lines = [f"  {each.level}: {each}" for each in few(self.problems)]
        super().__init__("\n".join([summary, *lines]))


class DocumentError(ProblemsError):
    """A text is not a tracking map document, or no document this code could have published."""


class InvalidMap(ProblemsError):
    """A map has errors and was not published, saved or imported."""


class UnknownMap(TrackAdminError):
    """No tracking map has this slug."""

    def __init__(self, slug: str, known: Iterable[str] = ()) -> None:
        self.slug = slug
        # A URL may bring any slug.
        shown = slug if len(slug) <= 100 else f"{slug[:100]}…"
        names = ", ".join(sorted(known)) or "none"
        super().__init__(
            f"There is no tracking map {shown!r}. Known maps: {names}. Add one in the admin, or "
            "with 'manage.py trackadmin maps --add SLUG'."
        )


class UnknownVersion(TrackAdminError):
    """The map has no version of this number."""

    def __init__(self, slug: str, number: object, newest: int) -> None:
        self.slug, self.number, self.newest = slug, number, newest
        has = f"Its versions are 1 to {newest}." if newest else "It has no version yet: publish it."
        super().__init__(f"The tracking map {slug!r} has no version {number!r}. {has}")


class UnknownRevision(TrackAdminError):
    """The edit history keeps no such state."""

    def __init__(self, subject: str, revision: object) -> None:
        self.subject, self.revision = subject, revision
        super().__init__(
            f"The edit history has no edit {revision!r} of {subject}. Open the history again and "
            "choose one that it lists."
        )


class NotPublished(TrackAdminError):
    """The map has no version, so there is nothing to track with."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(
            f"The tracking map {slug!r} is not published. Publish it in the admin or with "
            f"'manage.py trackadmin publish'."
        )


class NoteRequired(TrackAdminError):
    """The site asks for a note with every publish and rollback, and there was none."""

    def __init__(self) -> None:
        super().__init__("A note is required: say in a few words what changes and why.")


class DraftChanged(TrackAdminError):
    """The draft is not the one that was reviewed."""

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(
            "The draft changed since you reviewed it. Look at the changes again, then publish. "
            f"(reviewed {expected[:12]}, now {actual[:12]})"
        )


class LiveChanged(TrackAdminError):
    """The live version is not the one that the draft was reviewed against.

    ``expected`` and ``actual`` are what ``editing.live_token`` gives.
    """

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        seen, now = (token.partition(":")[0] for token in (expected, actual))
        super().__init__(
            "Another version went live since you opened the page. Look at the changes again, then "
            f"decide. (you saw version {seen}, now version {now} is live)"
        )


class NothingChanged(TrackAdminError):
    """What is to go live is live already."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(
            f"Version {number} is live and has the same content, so there is nothing to do."
        )


class StaleForm(TrackAdminError):
    """Somebody else saved or deleted the same row since the form was opened.

    ``seen`` and ``current`` are the row's ``lock_version``; ``current`` is ``None`` if it is gone.
    """

    def __init__(self, subject: str, seen: int | None, current: int | None) -> None:
        self.subject, self.seen, self.current = subject, seen, current
        if current is None:
            what = f"{subject} was deleted by somebody else while you edited it."
        else:
            what = (
                f"{subject} was saved by somebody else while you edited it "
                f"(you saw edit {seen}, it is now at edit {current})."
            )
        super().__init__(f"{what} Nothing was saved.")


class ImmutableVersion(TrackAdminError):
    """A published version cannot be changed or deleted."""

    def __init__(self) -> None:
        super().__init__(
            "A published version is never changed or deleted. Publish a new one or roll back."
        )


class DumpConflict(TrackAdminError):
    """A dump holds a row that this database has under another key."""

    def __init__(self, what: str, key: object, in_dump: object) -> None:
        self.what, self.key, self.in_dump = what, key, in_dump
        super().__init__(
            f"This database has {what} under the key {key}, the dump under {in_dump}. Write the "
            "dump with 'dumpdata --natural-primary --natural-foreign', or move the map with "
            "'manage.py trackadmin export' and 'import'."
        )


class NotTracked(TrackAdminError):
    """An object was given whose model the live map does not track."""

    def __init__(self, what: str, slug: str) -> None:
        self.what, self.slug = what, slug
        super().__init__(
            f"{what} is not tracked by the live version of map {slug!r}. Add its model to the map "
            "and publish, or leave the object out."
        )


class PrefixConflict(TrackAdminError):
    """Two different objects would write the same names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        shown = ", ".join(self.names[:5])
        super().__init__(
            f"Two different objects give the same names ({shown}). Pass one of them under a "
            "prefix of its own: tracking_values(buyer, referrer=other_buyer)."
        )


class BadPrefix(TrackAdminError):
    """A keyword of ``tracking_values`` is no plain name, so no names can start with it."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        super().__init__(
            f"{prefix!r} cannot start a name. Use letters of ASCII, digits and single underscores "
            "between them, starting with a letter: tracking_values(referrer=buyer)."
        )


class NoTrackingURL(TrackAdminError):
    """The active URLconf does not include the tracking URL of a map."""

    def __init__(self, slug: str, urlconf: object = None) -> None:
        self.slug, self.urlconf = slug, urlconf
        where = f"The URLconf {urlconf!r}" if urlconf else "The site's URLconf"
        include = 'path("t/", include("trackadmin.collect.urls"'
        if slug != DEFAULT_MAP:
            include += f', namespace="{slug}"), {{"map": "{slug}"}}'
        else:
            include += ")"
        super().__init__(
            f"{where} has no tracking URL for the map {slug!r}. Add {include}) to its urlpatterns."
        )


class NoKey(TrackAdminError):
    """An object was given that a URL cannot name."""

    def __init__(self, what: str, slug: str) -> None:
        self.what, self.slug = what, slug
        super().__init__(
            f"{what} cannot be named in a URL by the live version of map {slug!r}. Give its "
            "tracked model a key and publish, save the object first, or leave it out."
        )


class ExportError(TrackAdminError):
    """Values, or a view of them, cannot be written out as asked."""
