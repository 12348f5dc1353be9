"""The text of a document: one canonical form, and nothing taken on trust when it is read."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documents import documents, json_data
from trackadmin.document import (
    FORMAT,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    digest,
    dump,
    load,
    parse,
    upgrades,
)
from trackadmin.document import text as text_module
from trackadmin.exceptions import DocumentError

DOCUMENT = Document(
    {
        "User": ModelEntry(
            "auth.user",
            key="id",
            owner="Team Ä",
            position=1,
            attributes={"id": AttributeEntry("id"), "mail": AttributeEntry("email", position=1)},
        ),
        "Buyer": ModelEntry("demo.buyer", children={"user": ChildEntry("Owner")}),
    }
)
TEXT = (
    '{"format":1,"models":{"Buyer":{"attributes":{},"children":{"user":{"position":0,'
    '"prefix":"Owner"}},"description":"","key":"","model":"demo.buyer","owner":"","position":0},'
    '"User":{"attributes":{"id":{"decision":"tracked","description":"","lookup":false,'
    '"position":0,"privacy":"undeclared","source":"id"},"mail":{"decision":"tracked",'
    '"description":"","lookup":false,"position":1,"privacy":"undeclared","source":"email"}},'
    '"children":{},"description":"","key":"id","model":"auth.user","owner":"Team \\u00c4",'
    '"position":1}}}'
)
DIGEST = "d5bac34283b76227b493e64276f970cb86514b666ce69e9a55393f5a2df351d5"


def changed(path, value):
    """The data of TEXT with one place changed; ``...`` takes the key away."""
    data = json.loads(TEXT)
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return data


def canonical(data):
    return json.dumps(data, sort_keys=True, separators=(",", ":"))


def problems_of(call, *arguments):
    with pytest.raises(DocumentError) as caught:
        call(*arguments)
    problems = caught.value.problems
    assert problems
    for problem in problems:
        assert problem.level == "error"
        assert problem.code
        assert problem.where
        assert problem.message
        assert problem.fix
        str(problem).encode()
    return problems


def test_the_text_is_stable():
    assert dump(DOCUMENT) == TEXT
    assert digest(TEXT) == DIGEST == hashlib.sha256(TEXT.encode()).hexdigest()


def test_order_of_entry_does_not_show():
    turned = Document(dict(reversed(DOCUMENT.models.items())))
    assert dump(turned) == TEXT


@given(documents)
def test_what_is_dumped_is_read_back(document):
    written = dump(document)
    assert written.isascii()
    assert parse(written) == document
    assert load(written, digest(written)) == document
    assert dump(parse(written)) == written


@given(documents, documents)
def test_equal_documents_and_only_they_have_equal_texts(one, other):
    assert (dump(one) == dump(other)) == (one == other)


@given(json_data)
def test_any_json_is_read_or_refused(data):
    """Nothing but a DocumentError ever comes out, whatever JSON goes in."""
    try:
        written = json.dumps(data)
        document = parse(written)
    except DocumentError as error:
        assert error.problems  # noqa: PT017 - it may be a document as well
        str(error).encode()
    else:
        assert parse(dump(document)) == document


@given(
    st.text(st.characters()) | st.text(st.sampled_from('{}[]":,\\ud8audNaI1e9 null'), max_size=40)
)
def test_any_text_is_read_or_refused(garbage):
    problems_of(parse, garbage)
    problems_of(load, garbage, "0" * 64)


@given(st.data())
def test_one_changed_place_is_refused_or_a_document(data):
    """A document with one value replaced by anything is read exactly or refused."""
    paths = [["format"], ["models"]]
    for prefix, entry in json.loads(TEXT)["models"].items():
        paths += [["models", prefix], *(["models", prefix, field] for field in entry)]
    paths += [["models", "User", "attributes", "id", f] for f in ("source", "lookup", "position")]
    path = data.draw(st.sampled_from(paths))
    value = data.draw(json_data | st.just(...))
    broken = changed(path, value)
    try:
        document = parse(json.dumps(broken))
    except DocumentError:
        return
    # One that uses nothing of format 2 is written in format 1, whatever it said.
    assert dump(document) == canonical({**broken, "format": document.format})


@pytest.mark.parametrize(
    ("path", "value", "code", "where"),
    [
        (["models", "User", "colour"], 1, "document.unknown_key", "User"),
        (["more"], 1, "document.unknown_key", "document"),
        (["models", "User", "children", "x"], {}, "document.missing_key", "User.x"),
        (["models", "User", "key"], ..., "document.missing_key", "User"),
        (["models"], ..., "document.missing_key", "document"),
        (["models"], [], "document.wrong_type", "models"),
        (["models", "User"], None, "document.wrong_type", "User"),
        (["models", "User", "key"], 1, "document.wrong_type", "User.key"),
        (["models", "User", "position"], True, "document.wrong_type", "User.position"),
        (["models", "User", "position"], 1.0, "document.wrong_type", "User.position"),
        (["models", "User", "attributes", "id", "lookup"], 1, "document.wrong_type",
         "User.id.lookup"),
        (["format"], ..., "document.unknown_format", "format"),
        (["format"], "1", "document.unknown_format", "format"),
        (["format"], True, "document.unknown_format", "format"),
        (["format"], 0, "document.unknown_format", "format"),
        (["format"], FORMAT + 1, "document.unknown_format", "format"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_refused_with_its_place(path, value, code, where):
    problems = problems_of(parse, json.dumps(changed(path, value)))
    assert (code, where) in [(p.code, p.where) for p in problems]


def test_every_problem_is_told_at_once():
    data = changed(["models", "User", "key"], 1)
    data["models"]["Buyer"] = 5
    data["models"]["User"]["extra"] = 1
    codes = [p.code for p in problems_of(parse, json.dumps(data))]
    assert sorted(codes) == [
        "document.unknown_key",
        "document.wrong_type",
        "document.wrong_type",
    ]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "not_json"),
        ("{", "not_json"),
        ("\ufeff{}", "not_json"),
        ('{"format":NaN}', "not_json"),
        ('{"format":Infinity}', "not_json"),
        ('{"format":-Infinity}', "not_json"),
        ('{"format":1e999}', "not_json"),
        ('{"format":' + "9" * 5000 + "}", "not_json"),
        ("[" * 200_000, "too_deep"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "too_deep"),
        ('"' + "x" * text_module.LARGEST + '"', "too_large"),
        ('{"a":1,"a":1}', "duplicate_key"),
        ('{"x":{"a":1,"a":1}}', "duplicate_key"),
        ('{"a":"\\ud800"}', "not_text"),
        ('{"\\udfff":1}', "not_text"),
        ('{"a":"\ud800"}', "not_text"),
        ("[]", "wrong_type"),
        ("null", "wrong_type"),
        ("1", "wrong_type"),
    ],
    ids=lambda value: value[:20].encode("ascii", "replace").decode(),
)
def test_a_text_that_is_no_document_is_refused(written, code):
    assert problems_of(parse, written)[0].code == f"document.{code}"


def test_a_newer_format_says_to_upgrade():
    (problem,) = problems_of(parse, TEXT.replace('"format":1', '"format":99'))
    assert "99" in problem.message
    assert "upgrade" in problem.fix


class TestLoad:
    def test_another_text_than_was_published_is_refused(self):
        planted = TEXT.replace("email", "phone")
        (problem,) = problems_of(load, planted, DIGEST)
        assert problem.code == "document.digest"

    @pytest.mark.parametrize(
        "written",
        [
            TEXT + "\n",
            TEXT.replace(",", ", "),
            TEXT.replace("\\u00c4", "\\u00C4"),
            '{"models":{},"format":1}',
            TEXT.replace('"position":0', '"position":-0'),
        ],
    )
    def test_a_text_that_trackadmin_did_not_write_is_refused(self, written):
        parse(written)
        (problem,) = problems_of(load, written, digest(written))
        assert problem.code == "document.not_canonical"

    def test_a_text_beyond_ascii_is_refused(self):
        problems = problems_of(load, TEXT.replace("\\u00c4", "Ä"), DIGEST)
        assert problems[0].code == "document.not_canonical"

    @pytest.mark.parametrize(
        ("path", "value", "code"),
        [
            (["models", "\uff50assword"], json.loads(TEXT)["models"]["User"], "name.invalid"),
            (["models", "User", "attributes", "id", "source"], "\uff50assword", "name.invalid"),
            (["models", "User", "attributes", "id", "source"], "__class__", "name.invalid"),
            (["models", "User", "attributes", "id", "source"], "id); import os", "name.invalid"),
            (["models", "User", "attributes", "id", "source"], "class", "name.invalid"),
            (["models", "User", "attributes", "id", "source"], "id\n", "name.invalid"),
            (["models", "User", "attributes", "a'b"], json.loads(TEXT)["models"]["User"]
             ["attributes"]["id"], "name.invalid"),
            (["models", "User", "key"], "id'", "name.invalid"),
            (["models", "Buyer", "children", "user", "prefix"], "A__b", "name.invalid"),
            (["models", "Buyer", "children", "_state"], {"prefix": "", "position": 0},
             "name.invalid"),
            (["models", "Buyer", "model"], "demo.Buyer", "model.invalid"),
            (["models", "Buyer", "model"], "demo.buyer\n", "model.invalid"),
            (["models", "User", "attributes", "id", "privacy"], "personal", "privacy.unknown"),
            (["models", "User", "attributes", "id", "decision"], "", "decision.unknown"),
            (["models", "User", "position"], -1, "position.out_of_range"),
            (["models", "User", "position"], 2**31, "position.out_of_range"),
            (["models", "User", "owner"], "\0", "text.invalid"),
        ],
    )  # fmt: skip
    def test_a_planted_name_or_value_is_refused(self, path, value, code):
        """Whoever can write into the table can write a matching digest as well."""
        planted = canonical(changed(path, value))
        assert code in [p.code for p in problems_of(load, planted, digest(planted))]

    def test_what_hangs_on_the_host_is_not_judged(self):
        """A key that names nothing is for the compiler to skip; it stops no load."""
        text = canonical(changed(["models", "User", "key"], "gone"))
        assert load(text, digest(text)).models["User"].key == "gone"


class TestFormats:
    @pytest.fixture
    def old(self, monkeypatch):
        """A format 0, in which a tracked model was called an entity."""

        def upgrade(data):
            return {"models": data["entities"]}

        monkeypatch.setitem(upgrades.UPGRADES, 0, upgrade)
        data = json.loads(TEXT)
        return {"format": 0, "entities": data["models"]}

    def test_an_old_document_is_upgraded_when_read(self, old):
        assert parse(json.dumps(old)) == DOCUMENT

    def test_its_stored_text_and_digest_stay_as_they_are(self, old):
        written = canonical(old)
        assert load(written, digest(written)) == DOCUMENT

    def test_an_old_document_is_checked_for_its_canonical_form_too(self, old):
        written = json.dumps(old)
        assert problems_of(load, written, digest(written))[0].code == "document.not_canonical"

    @pytest.mark.parametrize("spoilt", [{"format": 0}, {"format": 0, "entities": 5}])
    def test_a_spoilt_old_document_is_refused(self, old, spoilt):
        problems_of(parse, json.dumps(spoilt))
