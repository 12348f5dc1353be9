"""Subcommands that move maps in and out of files: export, import."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing, texts
from trackadmin.catalog import catalog
from trackadmin.compiler import Fix
from trackadmin.document import (
    Diff,
    Document,
    MapFile,
    dump,
    examine,
    examine_dict,
    to_dict,
    to_python,
)
from trackadmin.exceptions import InvalidMap, NotPublished
from trackadmin.management.sql_views import drop_views, export_views
from trackadmin.management.subcommand import Options, Output, Subcommand
from trackadmin.management.utf8 import NotUtf8, read_text
from trackadmin.management.version_commands import (
    announce,
    by_argument,
    leave_early_argument,
    override_argument,
    person,
    which_arguments,
)
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.runtime import bootstrap_text

FORMATS = ("json", "python", "document", "bootstrap", "sql", *editing.TYPE_FORMATS)


def _export_arguments(parser: ArgumentParser) -> None:
    which_arguments(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="json",
        help=_(
            "json, python: to read and edit; document: the canonical text; bootstrap: for the "
            "setting BOOTSTRAP_FILE; sql: a view for each tracked model; json-schema, typescript, "
            "python-types: what events are, for programs that read them. Default: json."
        ),
    )
    parser.add_argument(
        "--database",
        choices=[*connections],
        default=DEFAULT_DB_ALIAS,
        help=_("for sql: the database of the views"),
    )
    parser.add_argument(
        "--drop",
        action="store_true",
        help=_("for sql: drop the views instead of creating them"),
    )


def _export(options: Options, out: Output) -> None:
    if options["drop"] and options["format"] != "sql":
        raise CommandError(_("--drop is for views: add --format sql, or leave it out."))
    if options["format"] == "bootstrap":
        _export_bootstrap(options, out)
        return
    if options["format"] in editing.TYPE_FORMATS:
        slug, number, draft = options["map"], options["number"], options["draft"]
        written = editing.typed_events(slug, options["format"], number, draft=draft)
        out.data(written.text.rstrip("\n"))
        return
    document = _exported(options)
    if options["format"] == "json":
        out.json(to_dict(document, _cased))
    elif options["format"] == "python":
        out.data(to_python(document, _cased))
    elif options["format"] == "sql" and options["drop"]:
        drop_views(document, out)
    elif options["format"] == "sql":
        export_views(document, options["map"], options["database"], out)
    else:
        out.data(dump(document))


def _export_bootstrap(options: Options, out: Output) -> None:
    if options["draft"]:
        raise CommandError(_("Only a version can be a bootstrap file: leave --draft out."))
    version = _version(options)
    slug = options["map"]
    out.data(bootstrap_text(slug, version.number, version.digest, version.document))


def _exported(options: Options) -> Document:
    """The document to export. That of a version is checked as if it were to be served."""
    if options["draft"]:
        return editing.build_document(options["map"])
    return editing.read_version(_version(options))


def _version(options: Options) -> MapVersion:
    if options["number"] is not None:
        return editing.get_version(options["map"], options["number"])
    live = editing.live_version(options["map"])
    if live is None:
        raise NotPublished(options["map"])
    return live


def _cased(label: str) -> str:
    facts = catalog().get(label)
    return facts.cased_label if facts else label


def _import_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="FILE_OR_DOTTED_PATH",
        help=_("a JSON file, - for stdin, or the dotted path of a Python dict (shop.tracking.MAP)"),
    )
    then = parser.add_mutually_exclusive_group()
    then.add_argument("--dry-run", action="store_true", help=_("only show what would change"))
    then.add_argument("--publish", action="store_true", help=_("publish it as well"))
    parser.add_argument(
        "--fix",
        action="store_true",
        help=_(
            "correct mechanical errors and say how: give children that lead to the same name "
            "prefixes of their own, remove children whose model is not in the map, and "
            "include children without their own children where a model would give too many names"
        ),
    )
    locks = parser.add_mutually_exclusive_group()
    locks.add_argument(
        "--lock",
        action="store_true",
        help=_("from now on only this command changes the map: pages refuse to"),
    )
    locks.add_argument(
        "--lock-model",
        metavar="PREFIX",
        nargs="+",
        default=[],
        help=_("the same, of these tracked models alone"),
    )
    locks.add_argument("--unlock", action="store_true", help=_("pages may change all of it again"))
    parser.add_argument("--note", default="", help=_("what changes and why, for --publish"))
    leave_early_argument(parser)
    override_argument(parser)
    by_argument(parser)


def _import(options: Options, out: Output) -> None:
    found = _map_file(options["source"])
    fixes: list[Fix] = []
    if options["fix"]:
        fixed, fixes = editing.fixes(options["map"], found.document, imported=True)
        found = replace(found, document=fixed)
        for each in fixes:
            out.say(_("fix: %(fix)s") % {"fix": each})
    try:
        difference, version = _import_found(options, found)
    except InvalidMap as refusal:
        if not options["fix"]:
            given = (options["map"], found.document, refusal.problems)
            _offer_fixes(editing.offered(*given, imported=True), out)
        raise
    _say_changes(difference, out)
    if fixes and not options["dry_run"]:
        out.say(_("The file was not changed. 'export --draft' writes the corrected map."))
    if not options["dry_run"]:
        _say_locks(options, out)
    if version:
        announce(version, out)


def _set_locks(options: Options, found: MapFile) -> None:
    """Lock or unlock as the options say; without any, what is locked stays so."""
    source, prefixes = str(options["source"]), options["lock_model"]
    missing = [prefix for prefix in prefixes if prefix not in found.document.models]
    if missing:
        words = _("The map has no tracked model %(prefixes)s, so it cannot be locked.")
        raise CommandError(words % {"prefixes": ", ".join(missing)})
    if options["lock"] or prefixes:
        editing.lock_to_code(options["map"], prefixes or [editing.WHOLE_MAP], source=source)
    elif options["unlock"]:
        editing.unlock(options["map"])


def _say_locks(options: Options, out: Output) -> None:
    if options["lock"]:
        out.say(_("The map is managed by code now: pages show it and do not change it."))
    elif options["lock_model"]:
        words = _("These are managed by code now, and nothing else of the map: %(prefixes)s.")
        out.say(words % {"prefixes": ", ".join(options["lock_model"])})
    elif options["unlock"]:
        out.say(_("Nothing of the map is managed by code any more."))


def _import_found(options: Options, found: MapFile) -> tuple[Diff, MapVersion | None]:
    slug, by = options["map"], person(options)
    if options["dry_run"]:
        return editing.import_document(slug, found, dry_run=True), None
    comment = texts.gettext("Imported from %(source)s.", source=str(options["source"]))
    # Both are done or neither: a map that cannot be published leaves the draft unchanged.
    with transaction.atomic(using=router.db_for_write(TrackingMap)):
        difference = editing.import_document(slug, found, by=by, comment=comment, from_code=True)
        _set_locks(options, found)
        if not options["publish"]:
            return difference, None
        return difference, editing.publish(
            slug,
            by=by,
            note=options["note"],
            leave_early=options["leave_early"],
            override=options["override"],
        )


def _offer_fixes(fixes: list[Fix], out: Output) -> None:
    if fixes:
        out.say(_("Run it again with --fix to correct these:"))
    out.some([f"  {fix}" for fix in fixes])


def _say_changes(difference: Diff, out: Output) -> None:
    if difference:
        out.data(str(difference))
    else:
        out.say(_("The draft already has the same content."))


def _map_file(source: str) -> MapFile:
    """Read a map from a file, from stdin or from a Python dict, as far as possible."""
    if source != "-" and not Path(source).is_file():
        return examine_dict(_python_object(source), catalog().find)
    try:
        text = read_text(source)
    except OSError as error:
        words = _("'%(source)s' cannot be read: %(error)s.")
        raise CommandError(words % {"source": source, "error": error}) from error
    except NotUtf8 as error:
        raise CommandError(_not_utf8(source, error)) from error
    return examine(text, catalog().find)


def _not_utf8(source: str, error: NotUtf8) -> str:
    if error.encoding:
        words = _(
            "'%(source)s' cannot be read: it is %(encoding)s or binary. A map file must be UTF-8. "
            "Save it as UTF-8."
        )
        return words % {"source": source, "encoding": error.encoding}
    words = _(
        "'%(source)s' cannot be read: it is not UTF-8 (byte %(position)s is %(byte)s). Save it as "
        "UTF-8."
    )
    return words % {"source": source, "position": error.position, "byte": f"{error.byte:#04x}"}


def _python_object(source: str) -> object:
    try:
        return import_string(source)
    except ImportError as error:
        words = _(
            "There is no file '%(source)s', and no Python object of that name (%(error)s). Give a "
            "JSON file, - for stdin, or the dotted path of a dict, such as shop.tracking.MAP."
        )
        raise CommandError(words % {"source": source, "error": error}) from error


SUBCOMMANDS = (
    Subcommand(
        "export",
        gettext_lazy("Write a map to stdout: the live version, another version or the draft."),
        _export_arguments,
        _export,
    ),
    Subcommand(
        "import",
        gettext_lazy("Replace the draft with a map from a file or from Python code."),
        _import_arguments,
        _import,
    ),
)
