"""Names: plain ASCII words, and nothing that Python, SQL or a URL reads otherwise."""

import keyword
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackadmin.document.names import LONGEST, is_label, why_not_a_name


@pytest.mark.parametrize(
    "name", ["a", "A", "BuyerProfile", "first_name", "a1", "a_1", "x" * LONGEST, "match", "type"]
)
def test_plain_names_are_legal(name):
    assert why_not_a_name(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("x" * (LONGEST + 1), "101 characters"),
        ("\uff50assword", "only look like those of 'password'"),
        ("ﬁrst", "only look like those of 'first'"),
        ("größe", "other than English letters"),
        ("пароль", "other than English letters"),
        ("_private", "underscore"),
        ("__class__", "underscore"),
        ("a__b", "two underscores"),
        ("a_", "not a plain name"),
        ("1a", "not a plain name"),
        ("a b", "not a plain name"),
        ("a\n", "not a plain name"),
        ("a\0", "not a plain name"),
        ("a.b", "not a plain name"),
        ("a'", "not a plain name"),
        ("class", "Python"),
        ("None", "Python"),
        ("²", "only look like"),
    ],
)
def test_other_names_are_refused_with_the_reason(name, reason):
    assert reason in str(why_not_a_name(name))


@given(st.text(max_size=20) | st.text(st.sampled_from("aZ_09 \uff50é.\n"), max_size=6))
def test_a_legal_name_means_the_same_everywhere(name):
    if not why_not_a_name(name):
        assert name.isidentifier()
        assert name.isascii()
        assert name == unicodedata.normalize("NFKC", name)
        assert not keyword.iskeyword(name)
        assert "__" not in name
        assert name.strip("_") == name


@pytest.mark.parametrize("label", ["auth.user", "_a._b", "a1.b_2", "host.a__b"])
def test_labels(label):
    assert is_label(label)


@pytest.mark.parametrize(
    "label", ["", "user", "auth.User", "a.b.c", ".user", "auth.", "1a.b", "a.b\n", "ä.b", "a" * 300]
)
def test_what_is_no_label(label):
    assert not is_label(label)
