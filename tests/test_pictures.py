"""The pictures of the docs: each is made by `make pictures`, and each is shown by a page."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests import pictures, tutorial
from tests.camera import IMAGES

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
NAMED = re.compile(r'(?:src|srcset)="([^"]+)"|!\[[^\]]*\]\(([^)]+)\)')
#: A picture that follows the reader's scheme, as GitHub shows it.
BOTH = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)-dark\.png">'
    r'\s*<img alt="[^"]+" src="([^"]+)\.png">\s*</picture>'
)


def shown(page):
    """The files that a page shows."""
    named = ("".join(each) for each in NAMED.findall(page.read_text(encoding="utf-8")))
    return {(page.parent / name).resolve() for name in named if not name.startswith("http")}


def test_every_picture_is_there_and_shown():
    """No page shows a file that is missing, and no file lies about that no page shows."""
    assert set.union(*map(shown, PAGES)) == set(IMAGES.iterdir())


def test_the_command_makes_every_picture():
    """Only the chart of `make bench` is made elsewhere."""
    assert pictures.made() == {path.name for path in IMAGES.iterdir()} - {"performance.svg"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_picture_has_a_dark_one_and_a_text(page):
    text = page.read_text(encoding="utf-8")
    pairs = BOTH.findall(text)
    assert text.count("<picture>") == len(pairs)
    assert text.count(".png") == 2 * len(pairs)
    assert all(dark == light for dark, light in pairs)


def test_pictures_are_small():
    """A reader on a slow line, and everybody who clones the repository."""
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < 2_000_000
    for path in IMAGES.glob("*.png"):
        with Image.open(path) as image:
            assert image.width <= 1300, path.name


def test_a_sentence_that_nobody_can_do_is_no_prose():
    """What a step names is done or looked for; a new way to say it must be taught first."""
    walk = tutorial.Walk(None, None, None)
    assert walk.sentence("The page has a row for each attribute.") == "prose"
    with pytest.raises(AssertionError, match="Nobody knows how to do this"):
        walk.sentence("Press **Save**.")


def test_commands_of_the_tutorial_are_walked():
    """Each block of commands and each numbered step of the page."""
    text = tutorial.PAGE.read_text(encoding="utf-8")
    walked = [kind for kind, _text in tutorial.parts()]
    assert walked.count("picture") == text.count("<picture>")
    assert walked.count("command") == text.count("\n```sh\n")
    done = " ".join(text for kind, text in tutorial.parts() if kind == "sentence")
    for step in re.findall(r"^\d+\. (.{20})", text, re.MULTILINE):
        assert step[:20] in done
