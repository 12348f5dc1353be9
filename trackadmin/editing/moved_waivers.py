"""Waivers go along when what they are about gets another name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trackadmin.codes import LintCode
from trackadmin.document import ActionEntry, ModelEntry
from trackadmin.document.action_rules import ACTIONS
from trackadmin.document.renames import renamed_inside, renamed_parameters
from trackadmin.editing.locking import write_database
from trackadmin.editing.tables import HeadEntry
from trackadmin.models import TrackingMap, Waiver

#: What is about the name itself: another name has to be looked at again.
OF_NAMES = {LintCode.NAME, LintCode.LOOK_ALIKES}


def moves_of(old: str, before: HeadEntry, new: str, after: HeadEntry) -> Iterator[tuple[str, str]]:
    """The places that an edit moves, from the tracked model's or the action's to those inside it.

    Places inside one that moves go along without being named.
    """
    if isinstance(before, ModelEntry) and isinstance(after, ModelEntry):
        inside = renamed_inside(before, after)
    else:
        old, new = f"{ACTIONS}.{old}", f"{ACTIONS}.{new}"
        inside = _renamed_parameters(before, after)
    yield old, new
    for name, renamed in inside.items():
        yield f"{old}.{name}", f"{new}.{renamed}"


def _renamed_parameters(before: HeadEntry, after: HeadEntry) -> dict[str, str]:
    if isinstance(before, ActionEntry) and isinstance(after, ActionEntry):
        return renamed_parameters(before, after)
    return {}


def move_waivers(tracking_map: TrackingMap, moves: Mapping[str, str]) -> list[Waiver]:
    """Move the waivers of these places, all at once; gives those that moved.

    One stays where it is if it accepts a name that is no more, and if there is one at its new
    place already. It is then listed as no longer needed.
    """
    rows = Waiver.objects.using(write_database()).filter(map=tracking_map)
    known = list(rows) if any(old != new for old, new in moves.items()) else []
    places = {row.pk: _moved(row, moves) for row in known}
    moving = [row for row in known if places[row.pk] != row.place]
    taken = {(row.code, row.place) for row in known if row not in moving}
    moved = [row for row in moving if (row.code, places[row.pk]) not in taken]
    for row in moved:
        # Two may change places, and no place begins with it.
        rows.filter(pk=row.pk).update(place=f"-{row.pk}")
    for row in moved:
        row.place = places[row.pk]
        row.save(using=write_database(), update_fields=["place"])
    return moved


def _moved(row: Waiver, moves: Mapping[str, str]) -> str:
    """The place of a waiver after the edit."""
    if row.code == LintCode.NOT_TRACKED:
        return row.place  # a label, which only looks like a place
    place, rest = row.place, ""
    while place not in moves and "." in place:
        place, _dot, name = place.rpartition(".")
        rest = f".{name}{rest}"
    new = moves.get(place, place)
    renamed = not rest and new.rpartition(".")[2] != place.rpartition(".")[2]
    return row.place if renamed and row.code in OF_NAMES else f"{new}{rest}"
