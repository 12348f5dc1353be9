"""Patience with a busy machine; and a run ends with what was compared, injected and lost."""

from hypothesis import HealthCheck, settings

from tests import tally

# No test is about its own time. What Hypothesis sets by itself in CI stays.
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


def pytest_terminal_summary(terminalreporter):
    lines = tally.report()
    if lines:
        terminalreporter.section("compared, injected, lost")
        for line in lines:
            terminalreporter.write_line(line)
