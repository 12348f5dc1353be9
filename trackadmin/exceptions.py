"""The errors trackadmin raises, and the problems they carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from trackadmin.codes import ProblemCode
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.texts import Text, english, joined, ngettext
from trackadmin.texts import gettext as _

Level = Literal["error", "warning", "hint"]
#: The levels, the most serious first.
LEVELS: tuple[Level, ...] = ("error", "warning", "hint")
#: What was given where an object of a tracked model belongs.
Given = Literal["model", "class", "object"]

#: How many problems of one kind a text for people shows, how many in all, and the
#: characters of a place or a message.
LINES_OF_A_KIND, LINES, LONGEST_TEXT = 200, 500, 500
_FIRST_THESE = _("Correct the problems above, then look again.")
#: The place of what is counted and not shown.
_ELSEWHERE = "…"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a map: where, what, and what to do about it."""

    #: Stable and dotted, ``<subject>.<fault>``, e.g. ``attribute.gone``.
    code: str
    #: An ``error`` stops a publish; a ``warning`` and a ``hint`` do not.
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

    @property
    def line(self) -> str:
        """The problem after the word for its level, in the language that is active."""
        text = str(self)
        if self.level == "error":
            return str(_("error: %(problem)s", problem=text))
        if self.level == "hint":
            return str(_("hint: %(problem)s", problem=text))
        return str(_("warning: %(problem)s", problem=text))

    @property
    def english(self) -> str:
        """The problem in one line of English, for programs."""
        return f"{self.where}: {english(self.what)} {english(self.remedy)} [{self.code}]"

    def __str__(self) -> str:
        return f"{self.where}: {self.message} {self.fix} [{self.code}]"


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Those that keep a map from being published; the others are warnings."""
    return [problem for problem in problems if problem.level == "error"]


def errors_first(problems: Iterable[Problem]) -> list[Problem]:
    """The errors, then the warnings, then the hints; otherwise in their order."""
    found = list(problems)  # a large map has tens of thousands
    return [problem for level in LEVELS for problem in found if problem.level == level]


def few(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Of many problems those to show to a person: errors first, some of each kind, then a count.

    A file may hold 100,000 errors, or a name of a megabyte.
    """
    found: Counter[tuple[str, Level]] = Counter()
    shown: Counter[tuple[str, Level]] = Counter()
    for problem in errors_first(problems):
        kind = (problem.code, problem.level)
        found[kind] += 1
        if found[kind] <= LINES_OF_A_KIND and shown.total() < LINES:
            shown[kind] += 1
            yield _shortened(problem)
    for (code, level), number in (found - shown).items():
        if shown[code, level]:
            yield Problem(code, level, _ELSEWHERE, _more_of_a_kind(number), _FIRST_THESE)
    others = {kind: number for kind, number in found.items() if not shown[kind]}
    if others:
        level = min((level for __, level in others), key=LEVELS.index)
        what = _more_of_other_kinds(sum(others.values()))
        yield Problem(ProblemCode.OTHER, level, _ELSEWHERE, what, _FIRST_THESE)


def _more_of_a_kind(number: int) -> Text:
    return ngettext(
        "There is %(count)s more problem of the same kind as those above.",
        "There are %(count)s more problems of the same kind as those above.",
        count=number,
    )


def _more_of_other_kinds(number: int) -> Text:
    return ngettext(
        "There is %(count)s more problem, of another kind.",
        "There are %(count)s more problems, of other kinds.",
        count=number,
    )


def _shortened(problem: Problem) -> Problem:
    where, message = problem.where, problem.message
    if len(where) <= LONGEST_TEXT and len(message) <= LONGEST_TEXT:
        return problem
    return replace(problem, where=_cut(where), what=_cut(message))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


class Portable(Exception):
    """An error that survives pickling, as task queues and process pools need it.

    By default, Python makes such an error again by calling its class with its message. That fails,
    or gives another message, where the class writes the message itself.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args), self.__dict__


def _restored(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """The error of this class and message; pickle sets its data afterwards."""
    error = cls.__new__(cls, *args)
    error.args = args
    return error


class TrackAdminError(Portable):
    """The base of every error that trackadmin raises on purpose.

    ``str()`` gives its sentence in the language that is active. ``args`` has it in English, for
    what carries errors by their arguments, such as the JSON results of a task queue.
    """

    def __init__(self, text: Text | str = "") -> None:
        self.text = text
        super().__init__(english(text))

    def __str__(self) -> str:
        return str(self.text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class SettingError(TrackAdminError):
    """The ``TRACKADMIN`` setting has a value that is not allowed."""


class TenantError(TrackAdminError):
    """The setting ``TENANT`` did not give the key of the current tenant."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "TRACKADMIN['TENANT'] did not give the key of the current tenant. It is called "
                "without arguments and returns something hashable, such as a text. Choose a tenant "
                "first, or return None where there is none."
            )
        )


