"""Every sentence for people goes through gettext, in code and in templates (point 9)."""

from pathlib import Path

import pytest

from tests import sentences
from tests.messages import ROOT

#: Words outside the translate tags that nobody reads, by the template's name.
TEMPLATES = {
    "base.html": ["app-trackadmin trackadmin"],
    # The names of formats and languages.
    "dictionary.html": ["Markdown", "JSON", "TypeScript", "Python"],
}


#: Texts in code that nobody reads in a language of their own, by file and beginning, and why.
CODE = {
    ("codes.py", ""): "for developers; docs/codes.md is made of it",
    ("catalog/collections.py", "reverse foreign key"): "a code for a kind of relation",
    ("catalog/conditions.py", "It is of another type"): "an error that the caller catches",
    ("catalog/facts.py", "foreign key"): "a code for a kind of relation",
    ("catalog/facts.py", "reverse one-to-one"): "a code for a kind of relation",
    ("catalog/kinds.py", "ip address"): "the code of a kind",
    ("catalog/obvious.py", "reverse one-to-one"): "a code for a kind of relation",
    ("catalog/relations.py", "foreign key"): "a code for a kind of relation",
    ("catalog/relations.py", "reverse one-to-one"): "a code for a kind of relation",
    ("compiler/fixing.py", "reverse one-to-one"): "a code for a kind of relation",
    ("compiler/plan.py", "reverse one-to-one"): "a code for a kind of relation",
    ("compiler/host/instances.py", "0 where 0"): "an error that the caller catches",
    ("compiler/lookups.py", "0 cannot be looked up"): "what only a developer can pass",
    ("compiler/sql/streams.py", "0: rows of"): "the name of generated code",
    ("compiler/values/aggregate_values.py", "values of the kind"): "the name of generated code",
    ("compiler/values/source.py", "0 is not a plain name"): "a mistake in our own code",
    ("compiler/values/source.py", "0 cannot be in"): "a mistake in our own code",
    ("compiler/values/sqlite_values.py", "The column holds"): "the detail of a fault in the log",
    ("editing/json_schemas.py", ""): "programs read it, the same in every language",
    ("editing/event_types.py", "The events of the map"): "programs read it, in every language",
    ("editing/event_types.py", "the draft"): "programs read it, in every language",
    ("editing/typescript_types.py", ""): "programs read it, the same in every language",
    ("reading/map_views.py", ""): "programs read it, the same in every language",
    ("models/draft.py", "Default map"): "the name of a row, which people may change",
    ("models/draft.py", "Can "): "Django keeps the names of permissions in a table",
    ("runtime/faults.py", "an unknown map"): "a place in the log",
    ("runtime/place.py", "TRACKADMIN['TENANT']"): "an error in the log; a check tells people",
    ("runtime/resolve.py", "an unknown prefix"): "a place in the log",
    ("sinks/amplitude.py", "Invalid API key"): "the start of what Amplitude answers",
}


def found_in_templates():
    for path in sorted(ROOT.glob("templates/**/*.html")):
        if path.parent.name == "handbook":  # a file for each language
            continue
        for sentence in sentences.in_template(path, path.name):
            if not any(excused in sentence.text for excused in TEMPLATES.get(path.name, ())):
                yield sentence


def test_no_template_holds_words_outside_its_translate_tags():
    assert [*found_in_templates()] == []


def code():
    """The package's files of Python, by their names inside it."""
    for path in sorted(ROOT.glob("trackadmin/**/*.py")):
        name = path.relative_to(ROOT / "trackadmin").as_posix()
        if "migrations/" not in name:
            yield path, name


def found_in_code():
    for path, name in code():
        for sentence in sentences.in_code(path, name):
            reasons = [start for file, start in CODE if file == name]
            if not any(sentence.text.startswith(start) for start in reasons):
                yield sentence


def test_no_sentence_in_code_is_outside_gettext():
    assert [*found_in_code()] == []


def test_every_excuse_excuses_something():
    for file, start in CODE:
        found = sentences.in_code(ROOT / "trackadmin" / file, file)
        assert any(sentence.text.startswith(start) for sentence in found), (file, start)


def test_makemessages_can_read_every_sentence():
    """A sentence that is put together first is in no catalog."""
    found = [each for path, name in code() for each in sentences.given_but_not_literal(path, name)]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        'page("There is nothing here.")',
        'raise Http404("There is no such page.")',
        'f"Version {number} is live."',
        'text = "Nothing was " + "saved"',
        'ForeignKey(verbose_name="tracked model")',
    ],
)
def test_the_search_finds_a_sentence_in_code(code, tmp_path):
    path: Path = tmp_path / "code.py"
    path.write_text(code)
    assert [*sentences.in_code(path, "code.py")]


@pytest.mark.parametrize(
    "code",
    [
        '"""What the module is for."""',
        '_("There is nothing here.")',
        'ngettext("%(count)s row is new.", "%(count)s rows are new.", count=number)',
        'logger.warning("The cache did not answer.")',
        'raise TypeError("give a number or nothing")',
        'f"SELECT name FROM {table}"',
        'reverse("admin:trackadmin_trackingmap_change")',
    ],
)
def test_the_search_leaves_out_what_is_translated_or_for_developers(code, tmp_path):
    path: Path = tmp_path / "code.py"
    path.write_text(code)
    assert [*sentences.in_code(path, "code.py")] == []


def test_the_search_finds_words_in_a_template(tmp_path):
    path: Path = tmp_path / "page.html"
    path.write_text(
        '{% load i18n %}\n<p title="A title">{% translate "This is fine." %} Not this.</p>'
        '<b aria-label="{% translate "Nor this" %}">{{ data }}</b>'
    )
    found = [(sentence.line, sentence.text) for sentence in sentences.in_template(path, "page")]
    assert found == [(2, "A title"), (2, "Not this.")]
