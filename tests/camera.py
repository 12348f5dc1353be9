"""Takes the pictures of the docs: small, the same every time, and no line of text cut off."""

import io
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image

from tests.browser import DemoSite

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
START = datetime.fromisoformat("2026-09-14T09:30:00+00:00")
#: High enough that nothing of a page sticks to the lower edge of the window.
TALL = 3000
#: No picture is higher, unless its page says so.
HEIGHT = 720
COLOURS = 200
#: Around a part of a page, in pixels.
PADDING = 8
#: Our part of an admin page, and what it has to say.
PART = "#content, ul.messagelist"

#: Where these elements are, down to the last place that cuts no text and no control.
FRAME = """
([selector, most, cuts]) => {
    document.activeElement?.blur();
    document.getAnimations().forEach((each) => each.finish()); // colours fade on links
    if (cuts) {
        scrollTo(0, 0);
    }
    const boxes = [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility())
        .map((each) => each.getBoundingClientRect());
    const top = Math.max(0, Math.min(...boxes.map((box) => box.top)));
    const bottom = Math.max(...boxes.map((box) => box.bottom));
    const left = Math.min(...boxes.map((box) => box.left));
    const right = Math.max(...boxes.map((box) => box.right));
    const whole = "p, li, dt, dd, td, th, h1, h2, h3, label, button, input, select, textarea, pre"
        + ", summary, a";
    const lines = [...document.querySelectorAll(whole)]
        .filter((each) => each.checkVisibility()).map((each) => each.getBoundingClientRect());
    let cut = Math.min(bottom, top + most, innerHeight);
    for (let hit = cuts && cut < bottom; hit;) {
        hit = lines.find((box) => box.top < cut && box.bottom > cut + 1 && box.height < most / 2);
        cut = hit ? hit.top : cut;
    }
    return {left, top, right, bottom: cut, free: cut === bottom};
}
"""
#: The theme's pages are always light, so a dark picture shows Django's own look.
THEME = """
(worn) => {
    for (const each of document.querySelectorAll("link[href*=admin_interface], style")) {
        each.disabled = !worn;
    }
    document.body.classList.toggle("admin-interface", worn);
}
"""


class StillSite(DemoSite):
    """A demo whose clock stands still until it is moved on."""

    program = ("-m", "tests.still_demo")

    def __init__(self, folder, language="en-gb"):
        super().__init__(folder)
        self.clock = folder / "clock"
        self.time = START
        self.wait(minutes=0)
        self.environment |= {"STILL_CLOCK": str(self.clock), "STILL_LANGUAGE": language}

    def wait(self, **length):
        """Move the clock on."""
        self.time += timedelta(**length)
        self.clock.write_text(self.time.isoformat())


class Camera:
    """Takes pictures, each light and dark; their names end with ``suffix``."""

    def __init__(self, suffix=""):
        self.suffix = suffix

    def take(self, opened, name, of=PART, *, most=HEIGHT, window=None, top=None):
        """A picture of these elements of the page, in each scheme.

        It is cut where it says nothing. With ``top`` it is what a window of this size shows when
        that element is at its upper edge.
        """
        size = opened.viewport_size
        width, height = window or (size["width"], TALL)
        opened.set_viewport_size({"width": width, "height": height})
        if top:
            opened.locator(top).evaluate("(element) => element.scrollIntoView()")
            opened.evaluate("by => scrollBy(0, -by)", PADDING)
        themed = opened.locator("body.admin-interface").count() > 0
        for scheme in ("light", "dark"):
            opened.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if themed:
                opened.evaluate(THEME, scheme == "light")
            frame = opened.evaluate(FRAME, [of, most, top is None])
            by = 0 if of == PART else PADDING
            taken = opened.screenshot(clip=_clip(frame, width, by), animations="disabled")
            self._keep(taken, name + self.suffix + ("-dark" if scheme == "dark" else ""))
        opened.emulate_media(color_scheme="light")
        if themed:
            opened.evaluate(THEME, True)
        opened.set_viewport_size(size)

    def _keep(self, taken, name):
        with Image.open(io.BytesIO(taken)) as image:
            few = image.convert("RGB").quantize(COLOURS, kmeans=2, dither=Image.Dither.NONE)
            few.save(IMAGES / f"{name}.png", optimize=True)


def _clip(frame, width, by):
    """The frame with a little of what is around it, except where it is cut."""
    left, top = max(0, frame["left"] - by), max(0, frame["top"] - by)
    right = min(width, frame["right"] + by)
    bottom = frame["bottom"] + (by if frame["free"] else 0)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}