class ProblemsError(TrackAdminError):
    """Something cannot be done because of ``problems``, a tuple of :class:`Problem`."""

    def __init__(self, what: Text | str, problems: Iterable[Problem] = ()) -> None:
        #: What cannot be done, in one sentence.
        self.what = what
        self.problems = tuple(problems)
        super().__init__(what)
        some = errors_first(self.problems)[:LINES_OF_A_KIND]
        lines = [f"  {each.level}: {each.english}" for each in some]
        self.args = ("\n".join([english(what), *lines]),)

    @property
    def summary(self) -> str:
        """What cannot be done, in the language that is active."""
        return str(self.what)

    def __str__(self) -> str:
        lines = [f"  {each.line}" for each in few(self.problems)]
        return "\n".join([self.summary, *lines])


class DocumentError(ProblemsError):
    """A text is not the document of a tracking map, or this code cannot have published it."""


class InvalidMap(ProblemsError):
    """A map has errors and was not published, saved or imported."""


class UnknownMap(TrackAdminError):
    """No tracking map has this slug."""

    def __init__(self, slug: str, known: Iterable[str] = ()) -> None:
        self.slug = slug
        # The slug may come from a URL.
        shown = repr(slug if len(slug) <= 100 else f"{slug[:100]}…")
        names = ", ".join(sorted(known))
        if names:
            what = _(
                "There is no tracking map %(slug)s. Known maps: %(names)s. Add one in the admin, "
                "or with 'manage.py trackadmin maps --add SLUG'.",
                slug=shown,
                names=names,
            )
        else:
            what = _(
                "There is no tracking map %(slug)s, and no other map either. Add one in the "
                "admin, or with 'manage.py trackadmin maps --add SLUG'.",
                slug=shown,
            )
        super().__init__(what)


class UnknownVersion(TrackAdminError):
    """The map has no version with this number."""

    def __init__(self, slug: str, number: object, newest: int, other: str = "") -> None:
        #: ``other`` is the map that the given version belongs to, if it is not this one.
        self.slug, self.number, self.newest, self.other = slug, number, newest, other
        shown = repr(number)
        if other:
            what = _(
                "Version %(number)s of the map '%(other)s' was given, but the map is '%(slug)s'. "
                "Give one of its own versions.",
                number=shown,
                other=other,
                slug=slug,
            )
        elif newest:
            what = _(
                "The tracking map '%(slug)s' has no version %(number)s. Its versions are 1 to "
                "%(newest)s.",
                slug=slug,
                number=shown,
                newest=str(newest),
            )
        else:
            what = _(
                "The tracking map '%(slug)s' has no version %(number)s. It has no version yet: "
                "publish it.",
                slug=slug,
                number=shown,
            )
        super().__init__(what)


class UnknownRevision(TrackAdminError):
    """The edit history has no such edit of a tracked model; ``subject`` is its prefix, if any."""

    def __init__(self, subject: str, revision: object) -> None:
        self.subject, self.revision = subject, revision
        if subject:
            what = _(
                "The edit history has no edit %(edit)s of %(subject)s. Open the history again and "
                "choose an edit from the list.",
                edit=repr(revision),
                subject=subject,
            )
        else:
            what = _(
                "The edit history has no edit %(edit)s of a tracked model without a prefix. Open "
                "the history again and choose an edit from the list.",
                edit=repr(revision),
            )
        super().__init__(what)


