"""What export --format sql writes: a view for each tracked model."""

from __future__ import annotations

from trackadmin.catalog import catalog
from trackadmin.compiler import CompiledModel, compile_map
from trackadmin.compiler.view import View, view_sql
from trackadmin.document import Document
from trackadmin.exceptions import ExportError
from trackadmin.management.subcommand import Output


def export_views(document: Document, slug: str, alias: str, out: Output) -> None:
    """Write the statements that put a view in place for each tracked model, as one script.

    The script is for one database. What no view can give is told of. Raises :class:`ExportError`
    where there is no view at all.
    """
    found: list[View] = []
    problems: list[ExportError] = []
    for compiled in compile_map(document, catalog(), slug=slug).by_prefix.values():
        try:
            found.append(_view(compiled, alias, out))
        except ExportError as error:
            problems.append(error)
            out.say(f"warning: {compiled.prefix} has no view: {error}")
    if problems and not found:
        raise problems[0]
    out.data("BEGIN;\n")
    for view in found:
        out.data(f'DROP VIEW IF EXISTS "{view.name}";\n{view.sql}\n')
    out.data("COMMIT;")


def _view(compiled: CompiledModel, alias: str, out: Output) -> View:
    view = view_sql(compiled, alias)
    for each in view.left_out:
        out.say(f"warning: {view.name} is without {each.name}: {each.why}")
    return view
