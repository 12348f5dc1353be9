"""F11: one rule for every text that leaves the site: bounded, clean, and marked where it is cut."""

import io
import json

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from demo.models import CompanyAccount
from tests.host.models import Everything
from tests.maps import EXAMPLE
from trackadmin.compiler.sql.sql_view import view_sql
from trackadmin.compiler.values.clean_text import bounded
from trackadmin.document import to_dict
from trackadmin.runtime import Event, Values, current_map, tracking_values, values_from_query
from trackadmin.testing import override_map


@given(st.text(st.characters(exclude_categories=[]), max_size=60), st.integers(1, 30))
def test_text_is_bounded_and_clean(text, longest):
    """No NUL, no half surrogate; what is cut ends in the mark; what is fine stays as it is."""
    made = bounded(text, longest)
    assert len(made) <= longest
    assert "\0" not in made
    made.encode()
    if len(text) > longest:
        assert made.endswith("…")
    elif "\0" not in text and not any(0xD800 <= ord(letter) < 0xE000 for letter in text):
        assert made == text


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["x" * 50, "a\0b" + "\ud800", "é" * 21])
def test_every_way_out_follows_the_rule(settings, text, db):
    settings.TRACKADMIN = {"MAX_TEXT_LENGTH": 20}
    with override_map(to_dict(EXAMPLE)):
        company = CompanyAccount(name=text)
        event = Event.of(Values(tracking_values(company)))
        assert event.values["CompanyAccount_name"] == bounded(text, 20)
        by_parameter = Event.of(values_from_query({"note": text}))
        assert by_parameter.values["note"] == bounded(text, 20)
        # Your own code gets the text as it is.
        assert tracking_values(company)["CompanyAccount_name"] == text
        if text.isprintable():
            company.save()
            out = io.StringIO()
            call_command("trackadmin", "backfill", "demo.CompanyAccount", stdout=out)
            line = json.loads(out.getvalue().splitlines()[-1])
            assert line["CompanyAccount_name"] == bounded(text, 20)


@pytest.mark.postgresql
@pytest.mark.django_db
def test_view_cuts_as_a_backfill_does(settings):
    """The two give one table: a text column is bounded in both."""
    settings.TRACKADMIN = {"MAX_TEXT_LENGTH": 20}
    data = {"Everything": {"model": "host.Everything", "attributes": ["slug", "long_text"]}}
    for number, text in enumerate(["short", "é" * 20, "é" * 21, "x" * 500]):
        Everything.objects.create(slug=f"s{number}", long_text=text)
    with override_map(data):
        view = view_sql(current_map().by_prefix["Everything"], "default")
        with connection.cursor() as cursor:
            cursor.execute(view.sql)
            cursor.execute(f'SELECT "Everything_slug", "Everything_long_text" FROM "{view.name}"')
            shown = dict(cursor.fetchall())
        out = io.StringIO()
        call_command("trackadmin", "backfill", "host.Everything", stdout=out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert shown == {line["Everything_slug"]: line["Everything_long_text"] for line in lines}
    assert shown["s2"] == "é" * 19 + "…"
