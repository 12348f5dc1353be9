"""``check --lint``: what could be better in the draft, for people and for CI."""

from __future__ import annotations

from argparse import ArgumentParser, _MutuallyExclusiveGroup
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import editing
from trackadmin.editing import Lint, Waived
from trackadmin.exceptions import Problem, few
from trackadmin.management.subcommand import (
    Options,
    Output,
    counted,
    for_machines,
    problem_as_json,
)


def lint_arguments(parser: ArgumentParser, instead: _MutuallyExclusiveGroup) -> None:
    """Let the caller ask for lint, and for the values too."""
    instead.add_argument(
        "--lint",
        action="store_true",
        help=_(
            "instead list what could be better in the draft; exits with 1 if there is a warning or "
            "an error that nobody has waived"
        ),
    )
    parser.add_argument(
        "--values",
        action="store_true",
        help=_(
            "with --lint: also read rows of the site, and count values that look like e-mail "
            "addresses, phone numbers or IBANs"
        ),
    )


def check_lint(options: Options, out: Output) -> None:
    """Write what lint finds; an error of the command if that must not pass."""
    if not options["lint"]:
        raise CommandError(_("--values reads rows for lint. Give --lint --values."))
    found = editing.lint(options["map"], editing.ALL_ROWS if options["values"] else None)
    if options["json"]:
        with for_machines():
            out.json(_lint_as_json(found))
    else:
        for problem in few(found.problems):
            out.data(problem.line)
    for note in found.values.notes if found.values else ():
        out.say(str(note))
    _say_waived(found.waived, out)
    _require_pass(options["map"], found.problems, out)


def _require_pass(slug: str, problems: Sequence[Problem], out: Output) -> None:
    stopping = sum(problem.level != "hint" for problem in problems)
    if stopping:
        words = ngettext(
            "Lint finds %(count)s warning or error in the map '%(map)s'. Correct it, or waive it "
            "with a reason on the page Quality.",
            "Lint finds %(count)s warnings and errors in the map '%(map)s'. Correct them, or waive "
            "them with a reason on the page Quality.",
            stopping,
        )
        raise CommandError(words % {"map": slug, **counted(stopping)})
    out.say(_("Lint finds no warning and no error in the map '%(map)s'.") % {"map": slug})


def _say_waived(waived: Sequence[Waived], out: Output) -> None:
    if waived:
        words = ngettext(
            "%(count)s problem is waived.", "%(count)s problems are waived.", len(waived)
        )
        out.say(words % counted(len(waived)))


def _lint_as_json(found: Lint) -> dict[str, Any]:
    return {
        "problems": [problem_as_json(each) for each in found.problems],
        "waived": [_waived_as_json(each) for each in found.waived],
        "notes": [str(note) for note in found.values.notes] if found.values else [],
    }


def _waived_as_json(each: Waived) -> dict[str, Any]:
    waiver = each.waiver
    return {
        "code": waiver.code,
        "where": waiver.place,
        "reason": waiver.reason,
        "by": waiver.author_name or None,
        "at": editing.in_utc(waiver.created_at).isoformat(),
        "needed": each.needed,
    }
