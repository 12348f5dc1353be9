"""Edit, decide, preview and publish with the keyboard alone, and always see where one is."""

import pytest
from playwright.sync_api import expect

from tests.browser import log_in, page

pytestmark = pytest.mark.browser

MAP = "/admin/trackadmin/trackingmap/1/"
#: Presses of one key until the wanted element must have been reached.
PATIENCE = 250
#: What has the focus where nothing of the page has it.
NOWHERE = {"group": "", "words": []}

#: What has the focus: its words, and whether anything around it or its label shows that it has.
FOCUS = """
() => {
    const focused = document.activeElement;
    if (!focused || focused === document.body) {
        return null;
    }
    const shows = (element) => {
        const style = element && getComputedStyle(element);
        return Boolean(style) && style.visibility === "visible" && style.opacity !== "0" && (
            (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
            || style.boxShadow !== "none");
    };
    const labels = [...(focused.labels || [])];
    const ours = Boolean(focused.closest(".ta"));
    const by = (focused.getAttribute("aria-labelledby") || "").split(" ");
    const names = by.map((id) => document.getElementById(id)).filter(Boolean);
    const words = [focused.getAttribute("aria-label"), focused.textContent, focused.placeholder,
        ...[...names, ...labels].map((each) => each.textContent), focused.value].filter(Boolean);
    return {
        ours, words: words.map((each) => each.trim().replace(/\\s+/g, " ")),
        group: focused.closest("[role=radiogroup]")?.getAttribute("aria-label") || "",
        tag: focused.localName, role: focused.getAttribute("role"), checked: focused.checked,
        html: focused.outerHTML.slice(0, 200),
        seen: [focused, ...labels].some(shows),
    };
}
"""


class Keys:
    """Somebody without a mouse."""

    def __init__(self, opened):
        self.opened = opened
        self.stops = 0

    def press(self, key):
        """Press a key; gives what has the focus now, which must be visible on our pages."""
        self.opened.keyboard.press(key)
        found = self.opened.evaluate(FOCUS)
        if found and found["ours"]:
            self.stops += 1
            assert found["seen"], f"Nothing shows where the focus is: {found['html']}"
        return found

    def go_to(self, wanted, key="Tab", tag=""):
        """Press the key until what is called so has the focus."""
        passed = []
        for _ in range(PATIENCE):
            found = self.press(key)
            passed.append(found and found["words"][:1])
            if found and wanted in found["words"] and tag in ("", found["tag"]):
                return found
        raise AssertionError(f"{wanted!r} was not reached by {key}, only {passed}")

    def decide(self, choice, about=""):
        """Go on to the decision about this attribute, or to the next one, and move to the choice.

        Gives what the decision is called.
        """
        before = (self.opened.evaluate(FOCUS) or NOWHERE)["group"]
        for _ in range(PATIENCE):
            group = (self.press("Tab") or NOWHERE)["group"]
            if group.startswith(f"Decision about {about}") and group != before:
                break
        else:
            raise AssertionError(f"no decision about {about or 'another attribute'} was reached")
        for _ in range(4):
            found = self.press("ArrowRight")
            if found["checked"] and choice in found["words"]:
                return group
        raise AssertionError(f"{choice!r} cannot be chosen about {group}")

    def enter(self, path):
        """Press Enter on what has the focus, and wait for the page it leads to."""
        self.opened.keyboard.press("Enter")
        self.opened.wait_for_url(f"**{path}")


def test_edit_preview_and_publish_by_keyboard_alone(browser, site):
    """Never a click, and every stop on our pages shows that it has the focus."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + MAP + "change/")
        keys = Keys(opened)
        keys.go_to("BuyerProfile", tag="a")
        keys.enter("/trackedmodel/*/change/")
        keys.go_to("Find an attribute", tag="input")
        opened.keyboard.type("newsletter")
        keys.decide("Track", about="newsletter")
        keys.go_to("Output name of newsletter")
        keys.go_to("Save", tag="button")
        opened.keyboard.press("Space")
        expect(opened.locator(".messagelist")).to_contain_text("Saved BuyerProfile")

        keys.go_to("Preview", tag="a")
        keys.enter("/preview/**")
        keys.go_to("BuyerProfile", tag="a")
        keys.enter("/preview/?model=BuyerProfile")
        box = keys.go_to("Search buyer profile")
        assert box["role"] == "combobox"
        opened.keyboard.press("Enter")
        expect(opened.locator(".select2-search__field")).to_be_focused()
        assert opened.evaluate(FOCUS)["words"][0] == "Search buyer profile"
        opened.keyboard.type("testUserOne")
        expect(opened.locator(".select2-results__option--highlighted")).to_contain_text(
            "testUserOne"
        )
        keys.enter("/preview/?model=BuyerProfile&object=*")
        row = opened.locator("#preview-rows tr").filter(has_text="BuyerProfile_newsletter")
        expect(row).to_contain_text("new")

        keys.go_to("Review and publish", tag="a")
        keys.enter("/publish/")
        keys.go_to("Note optional", tag="textarea")
        opened.keyboard.type("By keyboard.")
        keys.go_to("Publish version 2", tag="button")
        keys.go_to("Note optional", key="Shift+Tab", tag="textarea")
        keys.go_to("Publish version 2", tag="button")
        opened.keyboard.press("Enter")
        expect(opened.locator(".messagelist")).to_contain_text("Version 2 is live.")
        assert keys.stops > 40


def test_several_attributes_are_decided_and_saved_once_by_keyboard(browser, site):
    """Three decisions and a privacy, one request; what was decided is not asked again."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + MAP + "undecided/")
        rows = opened.locator("#undecided tbody tr")
        before, sent = rows.count(), []
        opened.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
        keys = Keys(opened)
        decided = [keys.decide(choice) for choice in ("Track", "Ignore", "Track")]
        assert len(set(decided)) == 3
        assert decided[-1] == "Decision about BuyerProfile.phone"  # it looks personal
        keys.go_to("Privacy of BuyerProfile.phone", tag="select")
        opened.keyboard.press("ArrowDown")
        keys.go_to("Save all decisions", tag="button")
        opened.keyboard.press("Enter")
        expect(opened.locator(".messagelist")).to_be_visible()
        expect(rows).to_have_count(before - 3)
        for said in decided:
            expect(opened.get_by_role("radiogroup", name=said, exact=True)).to_have_count(0)
        assert len(sent) == 1
