"""What changed between two documents in a few words: "BuyerProfile: + tier, − phone"."""  # noqa: RUF002 - a minus

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from trackadmin.document.change_sentences import RENUMBERED
from trackadmin.document.changes import MARKS, Change
from trackadmin.document.diff import Diff, diff
from trackadmin.document.grace import sent_names
from trackadmin.document.structure import Document, ModelEntry
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: Of how many tracked models and actions a summary tells, and how many names of each.
MOST_HEADS, MOST_NAMES = 6, 6

#: What may change of a tracked model, an action or the map beside its names.
_CHANGED: dict[str, Text] = {
    "model": _("model changed"),
    "owner": _("owner changed"),
    "description": _("description changed"),
    "signed_only": _("rule for signed URLs changed"),
    "former_prefix": _("former prefix changed"),
    "until": _("date changed"),
    "successor": _("successor changed"),
    "state": _("state changed"),
    "brings": _("what it brings changed"),
    "unknown_actions": _("rule for unknown actions changed"),
    "undeclared_parameters": _("rule for undeclared parameters changed"),
}
_ORDER = _("order changed")
_WHOLE: dict[str, Text] = {"added": _("added"), "removed": _("removed")}
#: The subjects of changes that are not below a tracked model or an action.
_OWN = ("map", "model", "action")
_NAMES_BY_MARK: dict[str, Text | str] = {
    **{MARKS[kind]: f"{MARKS[kind]}\u00a0%(name)s" for kind in ("added", "removed")},
    MARKS["changed"]: _("%(name)s changed"),
    "": _("%(name)s ignored"),
}


@dataclass(frozen=True, slots=True)
class HeadSummary:
    """What changed of one tracked model or action; of the map itself where both are empty."""

    prefix: str
    action: str
    #: Whether it is new or gone.
    whole: Text | str = ""
    names: tuple[Text | str, ...] = ()
    more_names: int = 0
    rest: tuple[Text | str, ...] = ()

    @property
    def in_words(self) -> str:
        """The names, and then the rest: "+ tier, − phone; key uuid → slug"."""  # noqa: RUF002
        names = [*map(str, self.names)]
        if self.more_names:
            names.append(str(_("%(count)s more", count=self.more_names)))
        words = [self.whole, ", ".join(names), *self.rest]
        return "; ".join(str(each) for each in words if each)

    @property
    def line(self) -> str:
        """The words, after what they are about."""
        about = self.prefix or self.action or str(_("Map"))
        return f"{about}: {self.in_words}"


@dataclass(frozen=True, slots=True)
class Summary:
    """What changed from one document to another, short."""

    heads: tuple[HeadSummary, ...] = ()
    #: How many more tracked models and actions changed.
    more: int = 0
    #: How many changes there are in all.
    count: int = 0

    def __str__(self) -> str:
        lines = [each.line for each in self.heads]
        if self.more:
            lines.append(str(_("%(count)s more", count=self.more)))
        return ". ".join(lines)


def summary(old: Document, new: Document) -> Summary:
    """What changed from the one to the other. It tells of names that go out, and not of values."""
    difference = diff(old, new)
    return summary_of(difference, old, new)


def summary_of(difference: Diff, old: Document, new: Document) -> Summary:
    """The same where the differences are known."""
    changes = sorted(difference.changes, key=lambda change: change.head == ("", ""))
    groups: dict[tuple[str, str], list[Change]] = {}
    for head, some in groupby(changes, key=lambda change: change.head):
        groups.setdefault(head, []).extend(some)
    heads = [_head(head, some, old, new) for head, some in [*groups.items()][:MOST_HEADS]]
    return Summary(tuple(heads), len(groups) - len(heads), len(changes))


def _head(
    head: tuple[str, str], changes: list[Change], old: Document, new: Document
) -> HeadSummary:
    prefix = head[0]
    own = [each for each in changes if each.subject in _OWN]
    was = next((each.old for each in own if each.field == "prefix"), prefix)
    sent = _names_sent(old.models.get(was)), _names_sent(new.models.get(prefix))
    whole = next((_WHOLE[each.kind] for each in own if each.kind in _WHOLE), "")
    rest = dict.fromkeys(_own_part(each) for each in own if each.kind not in _WHOLE)
    if whole == _WHOLE["removed"]:
        return HeadSummary(*head, whole)
    below = [each for each in changes if each.subject not in _OWN]
    names = [*dict.fromkeys(_names_below(below, *sent))]
    return HeadSummary(
        *head, whole, tuple(names[:MOST_NAMES]), len(names[MOST_NAMES:]), tuple(rest)
    )


def _names_sent(entry: ModelEntry | None) -> set[str]:
    return set(sent_names(entry)) if entry else set()


def _own_part(change: Change) -> Text:
    """What changed of a tracked model, an action or the map itself."""
    if change.field == "key":
        return _new_key(change.old, change.new)
    if change.field in ("prefix", "name"):
        return _("renamed from %(old)s", old=change.old)
    if change.kind == "moved" or change.field in (*RENUMBERED, "position"):
        return _ORDER
    return _CHANGED.get(change.field) or _("%(field)s changed", field=change.field)


def _new_key(old: str, new: str) -> Text:
    if old and new:
        return _("key %(old)s → %(new)s", old=old, new=new)
    return _("key %(new)s", new=new) if new else _("no key any more")


def _names_below(changes: list[Change], before: set[str], after: set[str]) -> Iterator[Text | str]:
    """What changed of what is below, each name once."""
    renamed = {each.where: each.old for each in changes if each.field == "name"}
    for where, some in groupby(changes, key=lambda change: change.where):
        name, first = where.rpartition(".")[2], next(some)
        if where in renamed:
            yield f"{renamed[where]} → {name}"
        elif name:
            yield _with_mark(_mark(first, name, before, after), name)


def _mark(change: Change, name: str, before: set[str], after: set[str]) -> str:
    if change.subject not in ("attribute", "aggregate"):
        return MARKS[change.kind]
    if name in before and name in after:
        return MARKS["changed"]
    if name in before or name in after:
        return MARKS["added"] if name in after else MARKS["removed"]
    return "" if change.kind == "added" else MARKS["changed"]


def _with_mark(mark: str, name: str) -> Text | str:
    words = _NAMES_BY_MARK.get(mark, mark)
    values: Mapping[str, object] = {"name": name}
    return replace(words, values=values) if isinstance(words, Text) else words % values
