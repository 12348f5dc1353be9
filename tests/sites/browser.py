"""What a browser makes of a page: its forms as they would be sent, and its links."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

#: What is no value of a form, or only of the button that was pressed.
BUTTONS = ("submit", "button", "image", "reset", "file")


@dataclass
class Form:
    """A form as the page shows it."""

    method: str
    action: str
    fields: list = field(default_factory=list)

    def sent(self, **changes):
        """What is sent when it is submitted, with some fields changed."""
        data = {}
        for name, value in self.fields:
            data.setdefault(name, []).append(value)
        return {**data, **changes}


class Page(HTMLParser):
    """Reads a page; ``forms`` and ``links`` are in its order."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.links = [], []
        self._select, self._options, self._textarea = None, [], None
        self._disabled = 0
        self.feed(text)

    def form_with(self, name):
        """The first form that sends this field, or None."""
        return next((f for f in self.forms if name in dict(f.fields)), None)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append(Form(given.get("method") or "get", given.get("action") or ""))
        elif tag == "fieldset":
            self._disabled += "disabled" in given or self._disabled > 0
        elif tag in ("input", "textarea", "select", "option") and self.forms:
            getattr(self, f"_{tag}_begins")(given)

    def handle_endtag(self, tag):
        if tag == "fieldset":
            self._disabled = max(self._disabled - 1, 0)
        elif tag == "select" and self._select is not None:
            chosen = [value for value, selected in self._options if selected]
            every = [value for value, _ in self._options]
            for value in chosen or every[:1]:
                self._add(self._select, value)
            self._select = None
        elif tag == "textarea" and self._textarea is not None:
            name, text = self._textarea
            self._add(name, text.removeprefix("\n"))
            self._textarea = None

    def handle_data(self, data):
        if self._textarea is not None:
            self._textarea = (self._textarea[0], self._textarea[1] + data)

    def _add(self, name, value):
        self.forms[-1].fields.append((name, value))

    def _may_be_sent(self, given):
        return given.get("name") and "disabled" not in given and not self._disabled

    def _input_begins(self, given):
        kind = given.get("type", "text")
        if not self._may_be_sent(given) or kind in BUTTONS:
            return
        if kind not in ("checkbox", "radio"):
            self._add(given["name"], given.get("value") or "")
        elif "checked" in given:
            self._add(given["name"], given.get("value", "on"))

    def _textarea_begins(self, given):
        if self._may_be_sent(given):
            self._textarea = (given["name"], "")

    def _select_begins(self, given):
        self._select = given["name"] if self._may_be_sent(given) else None
        self._options = []

    def _option_begins(self, given):
        if self._select is not None:
            self._options.append((given.get("value", ""), "selected" in given))
