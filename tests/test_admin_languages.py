"""Every page in another language: what people read is translated, what programs read is not."""

import re
from pathlib import Path

import admin_interface
import django
import polib
import pytest
import reversion
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation
from django.utils.formats import date_format
from reversion.models import Revision

from tests import messages, screens, tour
from trackadmin.admin.registry import TrackedActionAdmin, TrackedModelAdmin, TrackingMapAdmin
from trackadmin.catalog import catalog
from trackadmin.models import MapVersion

pytestmark = screens.MARKS

#: No language of Django's: what is not marked is either not ours, or was not given to gettext.
PSEUDO = "xx"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdi]")
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[^\W\d_]{2,}")


def marked(text):
    return f"⟦{text}⟧"


@pytest.fixture(scope="session")
def pseudo_locale(tmp_path_factory):
    """A folder with a catalog in which each sentence is itself, between marks."""
    folder = tmp_path_factory.mktemp("locale")
    catalogue = polib.pofile(messages.collect("de"))
    catalogue.metadata["Language"] = PSEUDO
    for entry in catalogue:
        entry.msgstr = "" if entry.msgid_plural else marked(entry.msgid)
        if entry.msgid_plural:
            entry.msgstr_plural = {0: marked(entry.msgid), 1: marked(entry.msgid_plural)}
    target = folder / PSEUDO / "LC_MESSAGES"
    target.mkdir(parents=True)
    catalogue.save_as_mofile(target / "django.mo")
    return folder


@pytest.fixture
def client(db):
    client = Client()
    client.force_login(User.objects.create_superuser("ada", first_name="Ada"))
    return client


def of_others():
    """Patterns of what Django and the packages of the admin say themselves."""
    found = set()
    for module in (django, admin_interface, reversion):
        place = Path(module.__file__).parent
        for path in place.glob("**/locale/*/LC_MESSAGES/django.po"):
            if path.parts[-3] in ("de", "en"):
                found |= {text for entry in polib.pofile(path) for text in _forms(entry)}
    return re.compile("|".join(_pattern(text) for text in found if _says_enough(text)))


def _forms(entry):
    return [entry.msgid, entry.msgid_plural] if entry.msgid_plural else [entry.msgid]


def _says_enough(text):
    """A sentence that is nearly all placeholders would match any other."""
    said = PLACEHOLDER.sub("", text)
    return said == text or len(WORD.findall(said)) > 1


def _pattern(text):
    parts = PLACEHOLDER.split(" ".join(text.split()))
    return ".*?".join(map(re.escape, parts))


def of_the_host():
    """What the host's models and apps call themselves and their fields."""
    texts = set()
    for facts in catalog().models():
        texts |= {facts.verbose_name, facts.name, facts.label, facts.cased_label}
        texts |= {str(facts.model._meta.app_config.verbose_name)}
        texts |= {str(facts.model._meta.verbose_name_plural)}
        for each in (*facts.attributes.values(), *facts.refused.values()):
            texts |= {each.name, str(each.verbose_name), str(getattr(each, "help_text", ""))}
        texts |= set(facts.relations)
    return {" ".join(str(text).split()).casefold() for text in texts} - {""}


#: What the tour's editors wrote, named and did; words of addresses and of Django's dates and lists.
_WORDS = (
    "account address buyerprofile companyaccount country order product user name2 words2 "
    "ada default deleted empty first imported joined map note1 other owner1 owner1a owner1b "
    "owner1c owner1d signup gone login given who auth demo draft false host json null "
    "json markdown pagination python schema trackadmin trackadmin.collect.sinks.logsink true "
    "typescript url "
    "jan feb march april may june july aug sept oct nov dec"
)
DATA = {*_WORDS.split(), "map" * 100}
BETWEEN = re.compile("[()·|:\u203a]| – ")  # with the mark of breadcrumbs


def left_over(html, theirs, hosts, seen):
    """The texts of a page that are not marked, not of other packages, not data and not seen yet."""
    rest, before = "\n".join(tour.texts_of(html)), ""
    while rest != before:
        rest, before = MARKED.sub(" ", rest), rest
    for line in rest.split("\n"):
        line = line.strip(" :")
        if line in seen:
            continue
        seen.add(line)
        parts = BETWEEN.split(line)
        if not (
            _is_known(line, theirs, hosts)
            or all(_is_known(part.strip(), theirs, hosts) for part in parts)
        ):
            yield line


