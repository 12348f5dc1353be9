"""Ends a run with what was compared, injected and lost."""

from tests import tally


def pytest_terminal_summary(terminalreporter):
    lines = tally.report()
    if lines:
        terminalreporter.section("compared, injected, lost")
        for line in lines:
            terminalreporter.write_line(line)
