"""Files of events: nothing that was taken is lost, and no reader sees half a line."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from pyarrow import parquet

from tests.browser import ROOT
from tests.sent_events import WHEN, event, events, outcome
from trackadmin.exceptions import SettingError
from trackadmin.sinks import event_parts
from trackadmin.sinks.event_parts import Part
from trackadmin.sinks.files import FilesSink

pytestmark = pytest.mark.once


@pytest.fixture
def sink(tmp_path):
    made = []

    def make(**options):
        made.append(FilesSink(tmp_path, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def finished(folder, ending=".ndjson"):
    """What a reader of the folder reads: the lines of each file."""
    files = sorted(folder.glob(f"*{ending}"))
    return [[json.loads(line) for line in path.read_text().splitlines()] for path in files]


def ids(folder):
    return sorted(line["id"] for lines in finished(folder) for line in lines)


def sorted_ids(batch):
    return sorted(each.id for each in batch)


def hidden(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


# ── When a file is finished ────────────────────────────────────────────────────────────────────


def test_lines_are_whole_events_in_order_and_files_appear_whole(sink, tmp_path):
    same, batch = sink(), [*events(3), event(text="ü \n 😀")]
    assert same.deliver(batch) is None
    assert finished(tmp_path) == [], "not before it is finished"
    (part,) = hidden(tmp_path)
    assert (tmp_path / part).read_text().count("\n") == 4, "but they are on the disk"
    same.close()
    assert finished(tmp_path) == [[each.as_dict() for each in batch]]
    assert hidden(tmp_path) == []


def test_file_is_finished_at_its_size(sink, tmp_path):
    same, batch = sink(rotate_bytes=2000), events(30)
    for start in range(0, 30, 2):
        same.deliver(batch[start : start + 2])
    sizes = [path.stat().st_size for path in tmp_path.glob("*.ndjson")]
    assert len(sizes) >= 3
    assert all(2000 <= size < 3000 for size in sizes)
    same.close()
    assert ids(tmp_path) == sorted_ids(batch)


def test_file_is_finished_at_its_age_when_the_next_events_come(sink, tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(event_parts, "monotonic", lambda: now[0])
    same, batch = sink(rotate_seconds=60), events(3)
    same.deliver(batch[:1])
    now[0] += 59
    same.deliver(batch[1:2])
    assert finished(tmp_path) == []
    now[0] += 1
    same.deliver(batch[2:])
    assert ids(tmp_path) == sorted_ids(batch[:2])


def test_two_workers_have_files_of_their_own(sink, tmp_path):
    one, other, batch = sink(), sink(), events(20)
    for n, each in enumerate(batch):
        (one, other)[n % 2].deliver([each])
    assert len(hidden(tmp_path)) == 2
    one.close()
    other.close()
    assert sorted(map(len, finished(tmp_path))) == [10, 10]
    assert ids(tmp_path) == sorted_ids(batch)


def test_sink_that_is_dropped_finishes_its_file(tmp_path):
    batch = events(2)
    made = FilesSink(tmp_path)
    made.deliver(batch)
    del made
    assert ids(tmp_path) == sorted_ids(batch)


# ── What a crash leaves ────────────────────────────────────────────────────────────────────────

#: Delivers, says so, and is killed in the middle of the next write.
VICTIM = """
import os, signal, sys
import django
django.setup()
from tests.sent_events import events
from trackadmin.sinks.files import FilesSink
sink = FilesSink(sys.argv[1])
taken = events(3)
sink.deliver(taken)
print(*(each.id for each in taken), flush=True)
half = events(1)[0].as_json()[:40]
os.write(sink._parts[0]._file.fileno(), half.encode())
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_worker_loses_nothing_that_was_taken_and_leaves_no_half_line(sink, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    assert finished(tmp_path) == []
    sink()
    assert ids(tmp_path) == sorted(done.stdout.split())
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("left", [b"", b'{"id": "half'])
def test_part_without_a_whole_line_is_dropped(sink, tmp_path, left):
    (tmp_path / ".events-1.part").write_bytes(left)
    sink()
    assert [*tmp_path.iterdir()] == []


def test_end_of_the_last_line_is_found_however_long_the_half_is(sink, tmp_path):
    whole = event().as_json() + "\n"
    (tmp_path / ".events-1.part").write_text(whole + "x" * 3 * event_parts.STEP)
    sink()
    assert (tmp_path / "events-1.ndjson").read_text() == whole


def test_part_of_a_living_worker_is_left_alone(sink, tmp_path):
    living = sink()
    living.deliver(events(1))
    before = hidden(tmp_path)
    sink()
    assert hidden(tmp_path) == before
    assert finished(tmp_path) == []


def test_new_part_that_another_worker_took_for_a_left_one_is_given_up(tmp_path, monkeypatch):
    take, taken = Part.hold.__func__, []

    def stolen(cls, path, *, new=False):
        part = take(cls, path, new=new)
        if new and not taken:
            taken.append(path)
            part.release()
            path.unlink()
            return None
        return part

    monkeypatch.setattr(Part, "hold", classmethod(stolen))
    part = Part.create(tmp_path)
    assert part.path != taken[0]
    assert part.path.exists()
    part.release()


def test_file_that_was_replaced_while_it_was_locked_is_not_taken(tmp_path, monkeypatch):
    path = tmp_path / ".events-1.part"
    path.write_text("")
    real = event_parts.locks.lock

    def replaced(file, flags):
        path.unlink()
        return real(file, flags)

    monkeypatch.setattr(event_parts.locks, "lock", replaced)
    assert Part.hold(path) is None


def fails_after(number):
    """``os.write`` that writes so many bytes and then finds the disk full."""
    real, left = os.write, [number]

    def write(descriptor, data):
        if not left[0]:
            raise OSError(28, "No space left on device")
        part = data[: left[0]]
        left[0] -= len(part)
        return real(descriptor, part)

    return write


def test_full_disk_is_later_and_leaves_no_part_of_the_batch(sink, tmp_path, monkeypatch):
    same, batch = sink(), events(2)
    same.deliver(batch[:1])
    monkeypatch.setattr(event_parts.os, "write", fails_after(700))
    found = outcome(same, [batch[1]] * 1 + events(5))
    monkeypatch.undo()
    assert found == ([], [], [*range(6)], None, {"No space left on device"})
    assert outcome(same, batch[1:])[0] == [0]
    same.close()
    assert ids(tmp_path) == sorted_ids(batch), "each once, and nothing else"


def test_file_that_cannot_be_finished_keeps_its_events_and_is_finished_later(
    sink, tmp_path, caplog, monkeypatch
):
    same, batch = sink(rotate_bytes=1), events(2)
    monkeypatch.setattr(same, "_finish", lambda part, name: 1 / 0)
    assert same.deliver(batch) is None, "they are on the disk: they were taken"
    assert "waits to be finished: ZeroDivisionError" in caplog.text
    assert finished(tmp_path) == []
    sink()
    assert ids(tmp_path) == sorted_ids(batch)


# ── Parquet ────────────────────────────────────────────────────────────────────────────────────


def table(folder):
    (path,) = folder.glob("*.parquet")
    return parquet.read_table(path)


def test_parquet_has_the_same_columns_whatever_the_map(sink, tmp_path):
    same = sink(format="parquet")
    batch = [event(n=1, x="ü"), event(other=None), event(None), event(5)]
    same.deliver(batch)
    same.close()
    found = table(tmp_path)
    names = ["id", "time", "map", "version", "action", "trust", "values"]
    assert found.column_names == names
    assert str(found.schema.field("time").type) == "timestamp[us, tz=UTC]"
    rows = found.to_pylist()
    assert [row["id"] for row in rows] == [each.id for each in batch]
    assert [json.loads(row["values"]) for row in rows] == [dict(each.values) for each in batch]
    assert [row["action"] for row in rows] == ["signup_click", "signup_click", None, "5"]
    assert {row["time"] for row in rows} == {datetime.fromisoformat(WHEN).astimezone(UTC)}
    assert {(row["map"], row["version"], row["trust"]) for row in rows} == {
        ("default", 7, "server")
    }
    assert hidden(tmp_path) == []


def test_part_of_a_dead_worker_becomes_a_table(sink, tmp_path):
    one = event()
    (tmp_path / ".events-1.part").write_text(f'{one.as_json()}\n{{"id"')
    (tmp_path / ".events-1.parquet.new").write_bytes(b"it died while it wrote this")
    sink(format="parquet")
    assert table(tmp_path).column("id").to_pylist() == [one.id]
    assert hidden(tmp_path) == []


def test_missing_library_is_told_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(SettingError, match=r"pip install 'trackadmin\[parquet\]'"):
        FilesSink(tmp_path, format="parquet")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"folder": ""}, "folder"),
        ({"folder": 5}, "folder"),
        ({"folder": "/dev/null/x"}, "folder"),
        ({"format": "csv"}, "format"),
        ({"rotate_bytes": 1.5}, "rotate_bytes"),
        ({"rotate_seconds": 0}, "rotate_seconds"),
    ],
)
def test_wrong_option_is_named(tmp_path, options, named):
    with pytest.raises(SettingError, match=f"'{named}'"):
        FilesSink(**{"folder": tmp_path, **options})


# ── What is held ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("format", ["ndjson", "parquet"])
def test_what_is_held_of_a_day_is_counted_once_in_finished_files_and_in_parts(
    sink, tmp_path, format
):
    writer = sink(format=format)
    batch = events(3)
    writer.deliver(batch)
    writer.close()
    writer.deliver([*batch[:1], *events(2)])
    (tmp_path / ".events-half.part").write_text('{"id": "cut o')
    day = datetime.fromisoformat(batch[0].time).astimezone(UTC).date()
    kind = batch[0].action, batch[0].version
    assert writer.held_on(day) == {kind: 5}
    assert writer.held_on(datetime(2001, 1, 1, tzinfo=UTC).date()) == {}


def test_file_that_is_old_enough_is_finished_while_no_events_come(sink, tmp_path):
    waiting = sink(rotate_seconds=1000.0)
    waiting.deliver(events(2))
    waiting.idle()
    assert finished(tmp_path) == []
    waiting._seconds = 0.0
    waiting.idle()
    assert [len(lines) for lines in finished(tmp_path)] == [2]
