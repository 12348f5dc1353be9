"""Files in a folder: lines of JSON, or Parquet, a new file after some time and some size."""

from __future__ import annotations

import errno
import logging
import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from trackadmin.exceptions import SettingError
from trackadmin.outbox import TryLater
from trackadmin.runtime import Event
from trackadmin.sinks.event_parts import END, START, Finish, Part, finish_left
from trackadmin.sinks.event_tables import ParquetTable, finish_lines, held_in_table
from trackadmin.sinks.holdings import Held, counts_of, held_in_lines
from trackadmin.sinks.sink_options import choice_option, number_option, text_option, whole_option
from trackadmin.texts import gettext as _

NDJSON, PARQUET = FORMATS = ("ndjson", "parquet")
logger = logging.getLogger("trackadmin")


class FilesSink:
    """Writes events to files ``events-<begun>-<unique>.ndjson`` or ``.parquet``.

    Several workers may write to one folder: each has a file of its own. Events are on the disk when
    a delivery ends, in a part file; they can be read when the file is finished. It is finished when
    it is large or old enough, and when the worker ends.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        format: str = NDJSON,
        rotate_bytes: int = 64 * 1024 * 1024,
        rotate_seconds: float = 300.0,
    ) -> None:
        self._folder = _folder(folder)
        self._bytes = whole_option("rotate_bytes", rotate_bytes)
        self._seconds = number_option("rotate_seconds", rotate_seconds)
        is_parquet = choice_option("format", format, FORMATS) == PARQUET
        self._finish: Finish = ParquetTable().finish if is_parquet else finish_lines
        #: The part file that this worker has, if any.
        self._parts: list[Part] = []
        # At the end of the process, or when the worker drops the sink.
        weakref.finalize(self, _end, self._parts, self._finish)
        self._tidy()

    def deliver(self, events: Sequence[Event]) -> None:
        """Write the events, and return when they are on the disk."""
        self._finish_if_due()
        try:
            if not self._parts:
                self._parts.append(Part.create(self._folder))
            self._parts[0].append("".join(f"{event.as_json()}\n" for event in events).encode())
        except OSError as error:
            self.close()
            # Such as "No space left on device": the system's words, without a path.
            raise TryLater(os.strerror(error.errno or errno.EIO)) from None
        self._finish_if_due()

    def held_on(self, day: date) -> Mapping[tuple[str, int], int]:
        """What the folder holds of a day, in files and in part files."""
        return counts_of(self._held(), day)

    def _held(self) -> Iterator[Held]:
        for path in sorted(self._folder.glob("events-*.parquet")):
            yield from held_in_table(path)
        for pattern in ("events-*.ndjson", f"{START}events-*{END}"):
            for path in sorted(self._folder.glob(pattern)):
                with path.open("rb") as lines:
                    yield from held_in_lines(lines)

    def close(self) -> None:
        """Finish the file that is being written."""
        _end(self._parts, self._finish)

    def idle(self) -> None:
        """Finish the file if it is old enough, where no events come."""
        self._finish_if_due()

    def _finish_if_due(self) -> None:
        if any(part.size >= self._bytes or part.age >= self._seconds for part in self._parts):
            self.close()
            self._tidy()

    def _tidy(self) -> None:
        """Finish what dead workers left. It waits if that fails: new events come first."""
        try:
            finish_left(self._folder, self._finish)
        except Exception as error:  # noqa: BLE001 the lines are on the disk, and stay
            _warn(error)


def _end(parts: list[Part], finish: Finish) -> None:
    """Finish the part file. If that fails, it is released, and the next worker finishes it."""
    while parts:
        part = parts.pop()
        try:
            part.finish(finish)
        except Exception as error:  # noqa: BLE001 its events were taken already
            _warn(error)
        finally:
            part.release()


def _warn(error: Exception) -> None:
    logger.warning("A file of events waits to be finished: %s", type(error).__name__)


def _folder(folder: Any) -> Path:
    path = Path(text_option("folder", str(folder) if isinstance(folder, Path) else folder))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = _("The option 'folder' of a sink must be a folder that can be written to.")
        raise SettingError(what) from error
    return path
