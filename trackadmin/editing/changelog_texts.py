"""A changelog as text for people: plain, as Markdown, and as data for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.utils import translation

from trackadmin.document import Change
from trackadmin.document.changes import MARKS
from trackadmin.editing.changelog import Changelog, Release
from trackadmin.editing.markdown import as_markdown
from trackadmin.editing.utc import in_utc
from trackadmin.models import MapVersion
from trackadmin.texts import gettext as _
from trackadmin.texts import ngettext

#: The formats, with the ending of a file.
CHANGELOG_FORMATS = {"markdown": "md", "text": "txt", "json": "json"}


def changelog_text(log: Changelog, text_format: str) -> str:
    """The changelog in one of the :data:`CHANGELOG_FORMATS`."""
    return _TEXTS[text_format](log)


def _markdown(log: Changelog) -> str:
    """For a wiki, a pull request or a message."""
    lines = [f"# {as_markdown(_title(log))}", ""]
    for release in log.releases:
        lines += [f"## {as_markdown(_headline(release.version))}", ""]
        lines += [f"{as_markdown(each)}  " for each in _facts(release)]
        lines += [f"> {as_markdown(each)}  " for each in release.version.note.splitlines()]
        lines.append("")
    lines += _more(log)
    lines += [f"## {_('Changes')}", ""]
    for head, changes in _by_head(log):
        lines += [f"### {as_markdown(head)}", ""]
        lines += [f"- {MARKS[c.kind]} {as_markdown(c.words_below_model())}" for c in changes]
        lines.append("")
    return _ended([*lines, *_no_difference(log)])


def _plain_text(log: Changelog) -> str:
    """For a terminal or an e-mail."""
    lines = [_title(log), ""]
    for release in log.releases:
        lines += [_headline(release.version), *(f"  {each}" for each in _facts(release))]
        lines += [f"  {each}" for each in release.version.note.splitlines()]
    lines += _more(log)
    for head, changes in _by_head(log):
        lines += ["", f"{head}:"]
        lines += [f"  {MARKS[each.kind]} {each.words_below_model()}" for each in changes]
    return _ended([*lines, *_no_difference(log)])


def _json(log: Changelog) -> str:
    """For programs: the same in every language."""
    with translation.override(None):
        return f"{json.dumps(_as_data(log), indent=2, ensure_ascii=False)}\n"


def _as_data(log: Changelog) -> dict[str, Any]:
    return {
        "map": log.tracking_map.slug,
        "old": log.old.number if log.old else "draft",
        "new": log.new.number if log.new else "draft",
        "versions": [_release_as_as_data(each) for each in log.releases],
        "versions_not_listed": log.more,
        "changes": log.difference.as_json(),
    }


def _release_as_as_data(release: Release) -> dict[str, Any]:
    version = release.version
    return {
        "number": version.number,
        "digest": version.digest,
        "created_at": in_utc(version.created_at).isoformat(),
        "author": version.author.get_username() if version.author else None,
        "approved": list(release.approved),
        "note": version.note,
        "restores": version.restores,
        "left_early": version.early_names,
    }


def _title(log: Changelog) -> str:
    sides = {name: _side(side) for name, side in (("old", log.old), ("new", log.new))}
    return str(_("%(map)s: from %(old)s to %(new)s", map=log.tracking_map.name, **sides))


def _side(side: MapVersion | None) -> object:
    return _("version %(number)s", number=str(side.number)) if side else _("the draft")


def _headline(version: MapVersion) -> str:
    when = f"{in_utc(version.created_at):%Y-%m-%d %H:%M} UTC"
    return str(_("Version %(number)s, %(when)s", number=str(version.number), when=when))


def _facts(release: Release) -> Iterator[str]:
    version = release.version
    if version.author:
        yield str(_("Published by %(who)s.", who=version.author.get_username()))
    else:
        yield str(_("Published by code or a command."))
    if release.approved:
        yield str(_("Approved by %(who)s.", who=", ".join(release.approved)))
    if version.restores:
        yield str(_("It brings back version %(number)s.", number=str(version.restores)))
    if version.early_names:
        names = ", ".join(version.early_names)
        yield str(_("These names left before their date: %(names)s.", names=names))


def _more(log: Changelog) -> Iterator[str]:
    if log.more:
        yield str(
            ngettext(
                "%(count)s older version is not listed.",
                "%(count)s older versions are not listed.",
                log.more,
            )
        )
        yield ""


def _by_head(log: Changelog) -> Iterator[tuple[str, list[Change]]]:
    for (prefix, action), changes in groupby(log.difference.changes, lambda each: each.head):
        of_action = _("Action %(name)s", name=action) if action else _("This map")
        yield prefix or str(of_action), list(changes)


def _no_difference(log: Changelog) -> list[str]:
    return [] if log.difference else [str(_("There are no differences."))]


def _ended(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


_TEXTS = {"markdown": _markdown, "text": _plain_text, "json": _json}
