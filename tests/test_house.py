"""Rules of the house that no linter knows: what the docs name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
#: A file in backticks: ``runtime/place.py`` in the package, ``tests/test_x.py`` at the top.
NAMED = re.compile(r"`((?:[a-z_0-9]+/)+[a-z_0-9]+\.(?:py|toml|html|json|md))(?:::[^`]*)?`")

#: Templates that a host or Django has.
FOREIGN = {"admin/base.html", "admin/base_site.html"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page):
    """A file that moved takes its name in the docs along."""
    named = set(NAMED.findall(page.read_text())) - FOREIGN
    missing = {
        name
        for name in named
        if not any((ROOT / start / name).exists() for start in ("", "trackadmin", "templates"))
    }
    assert not missing
