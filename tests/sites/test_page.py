"""docs/sites.md lists exactly the sites that are walked, and the versions that are installed."""

import re

from tests.sites.site import ROOT, all_sites

PAGE = (ROOT / "docs" / "sites.md").read_text(encoding="utf-8")
PINS = (ROOT / "requirements-sites.txt").read_text(encoding="utf-8")
BEGIN, END = "<!-- the table of tests/sites -->\n", "<!-- its end -->\n"


def versions():
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)$", PINS, re.MULTILINE))


def table():
    """The rows of the page, as the sites themselves give them."""
    pins = versions()
    lines = ["| site | tried on | result | in the tests |", "| --- | --- | --- | --- |"]
    for site in sorted(all_sites().values(), key=lambda each: (bool(each.packages), each.name)):
        about = site.about
        if about in site.packages:
            about = ", ".join(f"{package} {pins[package]}" for package in site.packages)
        databases = "SQLite, PostgreSQL" if site.postgresql else "SQLite"
        result = site.broken or "works"
        lines.append(f"| {about} | {databases} | {result} | `{site.name}` |")
    return "\n".join(lines) + "\n"


def test_the_page_lists_each_site():
    """A new site is a new row: put what table() gives between the two marks."""
    _, _, rest = PAGE.partition(BEGIN)
    shown, found, _ = rest.partition(END)
    assert found
    assert shown == table()


def test_each_package_of_other_people_is_named_with_its_version():
    """A package that is installed for the tests works, or the page says why it does not."""
    pins = versions()
    needed_by_others = {
        "babel", "cffi", "cryptography", "django-js-asset", "execnet", "hashids",
        "phonenumberslite", "pycparser",
    }  # fmt: skip
    missing = [
        f"{name} {version}"
        for name, version in pins.items()
        if name not in needed_by_others and f"{name} {version}" not in PAGE
    ]
    assert missing == []


def test_the_tests_that_the_page_names_are_there():
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE)
    assert len(named) > 3
    assert [path for path in named if not (ROOT / path).is_file()] == []