class NotPublished(TrackAdminError):
    """The map has no version, so there is nothing to track with."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(
            _(
                "The tracking map '%(slug)s' is not published. Publish it in the admin or with "
                "'manage.py trackadmin publish'.",
                slug=slug,
            )
        )


class NoteRequired(TrackAdminError):
    """The site requires a note for every publish and rollback, and there was none."""

    def __init__(self) -> None:
        super().__init__(_("A note is required: say in a few words what changes and why."))


class NotApproved(TrackAdminError):
    """The site asks for approvals of each publish, and they are missing.

    ``needed`` and ``given`` are how many; ``objecting`` are the names of those who ask for changes.
    """

    def __init__(self, needed: int, given: int, objecting: Iterable[str] = ()) -> None:
        self.needed, self.given, self.objecting = needed, given, tuple(objecting)
        if self.objecting:
            what = _(
                "%(names)s asked for changes of exactly this draft, so it cannot be published. "
                "Change it, or let them approve it.",
                names=", ".join(self.objecting),
            )
        else:
            what = ngettext(
                "Exactly this draft needs %(count)s approval and has %(given)s. Ask for a review, "
                "or wait for it. An edit after an approval revokes it.",
                "Exactly this draft needs %(count)s approvals and has %(given)s. Ask for a review, "
                "or wait for it. An edit after an approval revokes it.",
                count=needed,
                given=str(given),
            )
        super().__init__(what)


class ReviewRefused(TrackAdminError):
    """A request for a review, or a remark, cannot be taken."""


class LeavesEarly(ProblemsError):
    """The draft ends deprecated names before their date; ``names`` are these names.

    ``problems`` say until when each stays and who decided so.
    """

    def __init__(self, what: Text | str, problems: Iterable[Problem], names: Iterable[str]) -> None:
        super().__init__(what, problems)
        self.names = tuple(names)


class DraftChanged(TrackAdminError):
    """The draft is not the one that was reviewed."""

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(
            _(
                "The draft changed since you reviewed it. Look at the changes again, then publish. "
                "(reviewed %(expected)s, now %(actual)s)",
                expected=expected[:12],
                actual=actual[:12],
            )
        )


class LiveChanged(TrackAdminError):
    """The live version is not the one that the draft was compared with.

    ``expected`` and ``actual`` are what ``editing.live_token`` gives.
    """

    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        seen, now = (token.partition(":")[0] for token in (expected, actual))
        super().__init__(
            _(
                "Another version went live since you opened the page. Look at the changes again, "
                "then decide. (you saw version %(seen)s, now version %(now)s is live)",
                seen=seen,
                now=now,
            )
        )


class NothingChanged(TrackAdminError):
    """The new version would have the same content as the live one."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(
            _(
                "Version %(number)s is live and has the same content, so there is nothing to do.",
                number=str(number),
            )
        )


class ManagedByCode(TrackAdminError):
    """What was to be changed is locked to the repository: only an import changes it."""

    def __init__(self, prefix: str, slug: str, source: str) -> None:
        self.prefix, self.slug, self.source = prefix, slug, source
        values = {"source": source, "map": slug}
        if prefix:
            what = _(
                "%(prefix)s is managed by code, so nothing was changed. Change it in %(source)s, "
                "and run 'manage.py trackadmin import %(source)s --map %(map)s'.",
                prefix=prefix,
                **values,
            )
        else:
            what = _(
                "The map '%(map)s' is managed by code, so nothing was changed. Change it in "
                "%(source)s, and run 'manage.py trackadmin import %(source)s --map %(map)s'.",
                **values,
            )
        super().__init__(what)


class StaleForm(TrackAdminError):
    """Somebody else saved or deleted the row since the form was opened.

    ``seen`` and ``current`` are the row's ``lock_version``; ``current`` is ``None`` if it is gone.
    """

    def __init__(self, subject: str, seen: int | None, current: int | None) -> None:
        self.subject, self.seen, self.current = subject, seen, current
        if current is None:
            what = _(
                "%(subject)s was deleted by somebody else while you edited it. Nothing was saved.",
                subject=subject,
            )
        else:
            what = _(
                "%(subject)s was saved by somebody else while you edited it (you saw edit "
                "%(seen)s, it is now at edit %(current)s). Nothing was saved.",
                subject=subject,
                seen=str(seen),
                current=str(current),
            )
        super().__init__(what)


class LintRefused(TrackAdminError):
    """What lint found, or a waiver of it, is not there any more; or a reason is missing."""


class ImmutableVersion(TrackAdminError):
    """A published version cannot be changed or deleted."""

    def __init__(self) -> None:
        super().__init__(
            _("A published version is never changed or deleted. Publish a new one or roll back.")
        )


