"""Subcommands of versions: publish, rollback, versions, diff, check."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from trackadmin import editing
from trackadmin.document import Document
from trackadmin.exceptions import NotPublished, Problem, few
from trackadmin.management.subcommand import Options, Output, Subcommand
from trackadmin.models import MapVersion
from trackadmin.runtime import live_problems


def by_argument(parser: ArgumentParser) -> None:
    """Let the caller say who does it."""
    parser.add_argument(
        "--by", metavar="USERNAME", help="who does it, for the history; default: nobody"
    )


def person(options: Options) -> Any:
    """The user that ``--by`` names, ``None`` where it is not given."""
    username = options["by"]
    if username is None:
        return None
    users: Any = get_user_model()
    manager = users._default_manager
    try:
        if hasattr(manager, "get_by_natural_key"):
            return manager.get_by_natural_key(username)
        return manager.get(**{users.USERNAME_FIELD: username})
    except users.DoesNotExist as error:
        message = f"There is no user {username!r}. Give the name that the user logs in with."
        raise CommandError(message) from error


def announce(version: MapVersion, out: Output) -> None:
    """Tell of a new version, and of what its author may want to know."""
    what = f"Published version {version.number} of the map {version.map.slug!r}."
    if version.restores:
        what = f"{what[:-1]}: version {version.restores} again."
    out.say(f"{what} (digest {version.digest[:12]})")


def _publish_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--note", default="", help="what changes and why")
    parser.add_argument(
        "--expected",
        metavar="DIGEST",
        help="publish only if the draft still has this digest ('check --json' gives it)",
    )
    by_argument(parser)


def _publish(options: Options, out: Output) -> None:
    version = editing.publish(
        options["map"], by=person(options), note=options["note"], expected=options["expected"]
    )
    announce(version, out)
    out.problems(editing.draft_problems(options["map"]))


def _rollback_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("number", type=int, metavar="N", help="the version to bring back")
    parser.add_argument("--note", default="", help="why")
    parser.add_argument(
        "--restore-draft", action="store_true", help="put the draft back to that version as well"
    )
    by_argument(parser)


def _rollback(options: Options, out: Output) -> None:
    slug, number, by = options["map"], options["number"], person(options)
    announce(editing.roll_back(slug, to=number, by=by, note=options["note"]), out)
    if options["restore_draft"]:
        editing.restore_draft(slug, number, by=by)
        out.say(f"The draft is that of version {number} again.")
    out.problems(live_problems(slug))


def _json_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON")


def _versions(options: Options, out: Output) -> None:
    rows = [_as_json(v) for v in editing.versions(options["map"]).select_related("author")]
    if options["json"]:
        out.json(rows)
        return
    for row in rows:
        again = f"version {row['restores']} again. " if row["restores"] else ""
        author = f" by {row['author']}" if row["author"] else ""
        note = " ".join(row["note"].split())
        when = row["created_at"][:19].replace("T", " ")
        line = f"{row['number']:>5}  {when} UTC{author}  {again}{note}"
        out.data(line.rstrip())
    if not rows:
        out.say(str(NotPublished(options["map"])))


def _as_json(version: MapVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "digest": version.digest,
        "note": version.note,
        "author": str(version.author) if version.author else None,
        "created_at": editing.in_utc(version.created_at).isoformat(),
        "restores": version.restores,
    }


def _diff_arguments(parser: ArgumentParser) -> None:
    for side in ("old", "new"):
        parser.add_argument(side, help="a version's number, 'draft' or 'live'")
    _json_argument(parser)


def _diff(options: Options, out: Output) -> None:
    old, new = (_side(options["map"], options[side]) for side in ("old", "new"))
    difference = editing.diff(old, new)
    if options["json"]:
        out.json(difference.as_json())
    elif difference:
        out.data(str(difference))
    else:
        out.say("They are the same.")


def _side(slug: str, name: str) -> MapVersion | Document:
    if name == "draft":
        return editing.build_document(slug)
    if name == "live":
        live = editing.live_version(slug)
        if live is None:
            raise NotPublished(slug)
        return live
    if name.isascii() and name.isdigit():
        return editing.get_version(slug, int(name))
    raise CommandError(f"{name!r} is no version. Give its number, 'draft' or 'live'.")


def _check(options: Options, out: Output) -> None:
    slug = options["map"]
    live = editing.live_version(slug)
    found = {"draft": editing.draft_problems(slug), "live": live_problems(slug)}
    if options["json"]:
        report = {side: [_problem(p) for p in problems] for side, problems in found.items()}
        number = live.number if live else None
        out.json({"version": number, "draft_digest": editing.draft_digest(slug), **report})
    else:
        for side, problems in found.items():
            for problem in few(problems):
                out.data(f"{side}: {problem.level}: {problem}")
    if live is None:
        out.say(str(NotPublished(slug)))
    errors = sum(p.level == "error" for problems in found.values() for p in problems)
    if errors:
        raise CommandError(f"The map {slug!r} has {errors} error{'s' if errors > 1 else ''}.")
    out.say(f"The map {slug!r} has no errors.")


def _problem(problem: Problem) -> dict[str, str]:
    fields = ("code", "level", "where", "message", "fix")
    return {name: getattr(problem, name) for name in fields}


SUBCOMMANDS = (
    Subcommand("publish", "Make the draft the next version.", _publish_arguments, _publish),
    Subcommand(
        "rollback", "Bring an old version back as the next one.", _rollback_arguments, _rollback
    ),
    Subcommand("versions", "List the versions, the live one first.", _json_argument, _versions),
    Subcommand("diff", "Say what changed from one side to the other.", _diff_arguments, _diff),
    Subcommand(
        "check",
        "Find what is wrong with the draft and what the live version has lost; exit 1 on errors.",
        _json_argument,
        _check,
    ),
)
