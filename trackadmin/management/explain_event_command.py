"""The subcommand explain-event: where each name of an event comes from."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin import editing
from trackadmin.editing import EventExplanation, NameExplanation, NameSource, NameState, SourceKind
from trackadmin.exceptions import TrackAdminError
from trackadmin.management.event_lines import BadLine, EventLine, read_events
from trackadmin.management.subcommand import Options, Output, Subcommand, counted, for_machines
from trackadmin.management.utf8 import read_bytes

#: How many characters of a name a line has, and how many paths: visitors make names up.
LONGEST, MOST_PATHS = 100, 5


def _explain_event_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help=_("events as JSON or lines of the log; - for stdin")
    )
    parser.add_argument("--json", action="store_true", help=_("write JSON"))


def _explain_event(options: Options, out: Output) -> None:
    try:
        data = read_bytes(options["file"])
    except OSError as error:
        words = _("'%(source)s' cannot be read: %(error)s.")
        raise CommandError(words % {"source": options["file"], "error": error}) from error
    with for_machines() if options["json"] else nullcontext():
        bad = _write_explanations(data, options, out)
    if bad:
        words = ngettext(
            "%(count)s event was not explained.", "%(count)s events were not explained.", bad
        )
        raise CommandError(words % counted(bad))


def _write_explanations(data: bytes, options: Options, out: Output) -> int:
    """Write what each event means; gives how many could not be explained."""
    found: list[dict[str, Any]] = []
    wrong: list[str] = []
    for line, explained in _explained(data, options["map"]):
        if isinstance(explained, BadLine):
            wrong.append(_("line %(line)s: %(error)s") % {"line": line, "error": explained.reason})
            found.append({"line": line, "error": explained.reason})
        elif options["json"]:
            found.append({"line": line, **_as_json(explained)})
        else:
            for each in _lines(line, explained):
                out.data(each)
    if options["json"]:
        out.json(found)
    out.some(wrong)
    return len(wrong)


def _explained(data: bytes, slug: str) -> Iterator[tuple[int, EventExplanation | BadLine]]:
    explainers: dict[str, editing.EventExplainer] = {}
    for event in read_events(data):
        if isinstance(event, BadLine):
            yield event.line, event
            continue
        try:
            yield event.line, _explain(event, event.map or slug, explainers)
        except TrackAdminError as error:
            yield event.line, BadLine(event.line, str(error))


def _explain(
    event: EventLine, slug: str, explainers: dict[str, editing.EventExplainer]
) -> EventExplanation:
    if slug not in explainers:
        explainers[slug] = editing.EventExplainer(slug)
    return explainers[slug].explain(event.values, version=event.version)


def _as_json(explained: EventExplanation) -> dict[str, Any]:
    found = asdict(explained)
    for source in (each for name in found["names"] for each in name["sources"]):
        del source["origin"]
    return found


def _lines(line: int, explained: EventExplanation) -> Iterator[str]:
    given = {"line": line, "map": explained.map, "number": explained.version}
    given["live"] = explained.live
    if explained.stamped:
        words = _("line %(line)s: map %(map)s, version %(number)s; version %(live)s is live")
    else:
        words = _("line %(line)s: map %(map)s, version %(number)s, the live one")
    yield words % given
    if explained.unreadable:
        yield _("  The version cannot be read: %(error)s") % {"error": explained.unreadable}
    if explained.lost_children:
        words = _("  no longer in the code, so that their names cannot be told: %(children)s")
        yield words % {"children": ", ".join(explained.lost_children)}
    yield from _action_lines(explained)
    for name in explained.names:
        yield from _name_lines(name, explained)


def _action_lines(explained: EventExplanation) -> Iterator[str]:
    action = explained.action
    if not action.given:
        yield _("  The event has no action.")
    elif not action.declared:
        yield _("  The version does not declare the action of the event.")
    else:
        yield _("  action: %(name)s, %(state)s") % {"name": action.name, "state": action.state}
        if action.description:
            yield _("    meaning: %(text)s") % {"text": _shown(action.description, 0)}
        if action.until:
            yield _("    deprecated: it stays until %(date)s") % {"date": action.until}
        if action.successor:
            yield _("    use instead: %(name)s") % {"name": action.successor}
        if not action.in_live:
            yield _("    not in the live version")


def _name_lines(name: NameExplanation, explained: EventExplanation) -> Iterator[str]:
    shown = {"name": _shown(name.name), "number": explained.version}
    if name.state is NameState.UNKNOWN:
        yield _("  %(name)s: unknown; no entry of version %(number)s makes it") % shown
        if name.versions:
            numbers = ", ".join(str(each) for each in name.versions)
            yield _("    these versions have it: %(numbers)s") % {"numbers": numbers}
        return
    places = {each.place: each for each in name.sources}
    for place, source in places.items():
        yield _words_of_source(source) % {**shown, "place": place, **_of_source(source)}
        yield from _source_lines(source, [e.path for e in name.sources if e.place == place])
    if not places:
        yield _("  %(name)s: not known, because the version cannot be read") % shown
    elif line := _state_line(name):
        yield line
    if name.successor:
        yield _("    use instead: %(name)s") % {"name": name.successor}


def _of_source(source: NameSource) -> dict[str, str]:
    return {"source": source.source, "model": source.model}


def _words_of_source(source: NameSource) -> str:
    match source.kind:
        case SourceKind.ATTRIBUTE:
            return _("  %(name)s: entry %(place)s, the attribute %(source)s of %(model)s")
        case SourceKind.AGGREGATE:
            return _("  %(name)s: entry %(place)s, a count or sum over %(source)s of %(model)s")
        case SourceKind.REFERENCE:
            return _("  %(name)s: a reference by the entry %(place)s, %(source)s of %(model)s")
        case SourceKind.PARAMETER:
            return _("  %(name)s: the parameter %(place)s of the action")


def _source_lines(source: NameSource, paths: list[str]) -> Iterator[str]:
    if source.path:
        more = ", …" if len(paths) > MOST_PATHS else ""
        yield _("    path: %(paths)s") % {"paths": ", ".join(paths[:MOST_PATHS]) + more}
    if source.type:
        yield _("    type: %(type)s") % {"type": source.type}
    if source.description:
        yield _("    meaning: %(text)s") % {"text": _shown(source.description, 0)}
    if not source.in_code:
        yield _("    no longer in the code, or no longer allowed by the settings")


def _state_line(name: NameExplanation) -> str:
    match name.state:
        case NameState.DEPRECATED:
            return _("    deprecated: it stays until %(date)s") % {"date": name.until}
        case NameState.OTHER:
            return _("    in the live version, the name means something else")
        case NameState.GONE:
            return _("    not in the live version")
        case NameState.UNREADABLE:
            return _("    the live version cannot be read")
        case _:
            return _("    in the live version, it means the same")


def _shown(text: str, most: int = LONGEST) -> str:
    """A text on one line, without what a terminal would obey."""
    line = " ".join(text.split())
    plain = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in line)
    return f"{plain[:most]}…" if most and len(plain) > most else plain


SUBCOMMANDS = (
    Subcommand(
        "explain-event",
        gettext_lazy("Explain where each name of an event comes from. Shows no values."),
        _explain_event_arguments,
        _explain_event,
    ),
)
