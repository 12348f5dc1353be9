"""A host site whose test databases are its own, beside those of the tests that run it."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, POSTGRESQL_PORT

TRACKADMIN = {"STRICT": True, "REFRESH_SECONDS": 1000}

if POSTGRESQL_PORT:
    for name, database in DATABASES.items():
        database["TEST"] = {"NAME": f"suite_{os.environ['SUITE']}_{name}"}
