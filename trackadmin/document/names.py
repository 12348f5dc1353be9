"""The names that a map may have: plain ASCII words that mean the same in code, SQL and a URL."""

from __future__ import annotations

import keyword
import re
import unicodedata
from functools import lru_cache

from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: Longest name, in characters: a prefix, an attribute, a source or an accessor.
LONGEST = 100

#: What a name must look like.
LEGAL = _(
    "Use English letters, digits and single underscores between them, starting with a letter, "
    "at most %(count)s characters.",
    count=LONGEST,
)

#: Django's own rule for field names (no ``__``, no underscore at the end), in ASCII, and without
#: an underscore at the start: those are private.
_PLAIN = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
#: A lower-case label as Django writes it; a class or an app may start with an underscore.
_LABEL = re.compile(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*")
#: Longest label of a model: Django's own limit in ContentType is 100 for each half.
LONGEST_LABEL = 2 * LONGEST + 1


# A map has the same few names thousands of times.
@lru_cache(16_384)
def why_not_a_name(name: str) -> Text | None:
    """The reason why a map may not have this name, in one sentence; ``None`` where it may."""
    if not name:
        return _("The name is empty.")
    if len(name) > LONGEST:
        return _("The name has %(count)s characters.", count=len(name))
    if not name.isascii():
        return _not_ascii(name)
    if name.startswith("_"):
        return _("The name starts with an underscore, so it is private.")
    if "__" in name:
        return _(
            "The name has two underscores in a row, which separate a prefix from an attribute."
        )
    if keyword.iskeyword(name):
        return _("The name is a word of the Python language.")
    return None if _PLAIN.fullmatch(name) else _("The name is not a plain name.")


def camel_case(name: str) -> str:
    """A name of words as the name of a class: ``billing_address`` is ``BillingAddress``."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def _not_ascii(name: str) -> Text:
    # Python reads such a name in its folded form, and so as a field that nobody meant.
    folded = unicodedata.normalize("NFKC", name)
    if folded != name and folded.isascii():
        return _("The name has letters that only look like those of '%(name)s'.", name=folded)
    return _("The name has characters other than English letters, digits and underscores.")


def is_label(label: str) -> bool:
    """Whether the text is a model's label in lower case, ``app_label.modelname``."""
    return len(label) <= LONGEST_LABEL and bool(_LABEL.fullmatch(label))
