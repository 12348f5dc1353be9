"""Renames in an entry: at once, or with the old name beside the new one until a date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from trackadmin.document.structure import (
    DEPRECATED,
    ActionEntry,
    AttributeEntry,
    ChildEntry,
    ModelEntry,
    in_order,
)

#: What each name of a tracked model stands for.
_Meanings: TypeAlias = Mapping[str, str]


def rename_attribute(entry: ModelEntry, old: str, new: str, *, until: str = "") -> ModelEntry:
    """The entry whose attribute ``old`` is called ``new``; with a date, both names stay until then.

    The key, and attributes that it takes the place of, follow to the new name. If ``new`` is a name
    that it had before, that one is deprecated no longer. Another attribute must not be called so.
    """
    kept = {name: each for name, each in entry.attributes.items() if name == old or name != new}
    attributes = {new if name == old else name: each for name, each in kept.items()}
    key = new if entry.key == old else entry.key
    renamed = replace(entry, key=key, attributes=following(attributes, {old: new}))
    return keep_old_names(renamed, {old: (new, until)} if until else {})


def rename_aggregate(entry: ModelEntry, old: str, new: str) -> ModelEntry:
    """The entry whose count or sum ``old`` is called ``new``; it has one name at a time.

    Nothing else must be called so.
    """
    renamed = {new if name == old else name: each for name, each in entry.aggregates.items()}
    return replace(entry, aggregates=renamed)


def keep_old_names(entry: ModelEntry, renames: Mapping[str, tuple[str, str]]) -> ModelEntry:
    """The entry with the old names of attributes that were renamed, after all others.

    ``renames`` gives the new name and the date of each old one. A URL may use an old name as it
    may use the new one.
    """
    kept: dict[str, AttributeEntry] = {}
    last = max((each.position for each in entry.attributes.values()), default=-1)
    for number, (old, (new, until)) in enumerate(renames.items(), start=1):
        attribute = entry.attributes[new]
        kept[old] = replace(
            attribute,
            lookup=attribute.lookup or entry.key == new,
            position=last + number,
            successor=new,
            until=until,
        )
    return replace(entry, attributes={**entry.attributes, **kept})


def had_before(entry: ModelEntry, name: str, former: str) -> bool:
    """Whether ``former`` is a name of this attribute that stays beside it for a while."""
    old = entry.attributes.get(former)
    return old is not None and old.successor == name != former


def following(
    attributes: Mapping[str, AttributeEntry], renames: Mapping[str, str]
) -> dict[str, AttributeEntry]:
    """The attributes with successors that follow the renames."""
    return {
        name: replace(each, successor=renames.get(each.successor, each.successor))
        for name, each in in_order(attributes)
    }


def renamed_inside(before: ModelEntry, after: ModelEntry) -> dict[str, str]:
    """The new names of attributes, counts and sums that got another name, by their old ones.

    Also of those whose old name stays beside the new one for a while.
    """
    return {
        **_given_new(_sources(before), _sources(after)),
        **_given_new(_computed(before), _computed(after)),
    }


def renamed_parameters(before: ActionEntry, after: ActionEntry) -> dict[str, str]:
    """The new names of an action's parameters, by their old ones.

    Nothing else tells a parameter from the others, so only one that is the same otherwise and in
    the same place was renamed.
    """
    return _given_new(_declared(before), _declared(after))


def _declared(entry: ActionEntry) -> _Meanings:
    return {name: repr(each) for name, each in entry.parameters.items()}


def _given_new(before: _Meanings, after: _Meanings) -> dict[str, str]:
    new = {meant: name for name, meant in after.items() if before.get(name) != meant}
    return {
        name: new[meant]
        for name, meant in before.items()
        if meant in new and after.get(name) != meant
    }


def _sources(entry: ModelEntry) -> _Meanings:
    """What attributes read; without those that stay for a while only."""
    return {name: each.source for name, each in entry.attributes.items() if not each.until}


def _computed(entry: ModelEntry) -> _Meanings:
    """What counts and sums are computed of, whatever they are called."""
    return {
        name: repr((e.relation, e.function, e.field, e.by, sorted(e.where.items())))
        for name, e in entry.aggregates.items()
    }


def old_action(entry: ActionEntry, new: str, *, until: str) -> ActionEntry:
    """The action under its old name, which stays beside the new one until then."""
    return replace(entry, state=DEPRECATED, successor=new, until=until)


def rename_child(child: ChildEntry, prefix: str, *, old: str, until: str = "") -> ChildEntry:
    """The child with another prefix; with a date, names go out under ``old`` too until then.

    ``old`` is the prefix of its model if the child had none of its own.
    """
    former, until = _former(child, prefix, old, until)
    return replace(child, prefix=prefix, former_prefix=former, until=until)


def for_new_prefix(entry: ModelEntry, prefix: str, *, old: str, until: str = "") -> ModelEntry:
    """The tracked model for its new prefix; with a date, names go out under ``old`` too."""
    former, until = _former(entry, prefix, old, until)
    return replace(entry, former_prefix=former, until=until)


def _former(entry: ModelEntry | ChildEntry, prefix: str, old: str, until: str) -> tuple[str, str]:
    """The former prefix and its date."""
    if until:
        return old, until
    # With the prefix that it had before, there is no former one.
    return ("", "") if entry.former_prefix == prefix else (entry.former_prefix, entry.until)
