"""Every language's catalog holds what code and pages say, and is compiled."""

import gettext
import re
from pathlib import Path

import django
import polib
import pytest

from tests import messages

DJANGO = Path(django.__file__).parent
PLACEHOLDER = re.compile(r"%\((\w+)\)([a-z])")

each_language = pytest.mark.parametrize("language", messages.LANGUAGES)


def entries(language):
    return polib.pofile(messages.catalog(language))


def sentence_of(entry):
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def forms_of(entry):
    """The original of each form beside its translation."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [(entry.msgid_plural, text) for text in entry.msgstr_plural.values()]


@each_language
def test_catalog_holds_every_sentence_and_no_other(language):
    """After a sentence changed, run `make messages` and translate what it lists."""
    collected = polib.pofile(messages.collect(language))
    kept = entries(language)
    assert {sentence_of(entry) for entry in collected} == {sentence_of(entry) for entry in kept}
    assert kept.obsolete_entries() == []


@each_language
def test_every_sentence_is_translated(language):
    """A translation that was only guessed (fuzzy) does not count."""
    assert messages.untranslated(language) == []


@each_language
def test_compiled_catalog_says_what_the_readable_one_says(language, tmp_path):
    """`make messages` writes both."""
    source = messages.catalog(language)
    messages.compile_catalog(source, tmp_path / "django.mo")
    with (tmp_path / "django.mo").open("rb") as new, source.with_suffix(".mo").open("rb") as kept:
        assert gettext.GNUTranslations(new)._catalog == gettext.GNUTranslations(kept)._catalog


@each_language
def test_translation_holds_the_placeholders_of_its_original(language):
    """One that is missing hides a value; one too many is an error on the page."""
    for entry in entries(language):
        for original, translated in forms_of(entry):
            if translated:
                found = sorted(set(PLACEHOLDER.findall(translated)))
                assert found == sorted(set(PLACEHOLDER.findall(original))), translated


@each_language
def test_what_django_says_too_is_said_as_django_says_it(language):
    """Catalogs are merged: another translation would change the pages of the host's admin."""
    theirs = {}
    for place in ("conf", "contrib/admin", "contrib/auth"):
        compiled = DJANGO / place / "locale" / language / "LC_MESSAGES/django.mo"
        with compiled.open("rb") as file:
            theirs |= gettext.GNUTranslations(file)._catalog
    for entry in entries(language):
        if entry.translated() and not entry.msgid_plural and not entry.msgctxt:
            assert entry.msgstr == theirs.get(entry.msgid, entry.msgstr)


@pytest.mark.parametrize(
    ("stiff", "instead"),
    [
        (r"\bNichts (wurde|wird)\b", "Es wurde nichts …"),
        (r"\bSchaltfläche erneut\b", "klicken Sie erneut auf die Schaltfläche"),
        (r"\bDatenschutz\b", "Datenschutzangabe"),
        (r"\b[Vv]erbunden\w* Objekt", "Unterobjekt"),
    ],
)
def test_german_has_one_way_to_say_one_thing(stiff, instead):
    said = [text for entry in entries("de") for _, text in forms_of(entry)]
    assert [text for text in said if re.search(stiff, text)] == [], instead
