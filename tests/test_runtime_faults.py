"""Each fault is counted, logged once for each place, and does not contain values."""

import logging
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation

from trackadmin import testing
from trackadmin.codes import FaultCode
from trackadmin.exceptions import InvalidMap, NotPublished, Problem, TenantError
from trackadmin.runtime import fault_counts, faults
from trackadmin.texts import gettext


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


def failure(error):
    try:
        raise error
    except Exception as caught:
        return caught


def test_counted_each_time_and_logged_once_for_each_code_and_place(caplog):
    for _ in range(3):
        faults.report("a.b", "here")
        faults.report("a.b", "there")
        faults.report("c", "here")
    assert fault_counts() == {"a.b": 6, "c": 3}
    assert [(r.name, r.levelno, r.getMessage()) for r in caplog.records] == [
        ("trackadmin", logging.WARNING, "here: a.b"),
        ("trackadmin", logging.WARNING, "there: a.b"),
        ("trackadmin", logging.WARNING, "here: c"),
    ]
    assert caplog.records[0].code == "a.b"
    assert caplog.records[0].where == "here"


def test_error_is_named_with_its_place_in_code_and_not_with_its_message(caplog):
    faults.report("a", "here", failure(ValueError("hunter2")))
    assert "ValueError at " in caplog.text
    assert "test_runtime_faults.py:" in caplog.text
    assert "hunter2" not in caplog.text


def test_error_about_the_site_is_named_with_its_message(caplog):
    faults.report("a", "here", failure(NotPublished("shop")))
    assert "The tracking map 'shop' is not published." in caplog.text


def test_error_that_was_never_raised(caplog):
    faults.report("a", "here", ValueError("hunter2"))
    assert "(ValueError)" in caplog.text


def test_rearmed_fault_is_logged_again(caplog):
    faults.report("a", "here")
    faults.rearm("a", "here")
    faults.rearm("never", "seen")
    faults.report("a", "here")
    assert len(caplog.records) == 2
    assert fault_counts() == {"a": 2}


def test_memory_is_bounded(caplog):
    for number in range(3000):
        faults.report(f"code{number}", "x" * 10_000 + str(number))
        faults.report("one", str(number))
    assert len(caplog.records) == faults.MAX_PLACES
    assert max(len(record.where) for record in caplog.records) == faults.MAX_WHERE
    counts = fault_counts()
    assert len(counts) == faults.MAX_CODES + 1
    assert sum(counts.values()) == 6000


def test_counts_are_a_copy():
    fault_counts()["x"] = 1
    assert fault_counts() == {}


def test_threads_lose_no_count():
    threads = [
        threading.Thread(target=lambda: [faults.report("a", "b") for _ in range(2000)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fault_counts() == {"a": 16_000}


def test_handler_that_reports_a_fault_itself_does_not_hang():
    class Handler(logging.Handler):
        def emit(self, record):
            faults.report("inner", "handler")

    handler = Handler()
    faults.logger.addHandler(handler)
    try:
        faults.report("outer", "here")
    finally:
        faults.logger.removeHandler(handler)
    # One for the record of the outer fault, one for the inner one.
    assert fault_counts() == {"outer": 1, "inner": 2}


LINES = [
    "a\nb",
    "a\r\nb",
    "a\x1b[31mb",
    "a\u2028b",
    "a\x00b",
    "a\x85b",
    "\ud800",
    "a\u202eb",
    "a\tb",
]


@pytest.mark.parametrize("text", LINES)
def test_fault_is_one_line_of_printable_text(caplog, text):
    """F13: nobody can write a line of our log through what they send."""
    faults.report("a", text, failure(ImproperlyConfigured(text)), details=[text])
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert record.where.isprintable()


def test_error_of_several_lines_is_told_in_one(caplog):
    problem = Problem("a.b", "error", "Order.number", "It is gone.", "Take it out.")
    faults.report("a", "here", failure(InvalidMap("The map has errors.", [problem, problem])))
    (record,) = caplog.records
    assert record.getMessage().count("Order.number: It is gone. Take it out. [a.b]") == 2
    assert "The map has errors.; " in record.getMessage()


def test_words_of_any_language_are_left_as_they_are(caplog):
    faults.report("a", "Bücher–商品")
    assert caplog.records[0].getMessage() == "Bücher–商品: a"


def test_one_code_leaves_room_for_the_others(caplog):
    """F13: causing one fault at ever new places does not silence the others."""
    for number in range(20_000):
        faults.report("one", str(number))
    assert len(caplog.records) == faults.MAX_PLACES_OF_CODE
    faults.report("two", "here")
    assert caplog.records[-1].getMessage() == "here: two"


def test_rearmed_fault_of_an_odd_name_is_logged_again(caplog):
    for _ in range(2):
        faults.report("a", "one\ntwo")
        faults.rearm("a", "one\ntwo")
    assert len(caplog.records) == 2


def test_log_line_is_english_in_any_language(caplog):
    """Logs are for developers and programs, whatever language the request has."""
    error = TenantError()
    problem = Problem(
        "a.b",
        "error",
        "Order",
        gettext("A published version is never changed or deleted. Publish a new one or roll back."),
        "Look.",
    )
    with translation.override("de"):
        assert "TRACKADMIN['TENANT'] did not" not in str(error)
        faults.report(FaultCode.TENANT_UNKNOWN, "here", failure(error), details=[problem])
        assert translation.get_language() == "de"
    (record,) = caplog.records
    assert "TRACKADMIN['TENANT'] did not give the key" in record.getMessage()
    assert "Publish a new one or roll back. Look." in record.getMessage()


def test_codes_are_plain_text_for_programs(caplog):
    """Programs that read the counts or the log need not import trackadmin."""
    faults.report(FaultCode.MAP_OLDER, "here")
    (record,) = caplog.records
    assert type(record.code) is str
    assert [type(code) for code in fault_counts()] == [str]
    faults.rearm(FaultCode.MAP_OLDER, "here")
    faults.report("map.older", "here")
    assert len(caplog.records) == 2
