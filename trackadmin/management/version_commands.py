"""Subcommands of versions: publish, rollback, versions, diff, check."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin import editing
from trackadmin.exceptions import NotPublished, few
from trackadmin.management.due_command import check_due, due_argument
from trackadmin.management.lint_command import check_lint, lint_arguments
from trackadmin.management.subcommand import (
    Options,
    Output,
    Subcommand,
    counted,
    for_machines,
    problem_as_json,
)
from trackadmin.models import MapVersion
from trackadmin.runtime import live_problems


def by_argument(parser: ArgumentParser) -> None:
    """Let the caller say who does it."""
    parser.add_argument(
        "--by", metavar="USERNAME", help=_("who does it, for the history; default: nobody")
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
        message = _("There is no user '%(name)s'. Give the name that the user logs in with.")
        raise CommandError(message % {"name": username}) from error


def announce(version: MapVersion, out: Output) -> None:
    """Say which version was published."""
    if version.restores:
        words = _(
            "Published version %(number)s of the map '%(map)s', which brings back version "
            "%(restores)s (digest %(digest)s)."
        )
    else:
        words = _("Published version %(number)s of the map '%(map)s' (digest %(digest)s).")
    out.say(
        words
        % {
            "number": version.number,
            "map": version.map.slug,
            "restores": version.restores,
            "digest": version.digest[:12],
        }
    )
    if version.early_names:
        words = _("These names left before their date: %(names)s.")
        out.say(words % {"names": ", ".join(version.early_names)})
    if version.overridden:
        out.say(_("It was published without the approvals that the site asks for."))


def which_arguments(parser: ArgumentParser) -> None:
    """Let the caller choose the draft or another version than the live one."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--draft", action="store_true", help=_("the draft, not the live version"))
    which.add_argument("--version", type=int, dest="number", metavar="N", help=_("this version"))


def leave_early_argument(parser: ArgumentParser) -> None:
    """Let the caller end deprecated names before their date."""
    parser.add_argument(
        "--leave-early",
        metavar="NAME",
        nargs="+",
        default=[],
        help=_(
            "deprecated names that may leave before their date, with a note that says why; "
            "Old_ stands for all names that begin with it"
        ),
    )


def override_argument(parser: ArgumentParser) -> None:
    """Let the caller publish without approvals."""
    parser.add_argument(
        "--override",
        action="store_true",
        help=_(
            "in an emergency, do it without the approvals that the site asks for, with a note that "
            "says why; the version is marked"
        ),
    )


def _publish_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--note", default="", help=_("what changes and why"))
    leave_early_argument(parser)
    override_argument(parser)
    parser.add_argument(
        "--expected",
        metavar="DIGEST",
        help=_("publish only if the draft still has this digest ('check --json' gives it)"),
    )
    by_argument(parser)


def _publish(options: Options, out: Output) -> None:
    version = editing.publish(
        options["map"],
        by=person(options),
        note=options["note"],
        expected=options["expected"],
        leave_early=options["leave_early"],
        override=options["override"],
    )
    announce(version, out)
    out.problems(editing.draft_problems(options["map"]))


def _rollback_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("number", type=int, metavar="N", help=_("the version to bring back"))
    parser.add_argument("--note", default="", help=_("why"))
    override_argument(parser)
    parser.add_argument(
        "--restore-draft",
        action="store_true",
        help=_("restore the draft to that version as well"),
    )
    by_argument(parser)


def _rollback(options: Options, out: Output) -> None:
    slug, number, by = options["map"], options["number"], person(options)
    note, override = options["note"], options["override"]
    announce(editing.roll_back(slug, to=number, by=by, note=note, override=override), out)
    if options["restore_draft"]:
        editing.restore_draft(slug, number, by=by)
        out.say(_("The draft was restored to version %(number)s.") % {"number": number})
    out.problems(live_problems(slug))


def _json_argument(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_("write JSON"))


def _list_versions(options: Options, out: Output) -> None:
    rows = [_as_json(v) for v in editing.versions(options["map"]).select_related("author")]
    if options["json"]:
        out.json(rows)
        return
    for row in rows:
        out.data(_version_line(row).rstrip())
    if not rows:
        out.say(str(NotPublished(options["map"])))


def _version_line(row: dict[str, Any]) -> str:
    cells = [f"{row['number']:>5}", f"{row['created_at'][:19].replace('T', ' ')} UTC"]
    if row["author"]:
        cells.append(_("by %(author)s") % {"author": row["author"]})
    if row["restores"]:
        cells.append(_("brings back version %(number)s") % {"number": row["restores"]})
    if row["left_early"]:
        names = ", ".join(row["left_early"])
        cells.append(_("left before their date: %(names)s") % {"names": names})
    if row["overridden"]:
        cells.append(_("published without approval"))
    return "  ".join([*cells, " ".join(row["note"].split())])


def _as_json(version: MapVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "digest": version.digest,
        "note": version.note,
        "author": str(version.author) if version.author else None,
        "created_at": editing.in_utc(version.created_at).isoformat(),
        "restores": version.restores,
        "left_early": version.early_names,
        "overridden": version.overridden,
    }


def sides_arguments(parser: ArgumentParser) -> None:
    """Let the caller name two versions."""
    for side in ("old", "new"):
        parser.add_argument(side, help=_("a version's number, 'draft' or 'live'"))


def _diff_arguments(parser: ArgumentParser) -> None:
    sides_arguments(parser)
    _json_argument(parser)


