"""A backfill has each row once, however it is split, interrupted and written."""

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.host.models import Country, Everything, Hidden, Order, Person, Place, Remote, Restaurant
from tests.maps import HOST, document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.exceptions import DocumentError, ExportError, NotPublished, NotTracked
from trackadmin.runtime import backfill_file, fault_counts
from trackadmin.runtime.backfill import Stretch, backfill, cut
from trackadmin.runtime.backfill_file import Request, save, state_path, write
from trackadmin.runtime.current import pin, unpin
from trackadmin.runtime.formats import harmless
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db(databases=["default", "other"])


def live(number=1, digest="d", map_document=HOST):
    return compile_map(map_document, catalog(), number=number, digest=digest)


@pytest.fixture(autouse=True)
def pinned():
    before = pin("default", live())
    yield
    unpin("default", before)
    reset()


@pytest.fixture
def countries():
    # Countries with characters that some format must quote.
    names = ["plain", 'a "quote", and a comma', "two\nlines", "", " spaces ", "Ünïcode 🎈", "=1+1"]
    return [
        Country.objects.create(code=f"{number:02}", name=name) for number, name in enumerate(names)
    ]


def values(*objects):
    return [oracle.flatten(HOST, obj) for obj in objects]


KEYS = {
    "integer": (st.integers(-(2**31), 2**31), lambda key: Country(pk=key, code=None, name="")),
    "text": (
        st.text("abcXYZ019_-éß ", min_size=1, max_size=8),
        lambda key: Order(number=key),
    ),
    "uuid": (st.uuids(), lambda key: Person(id=key, name="p")),
}


@pytest.mark.parametrize("kind", KEYS)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_parts_hold_every_row_once_and_in_order(kind, data):
    keys, make = KEYS[kind]
    chosen = data.draw(st.lists(keys, unique=True, max_size=20))
    parts, chunk = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 9))
    objects = [make(key) for key in chosen]
    model = {"integer": Country, "text": Order, "uuid": Person}[kind]
    for number, obj in enumerate(objects):
        if kind == "integer":
            obj.code = chr(0x4E00 + number)
    with transaction.atomic():
        model.objects.bulk_create(objects)
        in_order = values(*model.objects.order_by("pk"))
        label = model._meta.label
        assert list(backfill(label, chunk=chunk)) == in_order
        pieces = [list(backfill(label, of=(n, parts), chunk=chunk)) for n in range(1, parts + 1)]
        assert [row for piece in pieces for row in piece] == in_order
        assert max(map(len, pieces)) - min(map(len, pieces)) <= 1
        again = [
            row
            for stretch in cut(backfill(label), parts)
            for row in backfill(label, after=stretch.after, last=stretch.last)
        ]
        assert again == in_order
        transaction.set_rollback(True)


def test_stretches_that_were_cut_stay_whole_while_rows_come_and_go(countries):
    stretches = cut(backfill("host.Country"), 3)
    assert stretches[0].after is None
    assert stretches[-1].last is None
    Country.objects.create(pk=-5, code="xx", name="before")
    Country.objects.create(pk=countries[-1].pk + 100, code="yy", name="behind")
    countries[2].delete()
    rows = [
        row for each in stretches for row in backfill("Country", after=each.after, last=each.last)
    ]
    assert rows == values(*Country.objects.order_by("pk"))


def test_an_empty_table_has_no_rows_in_any_part():
    assert [list(backfill("Country", of=(n, 3))) for n in (1, 2, 3)] == [[], [], []]
    assert cut(backfill("Country"), 2) == [Stretch(), Stretch()]


def test_bounds_are_keys_or_their_texts(countries):
    one, two, three = countries[1:4]
    assert list(backfill("Country", first=two.pk, last=three.pk)) == values(two, three)
    assert list(backfill("Country", first=str(two.pk), last=str(three.pk))) == values(two, three)
    assert list(backfill("Country", after=one.pk, last=two.pk)) == values(two)
    person = Person.objects.create(id=uuid.UUID(int=7), name="p")
    assert list(backfill("Person", first=str(person.pk))) == values(person)
    with pytest.raises(ExportError, match=r"'seven' is not a primary key of host\.Country"):
        backfill("Country", first="seven")
    for of in ((0, 3), (4, 3)):
        with pytest.raises(ExportError, match="There is no part"):
            backfill("Country", of=of)


def test_models_by_label_class_name_and_prefix_and_what_is_not_tracked(countries):
    for label in ("host.Country", "host.country", "Country"):
        assert len(list(backfill(label))) == len(countries)
    with pytest.raises(NotTracked):
        backfill("host.Line")
    with pytest.raises(DocumentError):
        backfill("host.Nothing")
    unpin("default", None)
    pin("default", live(digest=""))
    with pytest.raises(NotPublished):
        backfill("Country")


