"""A word has one meaning: names that many files define mean the same in each of them."""

import ast
from collections import Counter, defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "trackadmin"

#: Names that Django or Python look for.
PROTOCOLS = {"get", "post", "get_queryset", "save", "write", "close", "flush", "clean"}
PROTOCOLS |= {"Meta", "natural_key"}
#: What means the same wherever it is defined.
SAME_MEANING = {
    "as_entry": "what somebody typed, as an entry of the map",
    "as_json": "data for JSON",
    "groups": "the rows of a page, in groups",
    "held_on": "what a sink holds of a day",
    "deliver": "give events to a sink",
    "flatten": "from objects to values",
    "forget": "drop what the process keeps",
    "old_name": "the name that a row of a form has had",
    "new_name": "the name that it gets",
    "send_message": "one message to its recipient",
    "send_batch": "some events as one request, and what the receiver answered",
    "resolve": "from references to values",
    "tracking_map": "the map that a page is about",
    "_forget": "drop what this file keeps",
    "_message": "an event as the client of a vendor takes it",
    "_confirmation": "the page that asks before it deletes",
    "_form": "the form of a page, or of a request's body",
    "_forms": "the forms that a joined form is made of",
    "_agree": "whether the forms of a joined form fit together",
}
#: Names of two meanings or more in three files or more. It only ever goes down.
BOUND = 9


def definitions():
    """The files that define each name, for a function, a method or a class."""
    found = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[node.name].add(str(path.relative_to(PACKAGE)))
    return found


def test_few_names_are_defined_in_three_files():
    """A reader who has met a name once knows it."""
    many = {
        name: sorted(files)
        for name, files in definitions().items()
        if len(files) >= 3
        and not name.startswith("__")
        and name not in PROTOCOLS
        and name not in SAME_MEANING
    }
    assert len(many) <= BOUND, "\n".join(f"{name}: {', '.join(many[name])}" for name in many)


def test_the_exceptions_are_still_needed():
    found = definitions()
    assert all(len(found[name]) >= 3 for name in SAME_MEANING)


#: Files that share a name: they are about the same thing, or Django looks for them.
SAME_FILES = {
    "__init__": "faces of rooms",
    "event": "the event, and where sites import it from",
    "trackadmin": "the name by which Django finds the command and the template tags",
    "urls": "the addresses that sites include",
    "versions": "the published versions: their table, and how editing finds them",
}


def test_files_of_one_name_are_about_one_thing():
    """A file is named by the noun that it provides."""
    stems = Counter(path.stem for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
    assert {stem for stem, number in stems.items() if number > 1} == SAME_FILES.keys()
