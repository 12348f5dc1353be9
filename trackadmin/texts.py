"""Sentences for people: written where something is found, translated where it is shown.

What is found in one request may be shown in another, to somebody who reads another language, so
these keep the sentence and its values and are translated each time they become a ``str``. The
functions have the names of ``django.utils.translation``, by which ``makemessages`` finds them::

    from trackadmin.texts import gettext as _

    _("%(model)s has no attribute %(name)s.", model=label, name=name)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation
from django.utils.formats import localize


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in English with its values; ``str()`` gives it in the language that is active."""

    singular: str
    #: The form for other numbers than one; empty where the sentence has one form.
    plural: str = ""
    #: The number that chooses the form. It is among the values as ``count`` too.
    count: int = 1
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.plural:
            sentence = translation.ngettext(self.singular, self.plural, self.count)
        else:
            sentence = translation.gettext(self.singular)
        if not self.values:
            return sentence
        values = {name: shown(value) for name, value in self.values.items()}
        try:
            return sentence % values
        except (KeyError, TypeError, ValueError):  # a translation of the site with other places
            return english(self)

    def __hash__(self) -> int:
        return hash((self.singular, self.plural, self.count))

    def __reduce__(self) -> tuple[Any, ...]:
        state = (self.singular, self.plural, self.count, dict(self.values))
        return Text, state


def gettext(sentence: str, /, **values: object) -> Text:
    """The sentence, in which ``%(name)s`` stands for the value ``name``."""
    return Text(sentence, values=values)


def ngettext(singular: str, plural: str, /, count: int, **values: object) -> Text:
    """The form for this number, in which ``%(count)s`` stands for it."""
    return Text(singular, plural, count, values={"count": count, **values})


def joined(*sentences: Text) -> Text:
    """Whole sentences, one after the other."""
    names = [f"sentence{number}" for number in range(len(sentences))]
    template = " ".join(f"%({name})s" for name in names)
    return Text(template, values=dict(zip(names, sentences, strict=True)))


def shown(value: object) -> str:
    """The value as people of the active language write it: numbers and dates by its formats.

    Where no language is active, as in the log, by no format of the site's either.
    """
    return str(value if translation.get_language() is None else localize(value))


def english(text: object) -> str:
    """The words as they are in the code: for logs, programs, and what is stored for all readers.

    Works for a :class:`Text` before Django's apps are ready, when nothing can be translated yet.
    """
    if isinstance(text, Text):
        sentence = text.singular if text.count == 1 or not text.plural else text.plural
        values = {name: english(value) for name, value in text.values.items()}
        return sentence % values if values else sentence
    if isinstance(text, str | int | float):
        return str(text)
    with translation.override(None):
        return str(text)


def enumeration(items: list[str] | tuple[str, ...]) -> Text | str:
    """The items as an enumeration: "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    *most, last = items
    return gettext("%(items)s and %(last)s", items=", ".join(most), last=last)
