"""The list of a map's tracked models: find, filter, group by app, and a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import TextChoices
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.page_parameters import choice, listed, text
from trackadmin.catalog import catalog
from trackadmin.document import Document, ModelEntry
from trackadmin.document.structure import TRACKED, in_order
from trackadmin.editing import Review

#: Tracked models on one page.
ON_A_PAGE = 100


class State(TextChoices):
    """How a tracked model or an action of the draft differs from the live version."""

    NEW = "new", gettext_lazy("new")
    CHANGED = "changed", gettext_lazy("changed")
    SAME = "same", gettext_lazy("same")


def state_of(name: str, published: Collection[str], changed: set[str]) -> State:
    """How an entry of the draft differs from the live version; all are new before the first one."""
    if name not in published:
        return State.NEW
    return State.CHANGED if name in changed else State.SAME


class Shown(TextChoices):
    """Which tracked models the list shows."""

    ALL = "all", gettext_lazy("All")
    CHANGED = "changed", gettext_lazy("Changed")
    PROBLEMS = "problems", gettext_lazy("With problems")
    UNDECIDED = "undecided", gettext_lazy("With undecided attributes")
    MINE = "mine", gettext_lazy("Mine")


@dataclass(frozen=True, slots=True)
class Row:
    """A tracked model in the list of a map's page."""

    pk: int
    prefix: str
    #: What it is found by.
    words: str
    label: str
    app: str
    #: The code no longer has the model, or does not offer it.
    gone: bool
    key: str
    owner: str
    description: str
    attributes: int
    aggregates: int
    children: list[str]
    state: State
    #: How many problems of the draft are about it, and whether one of them is an error.
    problems: int
    error: bool
    #: Its place in the map's order.
    first: bool
    last: bool


