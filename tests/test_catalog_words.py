"""Which names a map may hold as a source or an accessor."""

# ruff: noqa: RUF001
# (full-width letters are what is tested)

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackadmin.catalog.words import why_not_plain


@pytest.mark.parametrize("name", ["a", "buyer_id", "Name2", "a_1", "ctime", "x" * 100])
def test_plain_names(name):
    assert why_not_plain(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("_state", "The name starts with an underscore"),
        ("__class__", "The name starts with an underscore"),
        ("ｐassword", "only look like those of 'password'"),
        ("straße", "other than English letters"),
        ("class", "word of the Python language"),
        ("None", "word of the Python language"),
        ("a__b", "two underscores in a row"),
        ("a_", "The name is not a plain name."),
        ("", "The name is empty."),
        ("1a", "The name is not a plain name."),
        ("a b", "The name is not a plain name."),
        ("a\n", "The name is not a plain name."),
        ("x" * 101, "has 101 characters"),
    ],
)
def test_others_are_refused_with_a_reason(name, reason):
    assert reason in str(why_not_plain(name))


@given(st.text(max_size=30))
def test_a_plain_name_is_an_identifier_that_python_does_not_fold(name):
    if not why_not_plain(name):
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)
        assert "__" not in name
