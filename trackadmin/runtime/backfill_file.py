"""Backfills that are written to a stream or a file, and continue where they were interrupted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from django.core.files import locks

from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import ExportError
from trackadmin.runtime.backfill import Backfill, backfill
from trackadmin.runtime.formats import FORMATS, open_format
from trackadmin.texts import gettext as _

#: ``progress(done, total)``, called after each chunk.
Progress: TypeAlias = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Request:
    """What to write: the arguments of :func:`backfill`, as texts that can be stored."""

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
    """How far a file has come. It is stored next to the file."""

    request: dict[str, Any]
    number: int
    digest: str
    names: list[str]
    #: The last key written, or the one before the stretch; and the last key of the stretch.
    after: str | None
    last: str | None
    rows: int = 0
    #: The size of the file's complete part. What follows it is an interrupted write.
    size: int = 0


def write(request: Request, file: BinaryIO, progress: Progress | None = None) -> int:
    """Write a whole backfill to a stream, and return the number of rows."""
    work = _backfill(request)
    total = work.count() if progress else 0
    return write_rows(work, request.format, file, lambda rows: progress and progress(rows, total))


def write_rows(work: Backfill, format: str, file: BinaryIO, tell: Callable[[int], object]) -> int:
    """Write a whole backfill to a stream; ``tell`` gets the number of rows after each chunk."""
    form = open_format(format, file, work.compiled)
    form.begin()
    rows = 0
    for chunk in work.chunks():
        rows += form.write(chunk.values)
        file.flush()
        tell(rows)
    form.end()
    return rows


def save(
    request: Request, path: Path, *, resume: bool = False, progress: Progress | None = None
) -> int:
    """Write a backfill to a file, and return the number of rows that the file then holds.

    With ``resume`` an existing file is continued after its last complete chunk. Without it the
    file must not exist. Raises :class:`ExportError` if it cannot be written, and then changes
    nothing.
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
    """The file that says how far a file has come."""
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
        # The rows must be on the disk before the state says so.
        file.flush()
        os.fsync(file.fileno())
        state = replace(state, after=_text(chunk.last), rows=rows, size=file.tell())
        _keep(path, state)
        if progress:
            progress(rows, total)
    return state.rows


def _save_at_once(request: Request, path: Path, resume: bool, progress: Progress | None) -> int:
    """Write under another name until the file is complete, as no part of it could be read."""
    if resume:
        raise ExportError(
            _(
                "A file in the format %(format)s cannot be continued. Leave out --resume, or "
                "choose ndjson or csv. A large table can be split with --of.",
                format=request.format,
            )
        )
    if path.exists():
        raise _exists_already(path)
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
        # A file that is continued keeps the stretch that it started with.
        of=None if state else _part(request.of),
    )


def _part(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    number, slash, parts = text.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal()):
        raise ExportError(
            _("%(text)s is not a part. Write 2/5 for the second of five.", text=repr(text))
        )
    return int(number), int(parts)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file, locked for this process. A new one is deleted if nothing was started in it."""
    new = not path.exists()
    try:
        with path.open("x+b" if new else "r+b") as file:
            if not locks.lock(file, locks.LOCK_EX | locks.LOCK_NB):
                raise ExportError(
                    _(
                        "Another process is writing %(path)s. Wait until it is done, or stop it.",
                        path=path,
                    )
                )
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
            raise ExportError(
                _(
                    "%(state)s is missing, so %(path)s cannot be continued. Delete %(path)s.",
                    state=kept,
                    path=path,
                )
            )
        if size:
            raise _exists_already(path)
        return None
    if not resume:
        raise ExportError(
            _(
                "%(path)s was started already. Add --resume to continue it, or delete it and "
                "%(state)s.",
                path=path,
                state=kept,
            )
        )
    state = _read(kept)
    if state.request != asdict(request):
        changed = [name for name, value in asdict(request).items() if state.request[name] != value]
        raise ExportError(
            _(
                "%(path)s was started with other arguments. These differ: %(names)s. Give the same "
                "arguments, or choose another file.",
                path=path,
                names=", ".join(changed),
            )
        )
    if size < state.size:
        raise ExportError(
            _(
                "%(path)s is shorter than it was. Delete it and %(state)s, and start again.",
                path=path,
                state=kept,
            )
        )
    return state


def _exists_already(path: Path) -> ExportError:
    return ExportError(_("%(path)s already exists. Choose another file, or delete it.", path=path))


def _read(kept: Path) -> State:
    try:
        state = State(**json.loads(kept.read_text("utf-8")))
        Request(**state.request)
    except (ValueError, TypeError) as error:
        raise ExportError(
            _(
                "%(state)s cannot be read: %(error)s. Delete it and start again.",
                state=kept,
                error=error,
            )
        ) from error
    return state


def _refuse_to_mix(path: Path, state: State, work: Backfill) -> None:
    live = work.snapshot
    if state.digest != live.digest:
        raise ExportError(
            _(
                "%(path)s holds values of version %(number)s of the map '%(slug)s', and version "
                "%(live)s is live now. A file never mixes two versions. Start another file, or "
                "roll back to version %(number)s first.",
                path=path,
                number=str(state.number),
                slug=live.slug,
                live=str(live.number),
            )
        )
    if state.names != list(work.names):
        raise ExportError(
            _(
                "%(path)s holds other names than the site's code gives now for the same version, "
                "%(number)s. Start another file.",
                path=path,
                number=str(state.number),
            )
        )


def _keep(path: Path, state: State) -> None:
    kept = state_path(path)
    new = kept.with_name(f"{kept.name}.new")
    new.write_text(json.dumps(asdict(state), indent=2), "utf-8")
    new.replace(kept)


def _text(key: Any) -> str | None:
    return None if key is None else str(key)