def _diff(options: Options, out: Output) -> None:
    slug = options["map"]
    sides = [version_named(slug, options[side]) for side in ("old", "new")]
    old, new = (editing.build_document(slug) if each is None else each for each in sides)
    difference = editing.diff(old, new)
    if options["json"]:
        with for_machines():
            out.json(difference.as_json())
    elif difference:
        out.data(str(difference))
    else:
        out.say(_("They are the same."))


def version_named(slug: str, name: str) -> MapVersion | None:
    """The version of this number, or the live one; ``None`` for the draft."""
    if name == "draft":
        return None
    if name == "live":
        live = editing.live_version(slug)
        if live is None:
            raise NotPublished(slug)
        return live
    if name.isascii() and name.isdigit():
        return editing.get_version(slug, int(name))
    words = _("'%(name)s' is not a version. Give its number, 'draft' or 'live'.")
    raise CommandError(words % {"name": name})


def _check_arguments(parser: ArgumentParser) -> None:
    _json_argument(parser)
    instead = parser.add_mutually_exclusive_group()
    lint_arguments(parser, instead)
    due_argument(instead)
    instead.add_argument(
        "--undecided",
        action="store_true",
        help=_(
            "instead list the attributes of tracked models that nobody has decided to track or to "
            "ignore, the newest first; exits with 1 if there are any"
        ),
    )


def _check(options: Options, out: Output) -> None:
    if options["lint"] or options["values"]:
        check_lint(options, out)
    elif options["due"]:
        check_due(options, out)
    elif options["undecided"]:
        _check_undecided(options, out)
    else:
        _check_map(options, out)


def _check_undecided(options: Options, out: Output) -> None:
    slug = options["map"]
    found = editing.undecided(slug)
    if options["json"]:
        with for_machines():
            attributes = [_undecided_as_json(each) for each in found.attributes]
        models = [each.cased_label for each in found.models]
        out.json({"undecided": attributes, "models_not_in_the_map": models})
    else:
        for each in found.attributes:
            words = _("%(where)s: %(type)s") % {"where": each.where, "type": each.facts.type_label}
            if each.facts.personal:
                words = _("%(attribute)s · probably personal") % {"attribute": words}
            out.data(_with_arrival(words, each.arrival))
    if found.models:
        words = ngettext(
            "The map '%(map)s' does not track %(count)s model of the site.",
            "The map '%(map)s' does not track %(count)s models of the site.",
            len(found.models),
        )
        out.say(words % {"map": slug, **counted(len(found.models))})
    if found.attributes:
        number = len(found.attributes)
        words = ngettext(
            "Nobody has decided about %(count)s attribute of the map '%(map)s'. Track or ignore it "
            "on the page of its tracked model.",
            "Nobody has decided about %(count)s attributes of the map '%(map)s'. Track or ignore "
            "each on the page of its tracked model.",
            number,
        )
        raise CommandError(words % {"map": slug, **counted(number)})
    words = _("All attributes of the map's tracked models are decided.")
    out.say(words)


def _with_arrival(words: str, arrival: editing.Arrival | None) -> str:
    if arrival is None:
        return words
    values = {"attribute": words, "migration": arrival.migration}
    if arrival.applied is None:
        return _("%(attribute)s · new with migration %(migration)s, not applied yet") % values
    day = f"{arrival.applied:%Y-%m-%d}"
    return _("%(attribute)s · since %(day)s, migration %(migration)s") % {**values, "day": day}


def _undecided_as_json(each: editing.UndecidedAttribute) -> dict[str, Any]:
    since = each.arrival and each.arrival.applied
    return {
        "model": each.model.cased_label,
        "prefix": each.prefix,
        "source": each.facts.name,
        "type": each.facts.type_label,
        "personal": each.facts.personal,
        "migration": each.arrival and each.arrival.migration,
        "applied": since and since.isoformat(),
    }


def _check_map(options: Options, out: Output) -> None:
    slug = options["map"]
    live = editing.live_version(slug)
    found = {"draft": editing.draft_problems(slug), "live": live_problems(slug)}
    if options["json"]:
        with for_machines():
            report = {
                side: [problem_as_json(p) for p in problems] for side, problems in found.items()
            }
        number = live.number if live else None
        out.json({"version": number, "draft_digest": editing.draft_digest(slug), **report})
    else:
        for problem in few(found["draft"]):
            out.data(_("draft: %(problem)s") % {"problem": problem.line})
        for problem in few(found["live"]):
            out.data(_("live: %(problem)s") % {"problem": problem.line})
    if live is None:
        out.say(str(NotPublished(slug)))
    errors = sum(p.level == "error" for problems in found.values() for p in problems)
    if errors:
        words = ngettext(
            "The map '%(map)s' has %(count)s error.",
            "The map '%(map)s' has %(count)s errors.",
            errors,
        )
        raise CommandError(words % {"map": slug, **counted(errors)})
    out.say(_("The map '%(map)s' has no errors.") % {"map": slug})


SUBCOMMANDS = (
    Subcommand(
        "publish",
        gettext_lazy("Publish the draft as the next version."),
        _publish_arguments,
        _publish,
    ),
    Subcommand(
        "rollback",
        gettext_lazy("Publish an old version again, as the next one."),
        _rollback_arguments,
        _rollback,
    ),
    Subcommand(
        "versions",
        gettext_lazy("List the versions, the live one first."),
        _json_argument,
        _list_versions,
    ),
    Subcommand(
        "diff", gettext_lazy("Show what changed between two versions."), _diff_arguments, _diff
    ),
    Subcommand(
        "check",
        gettext_lazy(
            "Find what is wrong with the draft, and what the live version names that the code no "
            "longer has. Exits with 1 if there are errors."
        ),
        _check_arguments,
        _check,
    ),
)
