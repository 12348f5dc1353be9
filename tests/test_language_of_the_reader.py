"""Sentences for people can be translated, wherever they are found and however far they travel."""

import pickle

import pytest
from django.utils import translation

from trackadmin.document import (
    ActionEntry,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    ParameterEntry,
    diff,
    parse,
    plain_fields,
    validate,
    why_not_a_name,
)
from trackadmin.document.change_sentences import ANY_FIELD
from trackadmin.document.changes import Change
from trackadmin.document.reading import shown
from trackadmin.exceptions import (
    DocumentError,
    InvalidMap,
    NoteRequired,
    Problem,
    StaleForm,
    UnknownMap,
)
from trackadmin.texts import Text, english
from trackadmin.texts import gettext as _


@pytest.mark.parametrize(
    "make",
    [
        lambda: NoteRequired(),
        lambda: UnknownMap("shop", ["default"]),
        lambda: StaleForm("User", 1, None),
        lambda: InvalidMap(_("This is not a tracking map."), []),
    ],
)
def test_error_speaks_the_language_of_its_reader(make):
    """It may be raised for one person, and read by another in another process."""
    error = pickle.loads(pickle.dumps(make()))
    english = str(error)
    with translation.override("de"):
        german = str(error)
        assert str(make()) == german
    assert german != english
    assert str(error) == english


def test_problems_of_an_error_do_too():
    with pytest.raises(DocumentError) as caught:
        parse('{"format": 1}')
    english = str(caught.value)
    with translation.override("de"):
        assert str(caught.value) != english


ENTRY = ModelEntry("a b", key="_x", owner="x" * 300, position=-1, attributes={
    "_x": AttributeEntry("_y", decision="?", privacy="personal", position=-1, description="\0"),
    "email": AttributeEntry("email", privacy="dropped", lookup=True),
    "name": AttributeEntry("name", decision="ignored", lookup=True),
}, children={"__c": ChildEntry("1")})  # fmt: skip


def test_every_problem_of_a_document_is_a_text():
    """A plain string would keep the language of its first reader."""
    found = validate(Document({"9": ENTRY, "Empty": ModelEntry("a.b", key="x")}))
    assert len({problem.code for problem in found}) > 10
    for problem in found:
        assert isinstance(problem.what, Text), problem
        assert isinstance(problem.remedy, Text), problem


@pytest.mark.parametrize("name", ["", "x" * 200, "\uff50", "ß", "_a", "a__b", "class", "a."])
def test_reason_against_a_name_is_a_sentence(name):
    assert str(why_not_a_name(name)).startswith("The name ")
    assert str(why_not_a_name(name)).endswith(".")


@pytest.mark.parametrize(
    ("subject", "entry"),
    [
        ("map", Document),
        ("model", ModelEntry),
        ("attribute", AttributeEntry),
        ("child", ChildEntry),
        ("aggregate", AggregateEntry),
        ("action", ActionEntry),
        ("parameter", ParameterEntry),
    ],
)
def test_every_field_has_a_sentence_of_its_own(subject, entry):
    """Until a new field has one, its name is shown."""
    kinds = {
        str: ("one", "two"),
        bool: (False, True),
        int: (1, 2),
        dict: ({"x": "1"}, {"x": "2"}),
        list: (["a"], ["b"]),
    }
    for name, values in ((each.name, kinds[each.kind]) for each in plain_fields(entry)):
        for old, new in (values, values[::-1]):
            said = Change("changed", subject, "User.x", name, old, new).sentences()
            assert said
            assert not {each.singular for each in said} & {each.singular for each in ANY_FIELD}
    (said,) = Change("changed", subject, "User.x", "no_such_field", "", "kg").sentences()
    assert str(said) == "no_such_field was set to 'kg'."


@pytest.mark.parametrize(
    "value",
    ["x" * 99, 10**5000, 10, 1.5, None, True, {"a": 1}, ["a"], (1,), b"", object()],
    ids=type,
)
def test_a_quoted_value_is_the_same_in_each_language(value):
    """It is a notation and not words, so it fits into a sentence of any language."""
    assert type(shown(value)) is str
    assert len(shown(value)) < 100


def test_change_speaks_the_language_of_its_reader():
    old = Document({"User": ModelEntry("auth.user", owner="A")})
    new = Document({"User": ModelEntry("auth.user", owner="B")})
    (change,) = diff(old, new).changes
    english = change.words()
    assert english == "User: The owner changed from 'A' to 'B'."
    assert change.words_below_model() == "The owner changed from 'A' to 'B'."
    with translation.override("de"):
        assert change.words() != english
        assert change.words().startswith("User: ")


@pytest.mark.parametrize(
    ("field", "old", "new", "english", "german"),
    [
        (
            "privacy",
            "undeclared",
            "sent",
            "The privacy changed from “Undeclared” to “Personal, sent as it is”.",
            "Die Datenschutzangabe wurde von „Nicht angegeben“ in "
            "„Personenbezogen, unverändert gesendet“ geändert.",
        ),
        (
            "decision",
            "tracked",
            "ignored",
            "The decision changed from “Tracked” to “Ignored”.",
            "Die Entscheidung wurde von „Erfasst“ in „Ignoriert“ geändert.",
        ),
    ],
)
def test_change_says_values_as_the_form_says_them(field, old, new, english, german):
    """The data keeps the codes."""
    change = Change("changed", "attribute", "User.email", field, old, new)
    assert change.words_below_model() == f"email: {english}"
    with translation.override("de"):
        assert change.words_below_model() == f"email: {german}"
    data = change.as_json()
    assert (data["old"], data["new"]) == (old, new)


def test_problem_says_what_it_was_told():
    """What a sentence quotes is never read as a placeholder."""
    problem = Problem("x", "error", "User", _("No %(name)s.", name="%(what)s %"), _("Go."))
    assert str(problem) == "User: No %(what)s %. Go. [x]"


@pytest.mark.parametrize("broken", ["%(nome)s falta.", "%(name)d falta.", "%(name", "100 %"])
def test_a_broken_translation_of_the_site_shows_the_english_sentence(monkeypatch, broken):
    """A site may ship a catalog of its own. Its mistakes are no error pages."""
    monkeypatch.setattr("trackadmin.texts.translation.gettext", lambda sentence: broken)
    assert str(_("%(name)s is missing.", name="x")) == "x is missing."


def test_a_value_is_never_read_as_a_template():
    """A percent sign in a value is a percent sign."""
    assert str(_("%(name)s is missing.", name="100 %(x)s %")) == "100 %(x)s % is missing."


def test_numbers_follow_the_reader_and_never_reach_a_log_or_a_program_grouped(settings):
    """Where no language is active a number is written by no format, not even the site's own."""
    settings.USE_THOUSAND_SEPARATOR, settings.THOUSAND_SEPARATOR = True, "."
    settings.NUMBER_GROUPING = 3
    text = _("more than %(limit)s names", limit=1000)
    with translation.override("de"):
        assert "1.000" in str(text)
    with translation.override(None):
        assert str(text) == "more than 1000 names"
    assert english(text) == "more than 1000 names"
