"""The reason of an edit as the history stores it, so that it can be read in every language."""

from __future__ import annotations

from trackadmin.texts import Text, english

#: A sentence and its values.
StoredReason = dict[str, object]


def stored_reason(text: Text) -> StoredReason:
    """The sentence and its values as JSON-able data."""
    values = {name: english(value) for name, value in text.values.items()}
    return {"sentence": text.singular, "values": values}


def reason_of(stored: object) -> Text | None:
    """What ``stored_reason`` gave; ``None`` if it cannot have given this."""
    if not isinstance(stored, dict):
        return None
    sentence, values = stored.get("sentence"), stored.get("values")
    if not isinstance(sentence, str) or not sentence or not isinstance(values, dict):
        return None
    if not all(isinstance(value, str) for value in values.values()):
        return None
    try:
        if values:
            sentence % values
    except (KeyError, TypeError, ValueError):
        return None
    return Text(sentence, values=values)
