"""The databases of a small site: files beside it, or made on the tests' PostgreSQL server."""

import os

PORT = os.environ.get("TRACKADMIN_TEST_POSTGRESQL_PORT")


def database(folder, name):
    """The entry of DATABASES; on PostgreSQL the walk has made the database."""
    if not PORT:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / f"{name}.sqlite3"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": f"site_{folder.name}_{name}".replace("-", "_"),
        "USER": "trackadmin",
        "HOST": "127.0.0.1",
        "PORT": PORT,
    }


def create(databases):
    """Make these databases where they are PostgreSQL's; they go when the server goes."""
    if not PORT:
        return
    import psycopg

    where = f"host=127.0.0.1 port={PORT} user=trackadmin dbname=trackadmin_default"
    with psycopg.connect(where, autocommit=True) as connection:
        for each in databases:
            connection.execute(f'DROP DATABASE IF EXISTS "{each["NAME"]}"')
            connection.execute(f'CREATE DATABASE "{each["NAME"]}"')