class DumpConflict(TrackAdminError):
    """A dump has a row that this database has under another key."""

    def __init__(self, what: Text, key: object, in_dump: object) -> None:
        #: Which row has which keys, as a whole sentence.
        self.what, self.key, self.in_dump = what, key, in_dump
        remedy = _(
            "Write the dump with 'dumpdata --natural-primary --natural-foreign', or move the map "
            "with 'manage.py trackadmin export' and 'import'."
        )
        super().__init__(joined(what, remedy))


class NotTracked(TrackAdminError):
    """The live map does not track the model of an object that was given."""

    def __init__(self, name: str, slug: str, given: Given = "model") -> None:
        #: ``name`` is the label of a model, or the name of the class of what was ``given``.
        self.name, self.slug, self.given = name, slug, given
        if given == "object":
            what = _(
                "The live version of the map '%(slug)s' does not track objects of the class "
                "%(name)s. Add their model to the map and publish, or leave the object out.",
                slug=slug,
                name=name,
            )
        elif given == "class":
            what = _(
                "The class %(name)s itself was given, and the map '%(slug)s' tracks objects. Give "
                "an object, or leave the class out.",
                slug=slug,
                name=name,
            )
        else:
            what = _(
                "The live version of the map '%(slug)s' does not track the model '%(name)s'. Add "
                "it to the map and publish, or leave it out.",
                slug=slug,
                name=name,
            )
        super().__init__(what)


class PrefixConflict(TrackAdminError):
    """Two different objects give the same names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            _(
                "Two different objects give the same names (%(names)s). Pass one of them under a "
                "prefix of its own: tracking_values(buyer, referrer=other_buyer).",
                names=", ".join(self.names[:5]),
            )
        )


class BadPrefix(TrackAdminError):
    """A keyword of ``tracking_values`` cannot be the start of a name."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        super().__init__(
            _(
                "A name cannot start with %(prefix)s. Use ASCII letters, digits and single "
                "underscores between them, starting with a letter: "
                "tracking_values(referrer=buyer).",
                prefix=repr(prefix),
            )
        )


class NoTrackingURL(TrackAdminError):
    """The active URLconf does not include the tracking URL of a map."""

    def __init__(self, slug: str, urlconf: object = None) -> None:
        self.slug, self.urlconf = slug, urlconf
        include = 'path("t/", include("trackadmin.collect.urls"'
        if slug != DEFAULT_MAP:
            include += f', namespace="{slug}"), {{"map": "{slug}"}}'
        else:
            include += ")"
        if urlconf:
            what = _(
                "The URLconf %(urlconf)s has no tracking URL for the map '%(slug)s'. Add "
                "%(include)s) to its urlpatterns.",
                urlconf=repr(urlconf),
                slug=slug,
                include=include,
            )
        else:
            what = _(
                "The site's URLconf has no tracking URL for the map '%(slug)s'. Add %(include)s) "
                "to its urlpatterns.",
                slug=slug,
                include=include,
            )
        super().__init__(what)


class NoKey(TrackAdminError):
    """A URL cannot name an object that was given."""

    def __init__(self, name: str, slug: str) -> None:
        self.name, self.slug = name, slug
        super().__init__(
            _(
                "The live version of the map '%(slug)s' gives this object of the class %(name)s no "
                "key, or the object is not saved, so a URL cannot refer to it. Give its tracked "
                "model a key and publish, save the object first, or leave it out.",
                slug=slug,
                name=name,
            )
        )


class WrongExpiry(TrackAdminError):
    """The expiry of a tracking URL is not one. The URL is not signed."""

    def __init__(self, expires: object, why: Text) -> None:
        self.expires = expires
        legal = _(
            "Give a number of seconds, a timedelta, or a datetime in the future, together with "
            "signed=True."
        )
        super().__init__(joined(why, legal))


class WrongEvent(TrackAdminError):
    """An event is not what the live map asks for."""

    def __init__(self, wrong: Iterable[tuple[str, str]], texts: Iterable[Text]) -> None:
        #: What is wrong, as codes and names, and in sentences for people.
        self.wrong, self.texts = tuple(wrong), tuple(texts)
        super().__init__(joined(*self.texts))


class ExportError(TrackAdminError):
    """Values, or a view of them, cannot be exported as requested."""
