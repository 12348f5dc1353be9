"""Writes docs/codes.md from trackadmin/codes.py: ``python -m tests.codes``."""

from pathlib import Path

from trackadmin.codes import (
    EventCode,
    FastPath,
    FaultCode,
    FixCode,
    LintCode,
    Outcome,
    ProblemCode,
)

PAGE = Path(__file__).parent.parent / "docs" / "codes.md"

HEAD = """# Codes

Each code that trackadmin gives out, what it means and what to do. A code never changes its
meaning, so programs, logs and dashboards may rely on it. The sentences beside a code may change,
and they are in the reader's language.

This page is made from `trackadmin/codes.py` by `python -m tests.codes`.
"""

SECTIONS = [
    (
        ProblemCode,
        "Problems of a map",
        "On the pages, from `manage.py trackadmin check`, in the errors of `trackadmin.editing`. "
        "Each problem has a code, a level, a place in the map, what is wrong and what to do.",
    ),
    (
        LintCode,
        "What could be better in a map",
        "On the page Quality and from `manage.py trackadmin check --lint`. The setting "
        "[LINT](settings.md#lint) gives each code a level. Somebody can waive it with a reason.",
    ),
    (
        FaultCode,
        "Faults at run time",
        "In the log `trackadmin` (as `code` and `where` of the record) and in "
        "`trackadmin.runtime.fault_counts()`. A fault never raises.",
    ),
    (
        EventCode,
        "What is wrong with an event",
        "In `wrong` of an event and of `values_from_query(…)`, each with the name of the action, "
        "prefix, parameter or reference, never with a value. Counted in "
        "`trackadmin.runtime.event_counts()`, and all but `name.deprecated` also in "
        "`fault_counts()` and in the log.",
    ),
    (
        Outcome,
        "Outcomes of references",
        "In `values_from_query(…).references` and in the `references` of an event.",
    ),
    (
        FastPath,
        "Fast paths",
        "In `trackadmin.runtime.slow_path_counts()` and from `manage.py trackadmin explain`: how "
        "often each was left, and where. Values are the same on the slow path.",
    ),
    (FixCode, "Fixes", "From `manage.py trackadmin import --fix`."),
]


def page():
    """The text of docs/codes.md."""
    parts = [HEAD]
    for codes, title, where in SECTIONS:
        rows = [f"| `{code}` | {code.meaning} | {code.remedy} |" for code in codes]
        parts.append(
            f"\n## {title}\n\n{where}\n\n| code | meaning | what to do |\n| --- | --- | --- |"
        )
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
