"""Laws of the rooms: who reads Django's description of a model, and who looks behind a face."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "trackadmin"

#: Reading these from ``_meta`` only names a model.
NAMES = {"label", "label_lower", "app_label"}
#: What else each room reads from ``_meta``, beside ``catalog``, which describes the host's models.
META = {
    # The columns that a query gives and the tables that it reads; what Django does when it loads
    # an instance, and what may take its place.
    "compiler": {"all_parents", "concrete_fields", "db_table", "get_field", "_meta"},
    # The primary key of a sample, and who may see it.
    "admin": {"concrete_model", "pk", "pk_fields", "_meta"},
    # The primary key by which a table is cut into parts; the columns of an accepted event.
    "runtime": {"db_table", "get_field", "pk", "_meta"},
    # trackadmin's own tables.
    "checks": {"db_table"},
    "outbox": {"db_table"},
    "models": {"concrete_fields", "db_table", "fields", "get_field", "verbose_name_plural"},
}

#: What a room offers beside its face, and to whom. The face is what hosts may use; these are for
#: the other rooms.
DOORS = {
    # The entries and the words that they hold, and which names are legal.
    # The mark of a change, and what changed in a few words.
    "document.changes": {"admin", "editing"},
    "document.differing": {"editing"},
    "document.summaries": {"editing"},
    "document.structure": {"admin", "catalog", "compiler", "editing", "models", "runtime"},
    "document.names": {"admin", "compiler", "editing", "models"},
    "document.validate": {"compiler"},
    "document.aggregate_rules": {"compiler"},
    # The place of actions, and dates that have come.
    "document.action_rules": {"admin", "compiler", "editing"},
    "document.grace": {"editing"},
    "document.renames": {"admin", "editing"},
    "document.value_rules": {"admin", "models"},
    "document.value_labels": {"admin", "editing", "models"},
    # Since when the host has a field, by its migrations.
    "catalog.migrated_names": {"editing"},
    # The words of a name, which lint compares.
    "catalog.words": {"editing"},
    # One way to read a value strictly, for URLs and conditions.
    "catalog.url_texts": {"compiler"},
    # Signal receivers are connected when the app is ready.
    "models.loading": {"apps"},
    "models.names_for_people": {"apps"},
    "models.actions": {"admin"},
    "models.review_requests": {"admin", "editing"},
    "models.draft": {"admin", "apps", "editing"},
    "models.versions": {"runtime"},
    "models.waivers": {"admin", "editing"},
    # One rule for every text that leaves the site.
    "compiler.values.clean_text": {"editing", "outbox", "runtime"},
    # Who tries a URL finds only what they may view.
    "compiler.lookups": {"editing"},
    "compiler.sql.resolver": {"editing"},
    # A preview reads value by value, and hides what its reader may not see.
    "compiler.host.instances": {"editing"},
    "compiler.matching": {"editing"},
    "compiler.plan": {"editing"},
    "compiler.plan_names": {"editing"},
    # Why a tracking URL takes more queries by the draft.
    "compiler.costs": {"editing"},
    "compiler.query_tree": {"editing"},
    # Nor does a sink break it.
    "compiler.savepoints": {"editing", "runtime"},
    # What a publish would end before its date.
    "compiler.old_names": {"editing"},
    "compiler.values.aggregate_reader": {"editing"},
    "compiler.values.aggregate_batches": {"runtime"},
    "compiler.values.children": {"editing", "runtime"},
    "compiler.values.one_by_one": {"editing"},
    # Names that no parameter may have, asked for one action alone.
    "compiler.reserved": {"editing"},
    # Whole tables, and the connection that a server closed.
    "compiler.sql.streams": {"runtime"},
    "compiler.host.managers": {"runtime"},
    "compiler.failures": {"editing", "outbox", "runtime"},
    # A profile shows a value as an event has it, and what a database knows of a whole table.
    "compiler.values.assigned_values": {"editing"},
    "compiler.host.whole_tables": {"editing"},
    # Why a fast path was left, which is counted, and a cache that forgets.
    "compiler.bounded_cache": {"editing", "runtime"},
    "compiler.fast_paths": {"runtime"},
    "compiler.obstacles": {"runtime"},
    # SQL views, which the command alone writes.
    "compiler.sql.sql_view": {"management"},
    "compiler.sql.view_script": {"management"},
    # What the tracking URL and the other entry points share with the runtime.
    "runtime.address": {"checks", "templatetags"},
    "runtime.context": {"backfills", "collect", "management"},
    "runtime.faults": {"backfills", "collect", "outbox", "templatetags"},
    "runtime.parameters": {"collect"},
    "runtime.event_texts": {"admin", "management"},
    "runtime.health": {"checks"},
    "runtime.outcome_reasons": {"management"},
    # A URL that somebody tries out on a page.
    "runtime.dry_run": {"admin"},
    "runtime.query": {"templatetags"},
    "runtime.resolve": {"collect"},
    "runtime.sending": {"collect"},
    "runtime.delivery": {"collect", "testing"},
    # A time as the table of events has it.
    "runtime.accepting": {"outbox"},
    # The sinks of the settings, which workers and pages know by name.
    "runtime.configured_sinks": {"admin", "checks", "outbox"},
    # How a view says to packages that it needs no login.
    "collect.views": {"reading"},
    # Since when a name exists, from the texts of versions.
    "document.vocabulary": {"editing"},
    "compiler.aggregates": {"editing"},
    "models.backfills": {"backfills"},
    # A row that a worker takes; the channels of messages.
    "models.claimable": {"backfills", "outbox"},
    "models.code_lock": {"editing"},
    "models.recipients": {"admin", "editing", "outbox"},
    "models.events": {"admin", "checks", "editing", "outbox", "sinks"},
    # What pages say about stored events, and how far their senders are trusted.
    "outbox.recent_events": {"admin"},
    "outbox.standings": {"admin"},
    "runtime.past_events": {"admin"},
    "runtime.values": {"admin", "management", "outbox"},
    # The name under which the metrics count what nobody declared.
    "runtime.event_counts": {"collect"},
    # The path of the log sink that settings have named first.
    "sinks.log": {"collect"},
    "runtime.state": {"testing"},
    # A profile is kept for one place.
    "runtime.place": {"admin"},
    "runtime.loader": {"testing"},
    "runtime.current": {"testing"},
    # Backfills, which are a command, and tasks.
    "runtime.backfill": {"backfills", "management"},
    "runtime.formats": {"admin", "management"},
    "runtime.backfill_file": {"backfills", "management"},
}

FILES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    """The modules of the package that a file imports, a name at a time."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trackadmin."):
            module = node.module.removeprefix("trackadmin.")
            for name in node.names:
                below = PACKAGE / module.replace(".", "/") / f"{name.name}.py"
                yield f"{module}.{name.name}" if below.exists() else module


def test_only_these_read_how_a_model_is_made():
    """The catalog says what the host's models have; each other reader is known, with its reason."""
    found = {}
    for path in FILES:
        uses = re.findall(r"\b_meta\b(?:\.(\w+))?", path.read_text(encoding="utf-8"))
        read = {name or "_meta" for name in uses} - NAMES
        if read and room_of(path) != "catalog":
            found.setdefault(room_of(path), set()).update(read)
    assert found == META


def test_what_looks_behind_a_face_is_listed():
    """Another room imports a room's face, or one of the modules that are meant for it."""
    found = {}
    for path in FILES:
        for module in imported(path):
            room, _, rest = module.partition(".")
            if rest and room != room_of(path) and (PACKAGE / room).is_dir():
                found.setdefault(module, set()).add(room_of(path))
    assert found == DOORS


@pytest.mark.parametrize(
    "room", ["catalog", "compiler", "document", "editing", "models", "runtime"]
)
def test_a_face_offers_what_it_imports(room):
    """The face of a room is its list of names, and nothing else happens there."""
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    names = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    (listed,) = (node for node in tree.body if isinstance(node, ast.Assign))
    assert listed.targets[0].id == "__all__"
    assert set(ast.literal_eval(listed.value)) == names - {"annotations"}
