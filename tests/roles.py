"""Writes docs/roles.md, with a database of its own: ``python -m tests.roles``."""

import os

import django
from django.test.utils import setup_databases, setup_test_environment, teardown_databases


def write():
    """Ask each address as each role, and write the page."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests import role_matrix

    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        role_matrix.PAGE.write_text(role_matrix.page())
    finally:
        teardown_databases(made, verbosity=0)


if __name__ == "__main__":
    write()
