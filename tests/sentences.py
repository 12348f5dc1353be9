"""Finds sentences for people that no translation reaches, in code and in templates."""

import ast
import re
from dataclasses import dataclass
from html.parser import HTMLParser

#: What takes a sentence to translate.
TRANSLATORS = {
    "_",
    "gettext",
    "gettext_lazy",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
}
#: What writes for operators, who read one language.
LOGS = {
    "critical",
    "debug",
    "error",
    "exception",
    "info",
    "log",
    "warning",
}
LOGGERS = {"logger"}
#: What a page writes to the admin's log with.
ADMIN_LOGS = {"log_addition", "log_change"}
#: Whose method, and which.
ALLOWED_METHODS = {
    *((owner, log) for owner in LOGGERS for log in LOGS),
    *(("self", log) for log in ADMIN_LOGS),
    *(("texts", translator) for translator in TRANSLATORS),
}
#: What counts a fault and logs its place.
FAULTS = {"fault", "report"}
#: What takes a list of words, which names are compared with.
WORD_LISTS = {"listed"}
#: What only a developer makes happen.
OF_DEVELOPERS = {"AssertionError", "AttributeError", "NotImplementedError", "TypeError"}
#: Two words of letters beside each other, of which one begins in small letters.
_WORDS = re.compile(r"[A-Za-z’']{2,},? +[a-z]{2,}|[A-Z][a-z]+ [a-z’']+")
#: SQL, generated code, a pattern, an address: what no person reads as a sentence.
_NOT_WORDS = re.compile(
    r"\b(SELECT|FROM|WHERE|JOIN|CREATE|DECLARE|DELETE|SAVEPOINT|SET|ORDER BY|CASE|CAST)\b"
    r"|\bCOMMENT ON\b|^\W*0?(def|if|elif|for|return|raise|import|from|while|with)\b.*[:=(_]"
    r"|^0?return \w+$|\\|\(\?|://|RULE|:=|\(row, out|\bis None\b|\[\d\]"
)


@dataclass(frozen=True)
class Sentence:
    """A text that looks like a sentence, and where it is."""

    file: str
    line: int
    text: str


def in_code(path, name):
    """The sentences in a file of Python that are not given to gettext."""
    tree = ast.parse(path.read_text())
    excused = set(_excused(tree))
    for node in ast.walk(tree):
        if id(node) in excused or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        text = _text(node)
        if text and looks_like_a_sentence(text):
            yield Sentence(name, node.lineno, text)


def given_but_not_literal(path, name):
    """The calls of gettext whose sentence ``makemessages`` cannot read: a name, an f-string."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id in TRANSLATORS and not _is_literal(node.args[0]):
            yield Sentence(name, node.lineno, ast.unparse(node))


def _is_literal(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def looks_like_a_sentence(text):
    return bool(_WORDS.search(text)) and not _NOT_WORDS.search(text)


def _text(node):
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts = [each.value if isinstance(each, ast.Constant) else "0" for each in node.values]
    return "".join(map(str, parts))


def _excused(tree):
    """The nodes that are not for people, or reach them through gettext."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from map(id, node.values)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)  # a docstring
        elif (isinstance(node, ast.Call) and _is_excused(node)) or isinstance(node, ast.Assert):
            yield from (id(each) for each in ast.walk(node))


def _is_excused(call):
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Constant):
        return function.attr == "split"  # a list of words
    if isinstance(function, ast.Name):
        return function.id in TRANSLATORS | FAULTS | WORD_LISTS | OF_DEVELOPERS
    if isinstance(function, ast.Attribute):
        owner = function.value
        name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
        return (name, function.attr) in ALLOWED_METHODS
    return False


#: Attributes of HTML that people read.
SHOWN = {"alt", "aria-label", "data-copied", "data-label", "data-placeholder", "placeholder"}
SHOWN |= {"title"}
_TRANSLATED = re.compile(
    r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}"
    r"|{%\s*trans(?:late)? .*?%}"
    r"|{%\s*comment\b.*?{%\s*endcomment\s*%}",
    re.DOTALL,
)
_TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)


def in_template(path, name):
    """The words in a template that are outside its translate tags."""
    text = _TRANSLATED.sub(_blank, path.read_text())
    reader = _Words()
    # A tag of Django's holds quotes, which would end an attribute of HTML.
    reader.feed(_TAG.sub(_blank, text))
    reader.close()
    for line, words in reader.found:
        yield Sentence(name, line, words)


def _blank(match):
    """As many lines, so that what is found has its own number."""
    return " " + "\n" * match[0].count("\n")


class _Words(HTMLParser):
    """Collects the texts and the attributes in which a person would read a word."""

    def __init__(self):
        super().__init__()
        self.found = []

    def _note(self, text):
        if re.search(r"[A-Za-z]{2,}", text or ""):
            self.found.append((self.getpos()[0], " ".join(text.split())))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in SHOWN:
                self._note(value)

    def handle_data(self, data):
        self._note(data)
