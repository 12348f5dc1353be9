"""E13. The styles of our pages need nothing that an admin's base template may not have."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHEETS = sorted((ROOT / "trackadmin" / "static").glob("**/*.css"))
#: A use of a variable: its name, and the comma that a fallback begins with.
USES = re.compile(r"var\(\s*(--[\w-]+)\s*(,?)")


def text_of(sheet):
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_variable_of_somebody_else_has_a_fallback(sheet):
    """Django's variables come with its base.css, which a theme's base template may leave out."""
    text = text_of(sheet)
    own = set(re.findall(r"(--[\w-]+)\s*:", text))
    assert own
    bare = [name for name, comma in USES.findall(text) if not comma and name not in own]
    assert bare == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_variables_of_our_own_are_set_where_they_are_used(sheet):
    """They are set on the box around our pages, and nothing outside it uses them."""
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", text_of(sheet))
    outside = [
        selector.strip()
        for selectors, body in rules
        for selector in selectors.split(",")
        if "var(--ta-" in body and not re.search(r"\.ta(-[\w-]+)?\b", selector)
    ]
    assert outside == []


@pytest.mark.parametrize("selector", [".ta", "html.dark .ta"])
def test_text_is_mixed_from_a_colour_of_the_theme(selector):
    """Not only of the text colour, which made quiet words of django-unfold too pale to read.

    It follows the system or a class; each way there is a variable of Tailwind before it.
    """
    (sheet,) = [each for each in SHEETS if each.name == "admin.css"]
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", text_of(sheet))
    found = [body for name, body in rules if name.strip() == selector and "--ta-fg:" in body]
    colours = [re.search(r"--ta-fg:([^;]*);", body)[1] for body in found]
    assert len(colours) == 1
    assert re.search(r"--color-base-\d+, currentColor", colours[0])


def test_pages_have_no_styles_of_their_own():
    """A variable in a template would escape these tests, and a strict policy refuses the style."""
    for page in (ROOT / "templates").glob("**/*.html"):
        assert "var(--" not in page.read_text(encoding="utf-8")
