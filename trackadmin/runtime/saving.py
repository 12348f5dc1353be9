"""Backfills that go into a stream or a file, and go on where they were interrupted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from django.core.files import locks

from trackadmin.exceptions import ExportError
from trackadmin.names import DEFAULT_MAP
from trackadmin.runtime.backfill import Backfill, backfill
from trackadmin.runtime.formats import FORMATS, open_format

#: ``progress(done, total)``, called after each chunk.
Progress: TypeAlias = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Request:
    """What to write: the arguments of :func:`backfill`, as texts that can be kept."""

    label: str
    format: str = "ndjson"
    map: str = DEFAULT_MAP
    using: str | None = None
    first: str | None = None
    last: str | None = None
    after: str | None = None
    #: ``2/5``
    of: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How far a file has come; it stands beside the file."""

    request: dict[str, Any]
    number: int
    digest: str
    names: list[str]
    #: The last key written, or the one before the stretch; and the last of the stretch.
    after: str | None
    last: str | None
    rows: int = 0
    #: The size of the file's whole part; what stands behind it was cut off in the middle.
    size: int = 0


def write(request: Request, file: BinaryIO, progress: Progress | None = None) -> int:
    """Write a whole backfill into a stream; gives the number of rows."""
    work = _backfill(request)
    total = work.count() if progress else 0
    form = open_format(request.format, file, work.compiled)
    form.begin()
    rows = 0
    for chunk in work.chunks():
        rows += form.write(chunk.values)
        file.flush()
        if progress:
            progress(rows, total)
    form.end()
    return rows


def save(
    request: Request, path: Path, *, resume: bool = False, progress: Progress | None = None
) -> int:
    """Write a backfill into a file; gives the number of rows that it holds then.

    With ``resume`` a file that is there is continued behind its last whole chunk, else it must
    not be there. Raises :class:`ExportError` where that cannot be, and changes nothing then.
    """
    form = FORMATS.get(request.format)
    if form is not None and not form.resumable:
        return _save_at_once(request, path, resume, progress)
    with _locked(path) as file:
        state = _state(path, file, request, resume)
        work = _backfill(request, state)
        state = state or State(
            asdict(request),
            work.snapshot.number,
            work.snapshot.digest,
            list(work.names),
            _text(work.stretch.after),
            _text(work.stretch.last),
        )
        _refuse_to_mix(path, state, work)
        return _go_on(work, file, path, state, progress)


def state_path(path: Path) -> Path:
    """Where it is kept how far a file has come."""
    return path.with_name(f"{path.name}.state.json")


def _go_on(
    work: Backfill, file: BinaryIO, path: Path, state: State, progress: Progress | None
) -> int:
    file.truncate(state.size)
    file.seek(state.size)
    form = open_format(state.request["format"], file, work.compiled)
    total = state.rows + work.count() if progress else 0
    _keep(path, state)
    if not state.size:
        form.begin()
        file.flush()
        state = replace(state, size=file.tell())
        _keep(path, state)
    for chunk in work.chunks():
        rows = state.rows + form.write(chunk.values)
        # The rows are on the disk before the state says so.
        file.flush()
        os.fsync(file.fileno())
        state = replace(state, after=_text(chunk.last), rows=rows, size=file.tell())
        _keep(path, state)
        if progress:
            progress(rows, total)
    return state.rows


def _save_at_once(request: Request, path: Path, resume: bool, progress: Progress | None) -> int:
    """Under another name until it is whole: a part of it could not be read."""
    if resume:
        raise ExportError(
            f"A file in the format {request.format} cannot be continued. Leave --resume out, or "
            "choose ndjson or csv. A large table can be cut with --of."
        )
    if path.exists():
        raise ExportError(f"{path} is there already. Choose another file, or delete it.")
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("wb") as file:
        rows = write(request, file, progress)
    unfinished.replace(path)
    return rows


def _backfill(request: Request, state: State | None = None) -> Backfill:
    return backfill(
        request.label,
        map=request.map,
        using=request.using,
        first=request.first,
        last=state.last if state else request.last,
        after=state.after if state else request.after,
        # A file that is continued keeps the stretch that was cut for it.
        of=None if state else _part(request.of),
    )


def _part(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal()):
        raise ExportError(f"{text!r} names no part. Write 2/5 for the second of five.")
    return int(number), int(parts)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file, for this process alone; a new one in which nothing was begun goes again."""
    new = not path.exists()
    try:
        with path.open("x+b" if new else "r+b") as file:
            if not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB):
                raise ExportError(f"Another process is writing {path}. Wait for it, or stop it.")
            yield file
    except BaseException:
        if new and not state_path(path).exists():
            path.unlink(missing_ok=True)
        raise


def _state(path: Path, file: BinaryIO, request: Request, resume: bool) -> State | None:
    kept = state_path(path)
    size = os.fstat(file.fileno()).st_size
    if not kept.exists():
        if size and resume:
            raise ExportError(f"{kept} is missing, so {path} cannot be continued. Delete {path}.")
        if size:
            raise ExportError(f"{path} is there already. Choose another file, or delete it.")
        return None
    if not resume:
        raise ExportError(
            f"{path} was begun already. Add --resume to continue it, or delete it and {kept}."
        )
    state = _read(kept)
    if state.request != asdict(request):
        changed = [name for name, value in asdict(request).items() if state.request[name] != value]
        raise ExportError(
            f"{path} was begun with another {' and '.join(changed)}. Give the same arguments, or "
            "choose another file."
        )
    if size < state.size:
        raise ExportError(f"{path} is shorter than it was. Delete it and {kept} and begin anew.")
    return state


def _read(kept: Path) -> State:
    try:
        state = State(**json.loads(kept.read_text("utf-8")))
        Request(**state.request)
    except (ValueError, TypeError) as error:
        raise ExportError(f"{kept} cannot be read: {error}. Delete it and begin anew.") from error
    return state


def _refuse_to_mix(path: Path, state: State, work: Backfill) -> None:
    live = work.snapshot
    if state.digest != live.digest:
        raise ExportError(
            f"{path} holds values of version {state.number} of map {live.slug!r}, and version "
            f"{live.number} is live now. One file never mixes two: begin another file, or roll "
            f"back to version {state.number} first."
        )
    if state.names != list(work.names):
        raise ExportError(
            f"{path} holds other names than the site's code gives now, by the same version "
            f"{state.number}. Begin another file."
        )


def _keep(path: Path, state: State) -> None:
    kept = state_path(path)
    new = kept.with_name(f"{kept.name}.new")
    new.write_text(json.dumps(asdict(state), indent=2), "utf-8")
    new.replace(kept)


def _text(key: Any) -> str | None:
    return None if key is None else str(key)
