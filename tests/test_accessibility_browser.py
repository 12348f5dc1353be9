"""axe-core finds nothing of level A or AA on any page of ours: light, dark, narrow, theme or not.

In the theme, and on the lists, only our part is looked at: the frame around it is the theme's or
Django's own. That the markup is the same in the theme is no test's business, so there the rules
about looks are enough.
"""

import pytest

from tests import still_pages
from tests.browser import chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,  # the pages are made here, and nothing else
    # The theme's own chooser asks for a middleware that the test host does not have.
    pytest.mark.filterwarnings("ignore:Language chooser"),
]

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: Good practice outside the levels of the standard, which our pages follow as well.
HABITS = [
    "empty-table-header",
    "heading-order",
    "label-title-only",
    "landmark-unique",
    "page-has-heading-one",
    "scope-attr-valid",
    "table-duplicate-name",
    "tabindex",
]
COLOURS = ["color-contrast", "link-in-text-block"]
SIZES = ["scrollable-region-focusable", "target-size"]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 400, "height": 800}

#: Axe's own rules by level and by name; what it finds, each with where, what and why.
RUN = """
async ([within, levels, rules]) => {
    document.getAnimations().forEach((each) => each.finish()); // colours fade on links
    const [type, values] = levels.length ? ["tag", levels] : ["rule", rules];
    const wanted = Object.fromEntries(rules.map((rule) => [rule, {enabled: true}]));
    const found = await axe.run(document.querySelector(within), {
        runOnly: {type, values}, rules: wanted, resultTypes: ["violations"],
        preload: false, iframes: false,
    });
    return found.violations.flatMap(({id, nodes}) => nodes.map((node) =>
        `${id}: ${node.html.slice(0, 160)} (${node.failureSummary.split("\\n").pop().trim()})`));
}
"""
#: Open what is closed; leave out rows that are like one before them, which axe would only repeat.
PREPARE = """
() => {
    const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
    const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
    const text = / (id|for|name|href|value|title|placeholder|datetime|data-[\\w-]+)="[^"]*"/g;
    const words = / aria-(label|\\w+by)="[^"]+"|(?<=>)[^<]+(?=<)/g;
    document.querySelectorAll("tbody, ul, ol, select, optgroup").forEach((list) => {
        const seen = new Set();
        [...list.children].forEach((each) => {
            const shape = each.outerHTML.replace(text, "").replace(words, "");
            seen.has(shape) ? each.remove() : seen.add(shape);
        });
    });
    return twice;
}
"""


def faults(opened, within, levels, rules):
    return opened.evaluate(RUN, [within, levels, rules])


def looked_at(pages, look):
    """What is found on each page in each mode, by both; every closed part is opened first."""
    from axe_playwright_python.base import AXE_SCRIPT

    found = {}
    with still_pages.served(pages) as addresses, chromium() as browser:
        opened = browser.new_page()
        for name, address in addresses.items():
            opened.set_viewport_size(WIDE)
            opened.emulate_media(color_scheme="light")
            assert opened.goto(address).status == 200
            assert opened.evaluate(PREPARE) == [], f"{name} has an id twice"
            opened.evaluate(AXE_SCRIPT)
            ours = "#content-main" if still_pages.OURS in pages[name] else "#content"
            found |= {(name, mode): faults for mode, faults in look(opened, ours) if faults}
    return found


def in_the_dark(opened, ours):
    """What may change with the colours."""
    opened.emulate_media(color_scheme="dark")
    yield "dark", faults(opened, ours, [], COLOURS)


def in_each_mode(opened, ours, levels, rules, whole="html"):
    """Everything in the light; what may change with the colours and with the width again."""
    yield "light", faults(opened, whole if ours == "#content-main" else ours, levels, rules)
    yield from in_the_dark(opened, ours)
    opened.set_viewport_size(NARROW)
    yield "narrow", faults(opened, ours, [], SIZES)


@pytest.mark.parametrize("theme", [False, True], ids=["plain", "theme"])
def test_axe_finds_nothing_on_any_page(theme, django_db_blocker):
    pages = still_pages.taken(theme=theme)
    if theme:
        found = looked_at(pages, lambda p, o: in_each_mode(p, o, [], COLOURS + SIZES, whole=o))
    else:
        rules = HABITS + SIZES
        found = looked_at(pages, lambda p, o: in_each_mode(p, o, LEVELS, rules))
    assert found == {}, "\n".join(
        f"{where}: {fault}" for where, all in found.items() for fault in all
    )
