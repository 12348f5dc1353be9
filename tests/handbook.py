"""Writes the admin's page Help from the handbook: ``python -m tests.handbook``.

The pages are templates without any tag, so that a site needs no Markdown library.
"""

import re
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
#: The handbook in each language that the admin's pages have.
SOURCES = {"en": ROOT / "docs" / "editors.md", "de": ROOT / "docs" / "editors.de.md"}
PAGES = ROOT / "templates" / "admin" / "trackadmin" / "handbook"


def anchors():
    """The ids of the sections in their order: the English headings, in every language."""
    headings = re.findall(r"^## (.+)$", SOURCES["en"].read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"\W+", "-", heading.lower()) for heading in headings]


def page(language):
    """The text of one page: the sections, without the introduction for readers of the files.

    Pictures stay out, too: each would be of a page that its reader has.
    """
    text = SOURCES[language].read_text(encoding="utf-8")
    parser = MarkdownIt("commonmark").enable("table")
    parsed = parser.parse(text[text.index("\n## ") :])
    tokens = [token for token in parsed if token.type != "html_block"]
    ids = iter(anchors())
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h2":
            token.attrSet("id", next(ids))
        if token.type == "inline":
            token.children = list(_without_files(token.children))
    sections = parser.renderer.render(tokens, parser.options, {})
    return f'<div class="ta-handbook" lang="{language}">\n{sections}</div>\n'


def _without_files(tokens):
    """Links to other files lead nowhere in the admin; their words stay."""
    leaves = False
    for token in tokens:
        if token.type == "link_open":
            leaves = not token.attrGet("href").startswith("#")
        if token.type in ("link_open", "link_close") and leaves:
            continue
        yield token


if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    for each in SOURCES:
        (PAGES / f"{each}.html").write_text(page(each), encoding="utf-8")
