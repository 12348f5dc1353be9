"""Which names a map may hold as a source or an accessor."""

# ruff: noqa: RUF001
# (full-width letters are what is tested)

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackadmin.catalog.words import LONGEST, why_not_plain


@pytest.mark.parametrize("name", ["a", "buyer_id", "Name2", "a_1", "ctime", "x" * LONGEST])
def test_plain_names(name):
    assert why_not_plain(name) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("_state", "underscore, so it is private"),
        ("__class__", "underscore, so it is private"),
        ("ｐassword", "other than A to Z"),
        ("straße", "other than A to Z"),
        ("class", "word of the Python language"),
        ("None", "word of the Python language"),
        ("a__b", "no plain name"),
        ("a_", "no plain name"),
        ("", "no plain name"),
        ("1a", "no plain name"),
        ("a b", "no plain name"),
        ("a\n", "no plain name"),
        ("x" * (LONGEST + 1), "longer than 100"),
    ],
)
def test_others_are_refused_with_a_reason(name, reason):
    assert reason in why_not_plain(name)


@given(st.text(max_size=30))
def test_a_plain_name_is_an_identifier_that_python_does_not_fold(name):
    if not why_not_plain(name):
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)
        assert "__" not in name
