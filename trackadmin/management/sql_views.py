"""What export --format sql writes: statements that create a view for each tracked model."""

from __future__ import annotations

from django.utils.translation import gettext as _

from trackadmin.catalog import catalog
from trackadmin.compiler import CompiledModel, compile_map
from trackadmin.compiler.sql.sql_view import View, view_name, view_sql
from trackadmin.compiler.sql.view_script import script
from trackadmin.document import Document
from trackadmin.exceptions import ExportError
from trackadmin.management.subcommand import Output


def export_views(document: Document, slug: str, alias: str, out: Output) -> None:
    """Write the script that creates or replaces a view for each tracked model.

    The script is for one database. It drops the view of a model that can no longer have one. What a
    view cannot give is reported. Raises :class:`ExportError` if there is no view at all.
    """
    found: list[View] = []
    problems: list[ExportError] = []
    for compiled in compile_map(document, catalog(), slug=slug).by_prefix.values():
        try:
            found.append(_view(compiled, alias, out))
        except ExportError as error:
            problems.append(error)
            words = _("warning: %(model)s has no view: %(error)s")
            out.say(words % {"model": compiled.prefix, "error": error})
    if problems and not found:
        raise problems[0]
    dropped = {*map(view_name, document.models)} - {view.name for view in found}
    out.data(script(found, sorted(dropped)))


def drop_views(document: Document, out: Output) -> None:
    """Write the script that drops the views of all tracked models, if they exist."""
    out.data(script([], map(view_name, document.models)))


def _view(compiled: CompiledModel, alias: str, out: Output) -> View:
    view = view_sql(compiled, alias)
    for each in view.left_out:
        words = _("warning: %(view)s: %(reason)s")
        out.say(words % {"view": view.name, "reason": each})
    return view
