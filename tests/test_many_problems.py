"""F18: a text about many problems is short: some of each kind are shown, the others counted."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from trackadmin import testing
from trackadmin.admin.differences import faults
from trackadmin.exceptions import LINES, LINES_OF_A_KIND, InvalidMap, Problem, few
from trackadmin.management.subcommand import Output

MANY = 100_000


def problem(code="attribute.gone", where="Order.x", level="error", message="No attribute 'x'."):
    return Problem(code, level, where, message, "Take it out.")


@pytest.fixture(scope="module")
def many():
    return [problem(where=f"Order.x{number}") for number in range(MANY)]


def test_few_problems_are_all_shown():
    all_of_them = [problem(where=f"Order.x{number}") for number in range(LINES_OF_A_KIND)]
    assert list(few(all_of_them)) == all_of_them


def test_error_shows_some_of_a_kind_and_counts_the_rest(many):
    """All stay on the exception, for code that reads them; only the text is short."""
    error = InvalidMap("The map has errors.", many)
    assert len(error.problems) == MANY
    assert len(str(error)) < 50_000
    assert f"There are {MANY - LINES_OF_A_KIND} more problems of the same kind" in str(error)


def test_kind_of_which_there_is_one_is_not_lost_among_many(many):
    rare = problem("child.gone", "Order.y")
    text = str(InvalidMap("The map has errors.", [*many, rare]))
    assert str(rare) in text


def test_many_kinds_and_long_texts_are_bounded_too():
    """A file can hold a name of a megabyte, and errors of every kind."""
    kinds = [problem(f"a.kind{number}", message="x" * 1_000_000) for number in range(900)]
    text = str(InvalidMap("x", kinds))
    assert len(text) < 500_000
    assert "There are 400 more problems, of other kinds." in text


def test_command_and_page_show_as_few(many):
    said = []
    Output(said.append, said.append).problems(many)
    assert len(said) == LINES_OF_A_KIND + 1
    assert said[0].startswith("error: Order.x0:")
    shown = faults(many)
    assert len(shown) == LINES_OF_A_KIND + 1
    assert f" {MANY - LINES_OF_A_KIND} more problems" in shown[-1].problem.message


@pytest.mark.django_db
def test_import_of_a_file_full_of_errors_answers_fewly(tmp_path):
    """100,000 attributes that the model does not have made 7 MB of text."""
    testing.reset()
    names = [f"x{number}" for number in range(20_000)]
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"User": {"attributes": names}}))
    with pytest.raises(CommandError) as raised:
        call_command("trackadmin", "import", str(path), stdout=StringIO(), stderr=StringIO())
    assert len(str(raised.value)) < 50_000
    assert "19800 more problems" in str(raised.value)


def test_errors_come_before_many_warnings():
    """A page that shows only some of many problems shows the errors."""
    warnings = [problem(f"a.kind{number}", level="warning") for number in range(500)]
    error = problem("child.gone")
    assert faults([*warnings, error])[0].problem == error


def test_many_fixes_are_told_briefly():
    """The kind of F18: what `import --fix` offers or did for a file with 100,000 errors."""
    said = []
    Output(said.append, said.append).some([f"fix {number}" for number in range(MANY)])
    assert said[:2] == ["fix 0", "fix 1"]
    assert said[LINES:] == [f"and {MANY - LINES:,} more"]