class ModelList:
    """What a request's parameters choose of a map's tracked models."""

    def __init__(self, query: QueryDict, reviewed: Review, pks: dict[str, int], user: Any) -> None:
        self.reviewed, self.user, self._pks = reviewed, user, pks
        self.entries = [(p, e) for p, e in in_order(reviewed.draft.models) if p in pks]
        self.removed = _left_models(reviewed.published, reviewed.draft)
        self.words = text(query, "q").strip()
        self.app = choice(query, "app", ["", *self.apps])
        self.shown = choice(query, "show", Shown.values, Shown.ALL)
        self.grouped = choice(query, "group", ["", "app"]) == "app"
        self.page = listed(query, self._kept(), ON_A_PAGE)

    @property
    def filtered(self) -> bool:
        """Whether some tracked models are not in the list."""
        return bool(self.words or self.app or self.shown != Shown.ALL)

    @property
    def whole(self) -> bool:
        """Whether it is the map's own list, whose order can be changed."""
        return not self.filtered and not self.grouped

    @cached_property
    def apps(self) -> dict[str, str]:
        """The apps of all of the map's models by label, with their names for people."""
        found = {_app(entry) for _prefix, entry in (*self.entries, *self.removed)}
        names = {each.label.lower(): str(each.verbose_name) for each in apps.get_app_configs()}
        return {label: names.get(label, label) for label in sorted(found)}

    def _kept(self) -> list[tuple[str, ModelEntry]]:
        """The tracked models of all pages of the list."""
        kept = [(prefix, entry) for prefix, entry in self.entries if self._keeps(prefix, entry)]
        if self.grouped:
            kept.sort(key=lambda item: _app(item[1]))
        return kept

    @property
    def rows(self) -> list[Row]:
        """What the page shows of them."""
        return [self._model_row(prefix, entry) for prefix, entry in self.page.object_list]

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """The rows by the name of their app; all in one group without a name if not grouped."""
        if not self.grouped:
            return [("", self.rows)]
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(self.apps[row.app], []).append(row)
        return list(found.items())

    @property
    def deleted(self) -> list[str]:
        """The models that the draft deleted, after the last page."""
        if self.shown not in (Shown.ALL, Shown.CHANGED) or self.page.has_next():
            return []
        return [prefix for prefix, entry in self.removed if self._fits(prefix, entry)]

    @property
    def query(self) -> str:
        """The parameters of the list without the page, to put before it in an address."""
        chosen = QueryDict(mutable=True)
        given = {"q": self.words, "app": self.app, "group": "app" if self.grouped else ""}
        given["show"] = self.shown if self.shown != Shown.ALL else ""
        chosen.update({name: value for name, value in given.items() if value})
        return f"{chosen.urlencode()}&" if chosen else ""

    @property
    def shown_choices(self) -> list[tuple[str, Any]]:
        """What ``show`` may be, with the words for it."""
        return Shown.choices

    def _keeps(self, prefix: str, entry: ModelEntry) -> bool:
        return self._fits(prefix, entry) and self._is_shown(prefix, entry)

    def _fits(self, prefix: str, entry: ModelEntry) -> bool:
        if self.app and _app(entry) != self.app:
            return False
        return self.words.casefold() in _found_by(prefix, entry).casefold()

    @cached_property
    def _is_shown(self) -> Callable[[str, ModelEntry], bool]:
        """Whether the filter shows a model; what it needs is found once, and only if chosen."""
        if self.shown == Shown.CHANGED:
            return lambda prefix, entry: self._state_of_model(prefix) != State.SAME
        if self.shown == Shown.PROBLEMS:
            return lambda prefix, entry: prefix in self._problem_counts
        if self.shown == Shown.UNDECIDED:
            left = editing.undecided_in(self.reviewed.draft, catalog()).attributes
            open_in = {each.prefix for each in left}
            return lambda prefix, entry: prefix in open_in
        if self.shown == Shown.MINE:
            names = set(_owner_names(self.user))
            return lambda prefix, entry: entry.owner.strip().casefold() in names
        return lambda prefix, entry: True

    @cached_property
    def _problem_counts(self) -> Counter[str]:
        return Counter(each.where.partition(".")[0] for each in self.reviewed.problems)

    @cached_property
    def _errors(self) -> set[str]:
        return {each.where.partition(".")[0] for each in self.reviewed.errors}

    @cached_property
    def _changed(self) -> set[str]:
        return self.reviewed.difference.changed_models()

    def _state_of_model(self, prefix: str) -> State:
        reviewed = self.reviewed
        return state_of(prefix, reviewed.published.models, self._changed)

    def _model_row(self, prefix: str, entry: ModelEntry) -> Row:
        facts = catalog().get(entry.model)
        return Row(
            pk=self._pks[prefix],
            prefix=prefix,
            words=_found_by(prefix, entry),
            label=facts.cased_label if facts else entry.model,
            app=_app(entry),
            gone=facts is None,
            key=entry.key,
            owner=entry.owner,
            description=entry.description,
            attributes=sum(each.decision == TRACKED for each in entry.attributes.values()),
            aggregates=sum(each.decision == TRACKED for each in entry.aggregates.values()),
            children=list(_children_in_words(entry)),
            state=self._state_of_model(prefix),
            problems=self._problem_counts[prefix],
            error=prefix in self._errors,
            first=prefix == self.entries[0][0],
            last=prefix == self.entries[-1][0],
        )


def page_with(order: list[str], prefix: str) -> int:
    """The number of the page that shows a tracked model, in the map's own list."""
    return order.index(prefix) // ON_A_PAGE + 1 if prefix in order else 1


def _app(entry: ModelEntry) -> str:
    return entry.model.partition(".")[0]


def _found_by(prefix: str, entry: ModelEntry) -> str:
    """What a model is found by."""
    facts = catalog().get(entry.model)
    name = facts.verbose_name if facts else ""
    return " ".join((prefix, entry.model, name, entry.owner, entry.description))


def _children_in_words(entry: ModelEntry) -> Iterator[str]:
    for accessor, child in in_order(entry.children):
        alone = _("%(name)s (without its own related objects)") % {"name": accessor}
        yield alone if child.alone else accessor


def _left_models(published: Document, draft: Document) -> list[tuple[str, ModelEntry]]:
    """The models of a version that the draft no longer has."""
    return [(p, e) for p, e in in_order(published.models) if p not in draft.models]


def _full_name(user: Any) -> str:
    try:
        return str(getattr(user, "get_full_name", str)() or "")
    except Exception:  # noqa: BLE001 the site's own class of users may raise anything
        return ""


def _owner_names(user: Any) -> Iterable[str]:
    """What an owner may be called who is this user: the user, or a group of the user's."""
    groups = getattr(user, "groups", None)
    email = getattr(user, user.get_email_field_name(), "")
    found = [user.get_username(), _full_name(user), email or ""]
    found += groups.values_list("name", flat=True) if groups is not None else ()
    return {str(name).strip().casefold() for name in found} - {""}
