"""The script for the site's pages: small, and its tag. tests/test_track_browser.py runs it."""

import gzip
import re
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template import Context, Template

SOURCE = Path(finders.find("trackadmin/track.js")).read_text()
MOST_BYTES = 2000


def rendered(tag, **context):
    return Template("{% load trackadmin %}" + tag).render(Context(context))


def test_it_is_below_two_kilobytes_compressed():
    assert len(gzip.compress(SOURCE.encode(), 6)) < MOST_BYTES


def test_it_needs_nothing_that_a_strict_policy_forbids():
    """tests/test_track_browser.py runs it under one; here are the words that would need more."""
    assert not re.findall(r"\beval\b|new Function|innerHTML|document\.write|\bimport\b", SOURCE)


def test_the_tag_names_the_static_file():
    tag = '<script src="/static/trackadmin/track.js" defer></script>'
    assert rendered("{% tracking_script %}").strip() == tag


def test_the_tag_takes_a_nonce_and_lets_no_other_code_in():
    tag = rendered("{% tracking_script nonce=given %}", given='x"><b>')
    assert tag.count("<") == 2
    assert 'nonce="x&quot;&gt;&lt;b&gt;"' in tag
    assert "nonce" not in rendered("{% tracking_script nonce=missing %}")
