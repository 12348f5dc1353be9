"""Parquet files of events: the same columns whatever the map, so that all files are one table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from trackadmin.sinks.client_library import library
from trackadmin.sinks.event_parts import sync_folder
from trackadmin.sinks.holdings import Held

#: How many events are converted at a time.
GROUP = 10_000


class ParquetTable:
    """Makes a Parquet file of lines of JSON."""

    def __init__(self) -> None:
        library("pyarrow.parquet", "parquet")
        self._arrow = arrow = library("pyarrow", "parquet")
        text = arrow.string()
        columns = {
            "id": text,
            "time": arrow.timestamp("us", tz="UTC"),
            "map": text,
            "version": arrow.int64(),
            "action": text,
            "trust": text,
            # As JSON: names come and go with each version of a map, and a column of its own for
            # each would make files that no tool reads as one table.
            "values": text,
        }
        self._schema = arrow.schema([*columns.items()])

    def finish(self, part: Path, name: Path) -> None:
        """Convert the part file, and give the result its name when it is whole."""
        # Not hidden from a worker that died here: the next one writes it anew.
        new = part.with_suffix(".parquet.new")
        with part.open("rb") as lines, new.open("wb") as file:
            with self._arrow.parquet.ParquetWriter(file, self._schema) as writer:
                while rows := [*map(_columns_of, islice(lines, GROUP))]:
                    writer.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))
            file.flush()
            os.fsync(file.fileno())
        new.replace(name.with_name(f"{name.name}.parquet"))
        sync_folder(part.parent)


def held_in_table(path: Path) -> Iterator[Held]:
    """The events of a Parquet file."""
    table = library("pyarrow.parquet", "parquet").ParquetFile(path)
    for batch in table.iter_batches(GROUP, columns=[*Held._fields]):
        for row in batch.to_pylist():
            yield Held(**row)


def _columns_of(line: bytes) -> dict[str, Any]:
    event = json.loads(line)
    action = event["action"]
    return {
        "id": event["id"],
        "time": datetime.fromisoformat(event["time"]),
        "map": event["map"],
        "version": event["version"],
        "action": None if action is None else str(action),
        "trust": event["trust"],
        "values": json.dumps(event["values"], separators=(",", ":")),
    }


def finish_lines(part: Path, name: Path) -> None:
    """Lines of JSON are finished by their name alone."""
    part.replace(name.with_name(f"{name.name}.ndjson"))
