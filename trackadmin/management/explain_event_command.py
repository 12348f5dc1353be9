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
from trackadmin.editing import BadLine, EventExplanation, InWords, NameInWords
from trackadmin.management.subcommand import Options, Output, Subcommand, counted, for_machines
from trackadmin.management.utf8 import read_bytes
from trackadmin.texts import Text


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
    for line, explained in editing.explain_events(data, options["map"]):
        if isinstance(explained, BadLine):
            error = str(explained.reason)
            wrong.append(_("line %(line)s: %(error)s") % {"line": line, "error": error})
            found.append({"line": line, "error": error})
        elif options["json"]:
            found.append({"line": line, **_as_json(explained)})
        else:
            for each in _lines(line, explained):
                out.data(each)
    if options["json"]:
        out.json(found)
    out.some(wrong)
    return len(wrong)


def _as_json(explained: EventExplanation) -> dict[str, Any]:
    found = asdict(explained)
    for source in (each for name in found["names"] for each in name["sources"]):
        del source["origin"]
    return found


def _lines(line: int, explained: EventExplanation) -> Iterator[str]:
    event = editing.event_in_words(line, explained)
    yield str(event.head)
    for gap in event.gaps:
        yield f"  {gap}"
    yield from _lines_of(f"  {event.action.head}", event.action)
    for name in event.names:
        yield from _name_lines(name)


def _name_lines(name: NameInWords) -> Iterator[str]:
    for source in name.sources:
        yield from _lines_of(_line_of_name(name.name, source.words.head), source.words)
    rest = name.state
    if not name.sources:
        yield _line_of_name(name.name, name.state[0])
        rest = name.state[1:]
    for state in rest:
        yield f"    {state}"


def _line_of_name(name: str, words: Text) -> str:
    return _("  %(name)s: %(words)s") % {"name": name, "words": words}


def _lines_of(first: str, words: InWords) -> Iterator[str]:
    yield first
    for each in words.details:
        yield f"    {each}"


SUBCOMMANDS = (
    Subcommand(
        "explain-event",
        gettext_lazy("Explain where each name of an event comes from. Shows no values."),
        _explain_event_arguments,
        _explain_event,
    ),
)