def test_inheritance_the_other_database_and_rows_that_the_manager_hides():
    Place.objects.create(name="place")
    places = [Restaurant.objects.create(name=name, stars=1) for name in "ba"]
    assert list(backfill("Restaurant", chunk=1)) == values(*places)
    remote = Remote.objects.create(name="r")
    assert list(backfill("Remote")) == values(remote)
    hidden = Hidden.everything.create(name="seen")
    Hidden.everything.create(name="unseen", alive=False)
    assert list(backfill("Hidden")) == values(hidden)


def test_one_version_serves_from_beginning_to_end(countries):
    rows = iter(backfill("Country", chunk=2))
    next(rows)
    unpin("default", None)
    pin("default", live(2, "e", document(Country=tracked("host.country", ["code"]))))
    assert all(set(row) == {"Country_code", "Country_name"} for row in rows)


def test_ndjson_and_csv_say_the_same(countries):
    Everything.objects.create(slug="s", flag=True, integer=-3, floating=0.5, text="x")
    for label in ("Country", "Everything"):
        lines, table = io.BytesIO(), io.BytesIO()
        assert write(Request(label), lines) == write(Request(label, "csv"), table)
        rows = [json.loads(line) for line in lines.getvalue().decode("ascii").splitlines()]
        assert rows == list(backfill(label))
        cells = list(csv.DictReader(io.StringIO(table.getvalue().decode(), newline="")))
        assert cells == [{name: as_cell(value) for name, value in row.items()} for row in rows]


def as_cell(value):
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def test_csv_tells_null_from_an_empty_text(countries):
    Person.objects.create(id=uuid.UUID(int=1), name="")
    table = io.BytesIO()
    write(Request("Person", "csv"), table)
    header, row = table.getvalue().decode().splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True)) == {
        **dict.fromkeys(oracle.names(HOST, "Person"), ""),
        "Person_id": "00000000-0000-0000-0000-000000000001",
        "Person_name": '""',
    }


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("-12.50", "-12.50"),
        ("+49", "+49"),
        ("plain", "plain"),
        ("a=1 - b", "a=1 - b"),
    ],
)
def test_spreadsheet_runs_no_formula(text, cell):
    """F12: in the format for people no text is a formula; the one for machines is exact."""
    Country.objects.create(code="01", name=text)
    tables = {}
    for form in ("csv", "spreadsheet"):
        file = io.BytesIO()
        write(Request("Country", form), file)
        text_of = file.getvalue().decode("utf-8-sig")
        tables[form] = list(csv.DictReader(io.StringIO(text_of, newline="")))
    assert tables["csv"] == [{"Country_code": "01", "Country_name": text}]
    assert tables["spreadsheet"] == [{"Country_code": "01", "Country_name": cell}]


def test_spreadsheet_leaves_what_is_not_text_and_says_that_it_is_utf_8():
    assert [harmless(value) for value in (-3, -0.5, True, None, "")] == [-3, -0.5, True, None, ""]
    Country.objects.create(code="01", name="Ünïcode")
    file = io.BytesIO()
    write(Request("Country", "spreadsheet"), file)
    assert file.getvalue().startswith(b"\xef\xbb\xbfCountry_code,")


def test_parquet_keeps_types_and_nulls(tmp_path, countries):
    from pyarrow import parquet

    Everything.objects.create(slug="s", flag=True, integer=-3, floating=0.5, data={"a": [1]})
    Everything.objects.create(slug="t", big=2**63 - 1, maybe=None)
    path = tmp_path / "everything.parquet"
    assert save(Request("Everything", "parquet"), path) == 2
    table = parquet.read_table(path)
    rows = list(backfill("Everything"))
    # Computed attributes have no type of their own: text.
    expected = [{**row, "Everything_double": str(row["Everything_double"])} for row in rows]
    assert table.to_pylist() == expected
    types = {field.name: str(field.type) for field in table.schema}
    assert types["Everything_big"] == "int64"
    assert types["Everything_floating"] == "double"
    assert types["Everything_flag"] == "bool"
    assert types["Everything_uuid"] == "string"
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_of_an_empty_table_has_the_columns(tmp_path):
    from pyarrow import parquet

    assert save(Request("Country", "parquet"), tmp_path / "c") == 0
    assert parquet.read_table(tmp_path / "c").column_names == ["Country_code", "Country_name"]


def test_parquet_without_its_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ExportError, match=r"pip install 'trackadmin\[parquet\]'"):
        write(Request("Country", "parquet"), io.BytesIO())