def _is_known(text, theirs, hosts):
    if text.casefold() in hosts or theirs.fullmatch(text):
        return True
    if text.endswith("…") and any(name.startswith(text[:-1].casefold()) for name in hosts):
        return True
    words = [word.strip("_.").casefold() for word in re.findall(r"[\w.]+", text)]
    return all(not WORD.search(word) or word in DATA or word in hosts for word in words)


#: The handbook is a file for each language, and not made of sentences.
HANDBOOK = "trackingmap_help"


@pytest.mark.once
def test_what_a_person_reads_is_given_to_gettext_and_what_is_stored_is_in_english(
    client, pseudo_locale, settings
):
    """The admin's log and the comments of edits are written once, and read by everybody."""
    settings.LOCALE_PATHS = [pseudo_locale]
    theirs = of_others()
    row = tour.prepare()
    settings.LANGUAGE_CODE = PSEUDO
    found, seen, logged, comments = {}, set(), set(), set()
    with translation.override(PSEUDO):
        hosts = of_the_host()
        for name, html in tour.tour(client, row):
            if not name.startswith(HANDBOOK):
                found.update(dict.fromkeys(left_over(html, theirs, hosts, seen), name))
            logged.update(LogEntry.objects.values_list("change_message", flat=True))
            comments.update(Revision.objects.values_list("comment", flat=True))
    assert not found, "\n".join(f"{text!r} on {page}" for text, page in found.items())
    assert {"Published version 4.", "Added to the tracking map.", "Restored."} <= logged
    assert {"Deleted CompanyAccount.", "Added.", "Restored from version 1."} <= comments
    assert not {text for text in logged | comments if MARKED.search(text)}


def test_the_tour_goes_to_every_page(client):
    """A page that is added later is looked at too."""
    admins = {
        "trackingmap": TrackingMapAdmin,
        "trackedmodel": TrackedModelAdmin,
        "trackedaction": TrackedActionAdmin,
    }
    pages = {f"{name}_{page}" for name, admin in admins.items() for _, page, _ in admin.screens}
    assert pages - screens.NO_PAGES <= tour.every_page(tour.prepare()).keys()


# German ------------------------------------------------------------------------------------------


@pytest.fixture
def german(settings):
    settings.LANGUAGE_CODE = "de"
    settings.USE_THOUSAND_SEPARATOR = True
    with translation.override("de"):
        yield


def english_parts():
    """What only an English page says: the longest part of each sentence without its values."""
    for entry in polib.pofile(messages.catalog("de")):
        parts = re.split(r"%\(\w+\)s|<[^>]+>", entry.msgid_plural or entry.msgid)
        part = max(parts, key=len).strip()
        translated = entry.msgstr or entry.msgstr_plural.get(1)
        if translated and len(part.split()) > 2 and part not in translated:
            yield part


@pytest.mark.once
def test_no_page_is_partly_english_in_german(client, german):
    english = re.compile("|".join(map(re.escape, english_parts())))
    row = tour.prepare()
    found, seen = {}, set()
    # What the same pages say once more after a form was sent is asked above.
    for name, html in tour.tour(client, row, without={"sent_forms", "drifted"}):
        new = {*tour.texts_of(html)} - seen
        found.update(dict.fromkeys(english.findall("\n".join(new)), name))
        seen |= new
    assert found == {}


def test_dates_for_people_follow_the_locale_and_those_for_programs_do_not(client, german):
    row = tour.prepare()
    moment = MapVersion.objects.get(number=2).created_at
    html = client.get(screens.map_page("version", row.pk, 2)).content.decode()
    shown = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    assert re.fullmatch(r"\d+\. [A-Zä-ü][a-zä-ü]+ \d{4} \d\d:\d\d", shown)
    assert shown in html
    assert f'datetime="{timezone.localtime(moment).isoformat()[:19]}' in html
    listed = client.get(screens.map_page("changelist")).content.decode()
    assert f"Version 3, seit {date_format(timezone.localtime(moment))}" in listed


@pytest.mark.parametrize(("count", "words"), [(1, "1 Änderung<"), (1500, "1.500 Änderungen<")])
def test_counts_for_people_follow_the_locale(german, count, words):
    html = render_to_string("admin/trackadmin/compare.html", {"count": count, "groups": [1]})
    assert words in html


def test_the_select_boxes_speak_the_language_of_the_page(client, german):
    page = client.get(screens.model_page("add") + f"?map={tour.prepare().pk}")
    assert "select2/i18n/de.js" in page.content.decode()
