"""Makes every picture of the docs from the demo: ``make pictures``.

Look at them before you commit them. The same Chromium and fonts give the same files.
"""

import json
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import tutorial
from tests.browser import ROOT, chromium, log_in, page
from tests.camera import TALL, Camera, StillSite

MAP = "trackadmin/trackingmap/1"
ORDER = "trackadmin/trackedmodel/7/change/"
#: Closes the admin's sidebar: a picture shows our part.
CLOSED = "localStorage.setItem('django.admin.navSidebarIsOpen', 'false')"
#: The form of a tracked model beside a real object, as a window shows it.
PANEL = {
    "of": ".ta-beside, .ta-submit",
    "window": (1300, 800),
    "top": "#attributes",
    "most": 800,
}


def show_effect(opened):
    opened.locator("[data-into=effect]").click()
    opened.locator("#effect table").first.wait_for()


def show_profile(opened):
    opened.locator("#profile-7 [data-into]").click()
    opened.locator("#attribute-rows .ta-field-profile").first.wait_for()


def ignore_status(opened):
    """With the panel beside the form."""
    opened.locator("[data-shows-object]").click()
    opened.locator("#object-panel.ta-shown").wait_for()
    opened.locator("#a-status .ta-choice label").nth(1).click()
    opened.locator("#object-panel .ta-gone").filter(has_text="Order_status").first.wait_for()


def show_what_is_tracked(opened):
    opened.locator(".trackadmin-link").click()
    opened.locator("#content table").first.wait_for()


@dataclass
class Shot:
    """A picture of a page of the admin; ``before`` is what is done on the page first."""

    path: str
    options: dict = field(default_factory=dict)
    before: object = None


#: The pictures of the handbook by their names, with changes that wait in the draft.
HANDBOOK = {
    "home": Shot("trackadmin/", {"of": "#content > h1, .ta-home"}),
    "map": Shot(f"{MAP}/change/", {"most": 1000}),
    "map-narrow": Shot(f"{MAP}/change/", {"window": (400, TALL), "most": 800}),
    "picture": Shot(f"{MAP}/picture/", {"of": "#picture"}),
    "model": Shot(ORDER, PANEL, ignore_status),
    "profile": Shot(ORDER, {"of": "#attributes"}, show_profile),
    "undecided": Shot(f"{MAP}/undecided/"),
    "quality": Shot(f"{MAP}/quality/"),
    "preview": Shot(f"{MAP}/preview/?model=BuyerProfile&object=1", {"most": 900}),
    "effect": Shot(f"{MAP}/publish/", {"of": "#effect", "most": 900}, show_effect),
    "tracked": Shot("demo/order/60/change/", before=show_what_is_tracked),
}
#: The tutorial's own pictures: what is not a part of a page, or higher than others.
TUTORIAL = {
    "tutorial-proposal": {"of": "#starter"},
    "tutorial-change": PANEL,
    "tutorial-url": {"most": 1000},
}


@contextmanager
def window(browser, width=1100, height=860):
    """A window without the admin's sidebar."""
    size = {"width": width, "height": height}
    with page(browser, viewport=size, locale="en-GB", timezone_id="UTC") as opened:
        opened.add_init_script(CLOSED)
        yield opened


def take_tutorial(browser, site, camera):
    """The walk of the tutorial, at each of its pictures."""

    def take(opened, name):
        site.wait(minutes=1)
        camera.take(opened, name, **TUTORIAL.get(name, {}))

    with window(browser) as opened:
        tutorial.Walk(opened, site, take).go()


def take_handbook(browser, site, camera):
    """The pages of the admin."""
    changed = site.folder / "changed.json"
    changed.write_text(changed_map(), encoding="utf-8")
    site.wait(hours=2)
    site.manage("trackadmin", "import", str(changed), "--by", "product")
    site.wait(minutes=20)
    with window(browser) as opened:
        log_in(opened, site, "product")
        for name, shot in HANDBOOK.items():
            opened.goto(f"{site.url}/admin/{shot.path}")
            if shot.before:
                shot.before(opened)
            camera.take(opened, name, **shot.options)


def changed_map():
    """The demo's map with a few changes."""
    document = json.loads((ROOT / "fixtures" / "demo_map.json").read_text(encoding="utf-8"))
    models = document["models"]
    models["BuyerProfile"]["attributes"].insert(2, "newsletter")
    order = models["Order"]
    order["attributes"] = [each for each in order["attributes"] if "quantity" not in str(each)]
    models["CompanyAccount"]["attributes"].append("employees")
    return json.dumps(document)


def take_shop(browser, site, camera):
    """The shop, before and after the changes were published: what is new is marked."""
    with window(browser, width=1280, height=760) as opened:
        opened.goto(site.url)

        def press(button):
            before = opened.locator("#events > li").count()
            site.wait(seconds=40)
            opened.get_by_role("button", name=button, exact=True).click()
            opened.locator("#events > li").nth(before).wait_for()

        press("Sign up")
        site.manage("trackadmin", "publish", "--by", "product", "--note", "For the newsletter")
        opened.wait_for_timeout(2000)  # the shop looks for a new version once a second
        press("Order Cordless drill 18 V")
        press("Sign up")
        opened.mouse.move(0, 0)
        camera.take(opened, "shop", of="body", window=(1280, 760), top="body", most=760)


#: For each language of the demo: what the names of its pictures end with, and what takes them.
LANGUAGES = {
    "en-gb": ("", (take_tutorial, take_handbook, take_shop)),
    "de": ("-de", (take_handbook,)),
}


def made():
    """The names of all files that this makes."""
    walked = [text for kind, text in tutorial.parts() if kind == "picture"]
    names = [*walked, *HANDBOOK, "shop", *(f"{name}-de" for name in HANDBOOK)]
    return {f"{name}{scheme}.png" for name in names for scheme in ("", "-dark")}


def main(languages):
    """Make the pictures of these languages."""
    for language in languages:
        suffix, takes = LANGUAGES[language]
        with (
            tempfile.TemporaryDirectory() as folder,
            StillSite(Path(folder), language).served() as site,
            chromium() as browser,
        ):
            for take in takes:
                take(browser, site, Camera(suffix))


if __name__ == "__main__":
    main(sys.argv[1:] or LANGUAGES)
