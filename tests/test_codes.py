"""Codes: each is defined once, explained, and documented."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import global_settings

import trackadmin
from tests import codes
from trackadmin.codes import EventCode, FastPath, FaultCode, FixCode, Outcome, ProblemCode
from trackadmin.conf import DEFAULTS

PACKAGE = Path(trackadmin.__file__).parent
ALL = [*ProblemCode, *FaultCode, *EventCode, *Outcome, *FixCode, *FastPath]
#: Outcomes are everyday words, so only their dotted relatives are looked for in the code.
DOTTED = {code.value for code in ALL if "." in code}
#: Words in capitals that are not settings.
ABBREVIATIONS = {"ASCII", "JSON", "URL", "UTF", "UUID"}


def test_page_is_up_to_date():
    """docs/codes.md: ``python -m tests.codes`` writes it."""
    assert codes.PAGE.read_text() == codes.page()


@pytest.mark.parametrize("code", ALL, ids=lambda code: f"{type(code).__name__}.{code}")
def test_each_code_says_what_it_means_and_what_to_do(code):
    assert code.meaning.endswith(".")
    assert code.remedy.endswith(".")
    assert str(code) == code.value


def test_each_setting_that_a_code_names_exists():
    """An operator who reads the page looks for it."""
    words = " ".join(f"{code.meaning} {code.remedy}" for code in ALL)
    named = set(re.findall(r"\b[A-Z][A-Z_]+\b", words)) - ABBREVIATIONS
    assert "MODELS" in named
    assert {
        name for name in named if name not in DEFAULTS and not hasattr(global_settings, name)
    } == (set())


def test_code_names_its_codes_by_their_enumerations():
    """A bare string would be a second home: a typo in one is a new code."""
    bare = {
        f"{path.relative_to(PACKAGE)}: {node.value}"
        for path in PACKAGE.rglob("*.py")
        if path.name != "codes.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in DOTTED
    }
    assert not bare
