"""Expensive steps happen once: what a load and a preview validate, plan and compile."""

import sys
from collections import Counter

import pytest

from tests.host.models import Person
from tests.maps import EXAMPLE, document, tracked
from trackadmin import editing
from trackadmin.compiler import model as compiled_model
from trackadmin.compiler import problems, snapshot
from trackadmin.document import text
from trackadmin.editing import previewing
from trackadmin.runtime import current_map, tracking_values

pytestmark = pytest.mark.django_db

#: The package has a function of the same name.
validate = sys.modules["trackadmin.document.validate"]

MAP = document(
    Person=tracked("host.person", ["id", "name"], key="id"),
    Country=tracked("host.country", ["code", "name"], key="code"),
)


@pytest.fixture
def calls(monkeypatch):
    """How often each expensive step ran."""
    counted = Counter()

    def count(name, *modules):
        step = getattr(modules[0], name)

        def counting(*arguments, **options):
            counted[name] += 1
            return step(*arguments, **options)

        for module in modules:
            monkeypatch.setattr(module, name, counting)

    count("name_problems", validate, text)
    count("rule_problems", validate, snapshot)
    count("plan", compiled_model, problems)
    count("compile_map", snapshot)
    return counted


def test_a_load_checks_names_once_and_plans_what_is_used(calls):
    """Drift is found without a plan; a model is planned when its first object comes."""
    editing.import_document("default", MAP)
    editing.publish("default", by=None)
    calls.clear()
    assert current_map().drift == ()
    assert calls == {"name_problems": 1, "rule_problems": 1}
    tracking_values(Person(id=1, name="Ann"))
    tracking_values(Person(id=2, name="Bob"))
    assert calls["plan"] == 1


def test_a_preview_compiles_draft_and_live_once(monkeypatch):
    editing.import_document("default", EXAMPLE)
    editing.import_document("default", MAP)
    editing.publish("default", by=None)
    made = []
    compile_map = previewing.compiler.compile_map

    def compiling(read, *arguments, **options):
        made.append(options.get("number", "draft"))
        return compile_map(read, *arguments, **options)

    monkeypatch.setattr(previewing.compiler, "compile_map", compiling)
    shown = editing.preview("default", Person.objects.create(name="Ann"))
    assert shown.values
    assert sorted(map(str, made)) == ["1", "draft"]