def test_parquet_cannot_be_resumed_and_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(ExportError, match="cannot be continued"):
        save(Request("Country", "parquet"), tmp_path / "c", resume=True)
    with pytest.raises(
        ExportError,
        match=r"There is no format 'xml'\. Choose one of these: ndjson, csv, parquet, sp",
    ):
        save(Request("Country", "xml"), tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


class Interrupted(BaseException):
    """As a signal would."""


def interrupted(after):
    """A progress function that interrupts the work after so many rows."""

    def progress(rows, total):
        if rows >= after:
            raise Interrupted

    return progress


@pytest.fixture
def small_chunks(monkeypatch):
    real = backfill_file.backfill
    monkeypatch.setattr(backfill_file, "backfill", lambda *a, **kw: real(*a, **kw, chunk=2))


@pytest.mark.parametrize("format", ["ndjson", "csv", "spreadsheet"])
@pytest.mark.parametrize("tail", [b"", b'{"Country_co', b"half a line\nand\n" * 1000])
def test_an_interrupted_file_goes_on_where_it_stopped(
    tmp_path, countries, small_chunks, format, tail
):
    whole, path, request = tmp_path / "whole", tmp_path / "file", Request("Country", format)
    assert save(request, whole) == len(countries)
    for after in (2, 4):
        with pytest.raises(Interrupted):
            save(request, path, resume=True, progress=interrupted(after))
        with path.open("ab") as file:
            file.write(tail)
    assert json.loads(state_path(path).read_text())["rows"] == 4
    seen = []
    assert save(
        request, path, resume=True, progress=lambda done, total: seen.append((done, total))
    ) == len(countries)
    assert seen == [(6, 7), (7, 7)]
    assert path.read_bytes() == whole.read_bytes()


def test_an_interruption_before_the_first_chunk_is_one_too(tmp_path, countries, monkeypatch):
    path, request = tmp_path / "file", Request("Country", "csv")
    with monkeypatch.context() as patch:
        patch.setattr(
            backfill_file.Backfill, "chunks", lambda self: (_ for _ in ()).throw(Interrupted)
        )
        with pytest.raises(Interrupted):
            save(request, path)
    assert save(request, path, resume=True) == len(countries)
    assert path.read_text().count("Country_code") == 1


def test_a_finished_file_takes_the_rows_that_came_since(tmp_path, countries, small_chunks):
    path, request = tmp_path / "file", Request("Country")
    save(request, path)
    before = path.read_bytes()
    assert save(request, path, resume=True) == len(countries)
    assert path.read_bytes() == before
    new = Country.objects.create(code="zz", name="new")
    assert save(request, path, resume=True) == len(countries) + 1
    assert path.read_bytes().startswith(before)
    assert json.loads(path.read_text().splitlines()[-1]) == values(new)[0]


def test_a_resumed_part_keeps_the_stretch_that_was_cut_for_it(tmp_path, countries, small_chunks):
    paths = [tmp_path / f"part{n}" for n in (1, 2)]
    for n, path in enumerate(paths, 1):
        with pytest.raises(Interrupted):
            save(Request("Country", of=f"{n}/2"), path, progress=interrupted(1))
    # If it were split again now, the middle would be elsewhere.
    for n in range(20):
        Country.objects.create(code=chr(0x4E00 + n), name="new")
    for n, path in enumerate(paths, 1):
        save(Request("Country", of=f"{n}/2"), path, resume=True)
    rows = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    assert rows == values(*Country.objects.order_by("pk"))


def test_two_versions_never_share_a_file(tmp_path, countries, small_chunks):
    path, request = tmp_path / "file", Request("Country")
    with pytest.raises(Interrupted):
        save(request, path, progress=interrupted(2))
    before = path.read_bytes(), state_path(path).read_bytes()
    pin("default", live(2, "e"))
    with pytest.raises(ExportError, match="version 1 of the map 'default', and version 2 is live"):
        save(request, path, resume=True)
    assert (path.read_bytes(), state_path(path).read_bytes()) == before
    # Version 3 has the content of version 1.
    pin("default", live(3, "d"))
    assert save(request, path, resume=True) == len(countries)


def test_code_that_gives_other_names_by_the_same_version_is_refused(
    tmp_path, countries, small_chunks
):
    path, request = tmp_path / "file", Request("Country", "csv")
    with pytest.raises(Interrupted):
        save(request, path, progress=interrupted(2))
    pin("default", live(1, "d", document(Country=tracked("host.country", ["code"]))))
    with pytest.raises(ExportError, match="holds other names"):
        save(request, path, resume=True)


def test_a_file_that_is_there_is_never_overwritten(tmp_path, countries):
    path = tmp_path / "file"
    path.write_text("precious")
    for format in ("ndjson", "parquet"):
        with pytest.raises(ExportError, match="already exists"):
            save(Request("Country", format), path)
    with pytest.raises(ExportError, match=r"state\.json is missing"):
        save(Request("Country"), path, resume=True)
    assert path.read_text() == "precious"
    other = tmp_path / "other"
    save(Request("Country"), other)
    with pytest.raises(ExportError, match="was started already"):
        save(Request("Country"), other)
    with pytest.raises(ExportError, match="These differ: format, last"):
        save(Request("Country", "csv", last="9"), other, resume=True)
    with other.open("r+b") as file:
        file.truncate(3)
    with pytest.raises(ExportError, match="is shorter than it was"):
        save(Request("Country"), other, resume=True)
    state_path(other).write_text("{}")
    with pytest.raises(ExportError, match="cannot be read"):
        save(Request("Country"), other, resume=True)


def test_two_processes_do_not_write_one_file(tmp_path, countries):
    path = tmp_path / "file"

    def meanwhile(done, total):
        with pytest.raises(ExportError, match="Another process is writing"):
            save(Request("Country"), path, resume=True)

    assert save(Request("Country"), path, progress=meanwhile) == len(countries)


def test_a_request_that_is_refused_leaves_no_file(tmp_path):
    for request in (Request("host.Line"), Request("Country", of="3"), Request("Country", of="3/2")):
        with pytest.raises((ExportError, NotTracked)):
            save(request, tmp_path / "file")
    assert list(Path(tmp_path).iterdir()) == []


def test_an_attribute_that_fails_is_null_and_counted():
    map_document = document(Everything=tracked("host.everything", ["slug", "broken"]))
    pin("default", live(1, "d", map_document))
    Everything.objects.create(slug="s")
    before = fault_counts().get("attribute.raised", 0)
    assert list(backfill("Everything")) == [{"Everything_slug": "s", "Everything_broken": None}]
    assert fault_counts()["attribute.raised"] == before + 1


def run(*arguments):
    """What the command writes to stdout and tells on stderr."""
    out, told = io.StringIO(), io.StringIO()
    call_command("trackadmin", "backfill", *arguments, stdout=out, stderr=told)
    return out.getvalue(), told.getvalue()


class TestCommand:
    def test_rows_to_stdout_and_the_count_beside_them(self, countries):
        out, told = run("Country")
        assert [json.loads(line) for line in out.splitlines()] == list(backfill("Country"))
        assert told.startswith("7 rows in ")
        table, _ = run("Country", "--format", "csv", "--of", "1/1")
        assert len(list(csv.reader(io.StringIO(table, newline="")))) == 8

    def test_a_file_and_its_continuation(self, tmp_path, countries):
        path = tmp_path / "countries.csv"
        run("Country", "--format", "csv", "--output", str(path))
        assert run("Country", "--format", "csv", "--output", str(path), "--resume")[0] == ""
        with path.open(newline="") as file:
            assert len(list(csv.reader(file))) == 8

    def test_ranges_are_arguments_that_hold_every_row_once(self, countries):
        Order.objects.bulk_create(Order(number=f"it's no {n}") for n in range(5))
        for label, model in (("Country", Country), ("Order", Order)):
            ranges, told = run(label, "--ranges", "3")
            assert told == ""
            assert len(ranges.splitlines()) == 3
            rows = [run(label, *shlex.split(line))[0] for line in ranges.splitlines()]
            assert "".join(rows) == run(label)[0]
            assert len("".join(rows).splitlines()) == model.objects.count()
        first = f"--first={countries[2].pk}"
        rows = [
            run("Country", *line.split())
            for line in run("Country", "--ranges=2", first)[0].splitlines()
        ]
        assert "".join(row for row, _ in rows) == run("Country", first)[0]

    def test_progress_is_told_at_a_terminal_only(self, countries, monkeypatch, capsys):
        run("Country")
        assert capsys.readouterr().err == ""
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        run("Country")
        assert "100 %  7 of 7 rows" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["Country", "--resume"], "add --output"),
            (["Country", "--format=parquet"], "add --output"),
            (["Country", "--of=third"], "'third' is not a part"),
            (["Country", "--ranges=0"], "1 or more"),
            (["Country", "--first=x"], "'x' is not a primary key"),
            (["host.Line"], "does not track"),
        ],
    )
    def test_what_cannot_be_is_refused_in_words(self, arguments, words):
        with pytest.raises(CommandError, match=words):
            run(*arguments)


@pytest.mark.once
def test_the_commands_of_the_page_work_as_they_stand_there(tmp_path):
    root = Path(__file__).resolve().parent.parent
    page = (root / "docs/backfill.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "manage.py").symlink_to(root / "manage.py")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "TRACKADMIN_"))}
    environment = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "DEMO_DATABASE": str(tmp_path / "demo.sqlite3"),
    }
    script = "\n".join(["set -e", "python manage.py demo --no-server >&2", *blocks])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    whole = (tmp_path / "orders.ndjson").read_text()
    assert whole.count("\n") > 3
    assert "".join((tmp_path / f"part{n}.ndjson").read_text() for n in (1, 2, 3)) == whole
