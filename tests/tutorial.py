"""Reads docs/tutorial.md and does what it says in a browser, sentence by sentence.

What is clicked, written and looked for stands in the tutorial and not here. In a step, a sentence
with a **label** or a `text` must have one of the forms of ``Walk.sentence``; the others are prose.
"""

import re
import shlex
from pathlib import Path

from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tutorial.md"
#: Where the tutorial's demo is served; a walk has its own in this place.
SERVED = "http://127.0.0.1:8000"
COMMAND = ".venv/bin/python manage.py "
#: A **label** or a `text`.
MARK = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
#: Marks and other characters, up to a full stop or a colon that ends a sentence.
SENTENCE = re.compile(rf"(?:{MARK.pattern}|[^.:]|[.:](?!\s+[A-Z]|$))+[.:]?")
BLOCK = re.compile(
    r'```sh\n(?P<commands>.*?)```|<picture>.*?src="images/(?P<picture>[\w-]+)\.png"', re.S
)


def parts():
    """(kind, text) in the order of the page; the kind is command, picture or sentence."""
    text, end = PAGE.read_text(encoding="utf-8"), 0
    for block in BLOCK.finditer(text):
        yield from _sentences(text[end : block.start()])
        for line in (block["commands"] or "").splitlines():
            yield "command", line
        if block["picture"]:
            yield "picture", block["picture"]
        end = block.end()
    yield from _sentences(text[end:])


def _sentences(text):
    """Those of the numbered steps, and those that say what one sees."""
    for paragraph in re.split(r"\n\s*\n|\n(?=\d+\. )", text):
        words, steps = re.subn(r"^\s*\d+\. ", "", paragraph)
        for found in SENTENCE.finditer(" ".join(words.split())):
            sentence = found[0].strip()
            if steps or sentence.startswith(("You see", "It answers")):
                yield "sentence", sentence


class Walk:
    """Somebody who does what the tutorial says; a picture calls ``camera(page, name)``."""

    def __init__(self, opened, site, camera):
        self.opened, self.site, self.camera = opened, site, camera
        self.answer = ""

    def go(self):
        """Do all of it; gives how often each thing was done."""
        done = {}
        for kind, text in parts():
            what = {"command": self.run, "picture": self.look, "sentence": self.sentence}[kind](
                text
            )
            done[what] = done.get(what, 0) + 1
        return done

    def run(self, line):
        """Run a command exactly as the page has it. The demo is already being served."""
        if line == "make demo":
            assert re.search(r"^demo:.*\n\t.*manage.py demo", (ROOT / "Makefile").read_text(), re.M)
        else:
            assert line.startswith(COMMAND), line
            answer = self.site.manage(*shlex.split(line.removeprefix(COMMAND)))
            self.answer = " ".join(answer.split())
        return "command"

    def look(self, name):
        self.camera(self.opened, name)
        return "picture"

    def sentence(self, text):
        """Do what one sentence says; gives its first word."""
        marks = [bold or code for bold, code in MARK.findall(text)]
        if not marks:
            return "prose"
        forms = {
            r"Open #\.": self.open,
            r"Write # into #( and # into #)*\.": self.write,
            r"Click # beside #\.": self.click_beside,
            r"Click #(, then #)*\.": self.click,
            r"Tick #( and #)*[.:].*": self.tick,
            r"Untick #( and #)*\.": self.untick,
            r"You see # beside #.*": self.see_beside,
            r"You see #.*": self.see,
            r"It answers #.*": self.see_answer,
        }
        said = MARK.sub("#", text)
        do = next((do for form, do in forms.items() if re.fullmatch(form, said)), None)
        assert do, f"Nobody knows how to do this: {text}"
        do(*marks)
        return text.split()[0]

    def open(self, address):
        assert address.startswith(SERVED), address
        self.opened.goto(self.site.url + address.removeprefix(SERVED))

    def write(self, *texts_and_labels):
        for text, label in zip(texts_and_labels[::2], texts_and_labels[1::2], strict=True):
            self.field(label).fill(text)

    def click(self, *names):
        for name in names:
            self.named(name, self.opened).click()

    def click_beside(self, name, words):
        self.named(name, self.row(words)).click()

    def tick(self, *labels):
        for label in labels:
            self.field(label).check()

    def untick(self, *labels):
        for label in labels:
            self.field(label).uncheck()

    def see(self, *words):
        for each in words:
            found = self.opened.get_by_text(each).filter(visible=True)
            expect(found.first, f"“{each}” is not on the page").to_be_visible()

    def see_beside(self, words, other):
        expect(self.row(other)).to_contain_text(words)

    def see_answer(self, words):
        assert words in self.answer, self.answer

    def field(self, label):
        """By its label, or by the name that it has for a screen reader."""
        wanted = re.compile(rf"^\s*{re.escape(label)}:?( optional)?\s*$")
        return self.opened.get_by_label(wanted)

    def named(self, name, within):
        """The first button, link or choice with exactly this name."""
        choice = within.locator("label").filter(has_text=re.compile(rf"^{re.escape(name)}$"))
        found = within.get_by_role("button", name=name, exact=True)
        found = found.or_(within.get_by_role("link", name=name, exact=True)).or_(choice)
        return found.filter(visible=True).first

    def row(self, words):
        """The first row of a table or of a list that has these words."""
        rows = self.opened.locator("tr, li").filter(has_text=re.compile(rf"\b{re.escape(words)}\b"))
        return rows.filter(visible=True).first
