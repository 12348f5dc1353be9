"""Our part of a page is as dark as the frame around it, by the system and by Django's switch."""

import importlib.util
import re
from pathlib import Path

import pytest

from tests import still_pages
from tests.browser import chromium
from tests.test_accessibility_browser import in_the_dark, looked_at

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,  # the pages are made here, and nothing else
    # The theme's own chooser asks for a middleware that the test host does not have.
    pytest.mark.filterwarnings("ignore:Language chooser"),
]

PAGES = [
    "trackingmap_change", "trackingmap_undecided", "trackingmap_publish", "trackedmodel_change",
    "trackedaction_change", "preview",
]  # fmt: skip
#: (what the system wants, what the switch says): whether Django's own admin is dark.
MODES = {
    ("light", "auto"): False,
    ("dark", "auto"): True,
    ("light", "dark"): True,
    ("dark", "light"): False,
    ("dark", "dark"): True,
}

#: The colours of the frame, of our part and of the things in it that a browser draws itself.
COLOURS = """
(mode) => {
    document.documentElement.dataset.theme = mode;
    document.getAnimations().forEach((each) => each.finish()); // colours fade on links
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const read = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const ground = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const colour = read(getComputedStyle(each).backgroundColor);
            if (colour[3] === 255) {
                return colour.slice(0, 3);
            }
        }
        return null;
    };
    const looks = (element) => ({
        ground: ground(element), text: read(getComputedStyle(element).color).slice(0, 3),
        scheme: getComputedStyle(element).colorScheme,
    });
    const ours = document.querySelector(".ta");
    const things = "input[type=text], select, textarea, .ta-table td, .ta-sticky, .ta-status"
        + ", .ta-button:not(.ta-primary), .select2-selection";
    const parts = [ours, ...ours.querySelectorAll(things)];
    return {frame: looks(document.body), parts: parts.map((each) => [each.outerHTML.slice(0, 120),
        looks(each)])};
}
"""


def light(colour):
    red, green, blue = (each / 255 for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def is_dark(looks):
    return light(looks["ground"]) < light(looks["text"])


@pytest.mark.parametrize("theme", [False, True], ids=["plain", "theme"])
def test_our_part_is_as_dark_as_the_frame(theme):
    pages = {name: html for name, html in still_pages.taken(theme=theme).items() if name in PAGES}
    assert len(pages) == len(PAGES)
    with still_pages.served(pages) as addresses, chromium() as browser:
        opened = browser.new_page()
        for name, address in addresses.items():
            opened.goto(address)
            for (system, switch), dark in MODES.items():
                opened.emulate_media(color_scheme=system)
                seen = opened.evaluate(COLOURS, switch)
                where = f"{name}, system {system}, switch {switch}"
                if not theme:
                    assert is_dark(seen["frame"]) is dark, where
                agrees(seen, where)


def agrees(seen, where):
    """Text and ground of each part are as light as the frame's, and what a browser draws, too."""
    frame, dark = seen["frame"], is_dark(seen["frame"])
    html, ours = seen["parts"][0]
    assert (ours["ground"], ours["text"]) == (frame["ground"], frame["text"]), where
    for html, part in seen["parts"]:
        assert is_dark(part) is dark, (where, html, part)
        assert (light(part["ground"]) < 0.5) is dark, (where, html, part)
        assert part["scheme"].split()[-1] == ("dark" if dark else "light"), (where, html, part)


#: Django-jazzmin's styles, in the order in which its pages load them.
BOOTSTRAP = ("vendor/adminlte/css/adminlte.min.css", "jazzmin/css/main.css")
#: Pages with every colour of ours: badges, banners, buttons that delete, changed rows, pills.
COLOURED = [
    "trackingmap_change", "trackingmap_effect", "trackedmodel_change", "trackedmodel_delete",
    "trackingmap_events", "trackingmap_usage", "delivery_changelist",
]  # fmt: skip


def in_bootstrap(html, styles):
    """The page with Bootstrap's dark frame in place of Django's, as django-jazzmin has it."""
    html = re.sub(r'<link[^>]+href="/static/admin/css/(?!forms)[^>]+>', "", html)
    html = html.replace("<head>", f"<head><style>{styles}</style>", 1)
    html = html.replace("<html ", '<html data-bs-theme="dark" ', 1)
    return re.sub(r'<body\b[^>]*class="', r"\g<0>bg-body-tertiary ", html, count=1)


@pytest.mark.packages
def test_words_can_be_read_in_the_dark_of_bootstrap():
    """Its ground is lighter than Django's dark, and its text less so: colours have least room."""
    static = Path(importlib.util.find_spec("jazzmin").origin).parent / "static"
    styles = "".join((static / path).read_text() for path in BOOTSTRAP)
    taken = still_pages.taken(theme=False)
    pages = {name: in_bootstrap(taken[name], styles) for name in COLOURED}
    found = looked_at(pages, in_the_dark)
    assert found == {}, found
