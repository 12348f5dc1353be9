"""Part files: lines on their way to a finished file, which survive the worker that wrote them.

A worker holds a lock on its part file. A part file that can be locked was left by a worker that
died. The next worker that finds it cuts off an incomplete last line and finishes the file. So lines
that were synced are never lost, and no reader of finished files sees half a line.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import BinaryIO, TypeAlias
from uuid import uuid4

from django.core.files import locks

#: A leading dot keeps a part file out of ``*.ndjson`` and of most tools.
START, END = ".", ".part"
#: Bytes read at a time in search of the end of the last line.
STEP = 1 << 16
#: Makes a finished file of a part file: the part, and the folder and name without an ending.
Finish: TypeAlias = Callable[[Path, Path], None]


class Part:
    """A part file that this object holds the lock of."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path, self._file = path, file
        self.size = os.fstat(file.fileno()).st_size
        self._opened, self._process = monotonic(), os.getpid()

    @classmethod
    def create(cls, folder: Path) -> Part:
        """A new part file. Its name says when it was begun, and cannot be another worker's."""
        while True:
            name = f"{datetime.now(UTC):events-%Y%m%dT%H%M%SZ}-{uuid4().hex[:16]}"
            part = cls.hold(folder / f"{START}{name}{END}", new=True)
            # Until it was locked, another worker could take it for one that was left.
            if part is not None:
                sync_folder(folder)
                return part

    @classmethod
    def hold(cls, path: Path, *, new: bool = False) -> Part | None:
        """The part file of this path; ``None`` if another worker has it, or has finished it."""
        flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            number = os.open(path, flags | (os.O_CREAT | os.O_EXCL if new else 0), 0o640)
        except FileNotFoundError:
            return None
        file = os.fdopen(number, "rb+", buffering=0)
        if locks.lock(file, locks.LOCK_EX | locks.LOCK_NB) and _is_there(path, file):
            return cls(path, file)
        file.close()
        return None

    @property
    def age(self) -> float:
        """Seconds since it was opened."""
        return monotonic() - self._opened

    def append(self, lines: bytes) -> None:
        """Write whole lines, and return when they are on the disk. Otherwise none of them stays."""
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._file.fileno(), rest) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(self.size)
            raise
        self.size += len(lines)

    def finish(self, finish: Finish) -> None:
        """Make a finished file of its whole lines; of none, no file."""
        if self._process != os.getpid():
            return  # a fork has the same object, and its parent goes on with it
        whole = self._whole_lines()
        self._file.truncate(whole)
        os.fsync(self._file.fileno())
        if whole:
            finish(self.path, self.path.with_name(self.path.name[len(START) : -len(END)]))
        self.path.unlink(missing_ok=True)
        sync_folder(self.path.parent)
        self.release()

    def release(self) -> None:
        """Let go of it as it is."""
        self._file.close()

    def _whole_lines(self) -> int:
        """The size of the file without what follows its last line end."""
        end = os.fstat(self._file.fileno()).st_size
        while end:
            start = max(end - STEP, 0)
            self._file.seek(start)
            found = self._file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0


def finish_left(folder: Path, finish: Finish) -> None:
    """Finish the part files that dead workers left in the folder."""
    for path in sorted(folder.glob(f"{START}events-*{END}")):
        part = Part.hold(path)
        if part is not None:
            try:
                part.finish(finish)
            finally:
                part.release()


def sync_folder(folder: Path) -> None:
    """Make names in a folder survive a loss of power, where the system can do that."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _is_there(path: Path, file: BinaryIO) -> bool:
    """Whether the path still names this file."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
