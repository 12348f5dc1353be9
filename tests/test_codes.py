"""Codes: each is defined once, explained, and documented."""

from pathlib import Path

import pytest

import trackadmin
from tests import codes
from trackadmin.codes import FastPath, FaultCode, FixCode, Outcome, ProblemCode

PACKAGE = Path(trackadmin.__file__).parent
ALL = [*ProblemCode, *FaultCode, *Outcome, *FixCode, *FastPath]
#: Outcomes are everyday words, so only their dotted relatives are looked for in the code.
DOTTED = {code.value for code in ALL if "." in code}


def test_page_is_up_to_date():
    """docs/codes.md: ``python -m tests.codes`` writes it."""
    assert codes.PAGE.read_text() == codes.page()


@pytest.mark.parametrize("code", ALL, ids=lambda code: f"{type(code).__name__}.{code}")
def test_each_code_says_what_it_means_and_what_to_do(code):
    assert code.meaning.endswith(".")
    assert code.remedy.endswith(".")
    assert str(code) == code.value


def test_faults_of_references_are_named_by_their_outcomes():
    for outcome in Outcome:
        if outcome is not Outcome.FOUND:
            assert FaultCode(f"reference.{outcome}")
