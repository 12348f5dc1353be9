"""What the tests read from a page as a browser does: attributes, texts, and forms to send back."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Form:
    """A form, and what a browser would send of it without changes."""

    method: str
    action: str
    sent: dict = field(default_factory=dict)
    #: The buttons that have a name; a browser sends the one that was pressed.
    buttons: list = field(default_factory=list)

    @property
    def sent_to_save(self):
        """What a browser sends when the last button is pressed that does not only ask."""
        asks = {"_show"}
        return {**self.sent, **dict([each for each in self.buttons if each[0] not in asks][-1:])}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.attributes, self.forms, self.texts = [], [], []
        self.form = self.select = self.area = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "form":
            self.form = Form(given.get("method", "get").lower(), given.get("action") or "")
            self.forms.append(self.form)
        elif tag == "select":
            self.select = None if "disabled" in given else given.get("name")
        elif tag == "option" and self.form and self.select:
            chosen = "selected" in given
            if chosen or self.select not in self.form.sent:
                self.form.sent[self.select] = given.get("value", "")
        elif tag == "textarea":
            self.area = given.get("name")
            if self.form:
                self.form.sent[self.area] = ""
        elif tag in ("input", "button") and self.form and given.get("name"):
            self.field(tag, given)

    def field(self, tag, given):
        name, value, kind = given["name"], given.get("value", "on"), given.get("type", "text")
        if "disabled" in given:
            return
        if tag == "button" or kind == "submit":
            self.form.buttons.append((name, given.get("value", "")))
        elif kind not in ("checkbox", "radio"):
            self.form.sent[name] = given.get("value", "")
        elif "checked" in given:
            self.form.sent[name] = value

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None

    def handle_data(self, data):
        self.texts.append(data)
        if self.area and self.form:
            self.form.sent[self.area] += data


def read(html):
    """The page's attributes as (tag, name, value), its forms, and its texts."""
    reader = _Reader()
    reader.feed(html)
    return reader
