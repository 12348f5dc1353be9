"""What a message says: a subject, some lines and a link, in the language that is active."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import NoReverseMatch, get_script_prefix, reverse

from trackadmin.models import Message
from trackadmin.models.recipients import MessageKind
from trackadmin.texts import Text, ngettext, shown
from trackadmin.texts import gettext as _


@dataclass(frozen=True, slots=True)
class Wording:
    """A message in words."""

    subject: str
    lines: tuple[str, ...]
    #: The page where more can be seen.
    link: str


def wording(message: Message) -> Wording:
    """The message in words."""
    facts = {**message.facts, "map": _one_line(str(message.recipient.map))}
    subject = _SUBJECTS[MessageKind(message.kind)](facts)
    lines = tuple(_one_line(str(each)) for each in _LINES[MessageKind(message.kind)](facts))
    return Wording(_one_line(str(subject)), lines, _link(message))


def _one_line(text: str) -> str:
    """A map's name may have line breaks, which a subject must not have."""
    return " ".join(text.split())


def _published(facts: Mapping[str, Any]) -> Text:
    values = {"number": str(facts["number"]), "map": facts["map"]}
    if facts["who"]:
        return _("%(map)s: %(who)s published version %(number)s", who=facts["who"], **values)
    return _("%(map)s: version %(number)s was published", **values)


def _rolled_back(facts: Mapping[str, Any]) -> Text:
    values = {"old": str(facts["restores"]), "map": facts["map"]}
    if facts["who"]:
        return _("%(map)s: %(who)s rolled back to version %(old)s", who=facts["who"], **values)
    return _("%(map)s: rolled back to version %(old)s", **values)


def _drifted(facts: Mapping[str, Any]) -> Text:
    return _("%(map)s: the site’s code no longer has what is tracked", map=facts["map"])


def _review_asked(facts: Mapping[str, Any]) -> Text:
    if facts.get("who"):
        return _("%(map)s: %(who)s asks for a review", map=facts["map"], who=facts["who"])
    return _("%(map)s: a review is asked for", map=facts["map"])


def _come(facts: Mapping[str, Any]) -> Text:
    return _("%(map)s: a date has come", map=facts["map"])


def _tried(facts: Mapping[str, Any]) -> Text:
    return _("%(map)s: a test message", map=facts["map"])


_SUBJECTS: Mapping[MessageKind, Callable[[Mapping[str, Any]], Text]] = {
    MessageKind.PUBLISH: _published,
    MessageKind.ROLLBACK: _rolled_back,
    MessageKind.DRIFT: _drifted,
    MessageKind.REVIEW: _review_asked,
    MessageKind.DUE: _come,
    MessageKind.TEST: _tried,
}


def _of_version(facts: Mapping[str, Any]) -> Iterator[Text]:
    if facts["restores"]:
        yield _(
            "It is live now as version %(number)s. The draft stays as it is.",
            number=str(facts["number"]),
        )
    yield ngettext(
        "%(count)s change since the version before.",
        "%(count)s changes since the version before.",
        facts["changes"],
    )
    if facts["new"]["count"]:
        yield _("New names: %(names)s.", names=_some_names(facts["new"]))
    if facts["gone"]["count"]:
        yield _("Names that are gone: %(names)s.", names=_some_names(facts["gone"]))


def _of_drift(facts: Mapping[str, Any]) -> Iterator[Text]:
    yield ngettext(
        "Version %(number)s is live and has %(count)s entry that the code no longer has. It is "
        "left out of events: %(names)s.",
        "Version %(number)s is live and has %(count)s entries that the code no longer has. They "
        "are left out of events: %(names)s.",
        facts["lost"]["count"],
        number=str(facts["number"]),
        names=_some_names(facts["lost"]),
    )
    yield _("Remove them from the map, or ask a developer to bring them back.")


def _of_review(facts: Mapping[str, Any]) -> Iterator[Text]:
    if "changes" in facts:
        yield ngettext(
            "The draft has %(count)s change that is not live.",
            "The draft has %(count)s changes that are not live.",
            facts["changes"],
        )


def _of_date(facts: Mapping[str, Any]) -> Iterator[Text]:
    yield ngettext(
        "%(count)s deprecated name was to stay until %(date)s, and still goes out: %(names)s.",
        "%(count)s deprecated names were to stay until %(date)s, and still go out: %(names)s.",
        facts["due"]["count"],
        date=shown(date.fromisoformat(facts["date"])),
        names=_some_names(facts["due"]),
    )
    yield _("They may leave the map now.")


def _of_test(facts: Mapping[str, Any]) -> Iterator[Text]:
    yield _("Messages about this map arrive here.")


_LINES: Mapping[MessageKind, Callable[[Mapping[str, Any]], Iterator[Text]]] = {
    MessageKind.PUBLISH: _of_version,
    MessageKind.ROLLBACK: _of_version,
    MessageKind.DRIFT: _of_drift,
    MessageKind.REVIEW: _of_review,
    MessageKind.DUE: _of_date,
    MessageKind.TEST: _of_test,
}


def _some_names(listed: Mapping[str, Any]) -> Text | str:
    """The first names, and how many more there are."""
    names, more = ", ".join(listed["names"]), listed["count"] - len(listed["names"])
    if not more:
        return names
    return ngettext(
        "%(names)s and %(count)s more", "%(names)s and %(count)s more", more, names=names
    )


def _link(message: Message) -> str:
    """The page of the map or of the version, on the site that the recipient's links lead to."""
    row = message.recipient
    page, args = _page_of(message)
    try:
        path = reverse(f"admin:trackadmin_trackingmap_{page}", args=args)
    except NoReverseMatch:  # the site has no admin here
        return row.site
    return f"{row.site}/{path.removeprefix(get_script_prefix())}"


def _page_of(message: Message) -> tuple[str, list[int]]:
    pk, kind = message.recipient.map_id, message.kind
    if kind in (MessageKind.PUBLISH, MessageKind.ROLLBACK):
        return "version", [pk, message.facts["number"]]
    return ("publish" if kind == MessageKind.REVIEW else "change"), [pk]
