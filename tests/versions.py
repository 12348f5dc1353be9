"""Versions put straight into the table, as another process, an old release or a thief would."""

from django.db import connection

from tests.maps import EXAMPLE, document, tracked
from trackadmin.document import digest, dump
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.signals import map_published

#: The smallest maps, told apart by what they track.
NAME_ONLY = document(CompanyAccount=tracked("demo.companyaccount", ["name"], key="name"))
WITH_DEMO = document(CompanyAccount=tracked("demo.companyaccount", ["name", "is_demo"], key="name"))

__all__ = [
    "EXAMPLE",
    "NAME_ONLY",
    "WITH_DEMO",
    "announce",
    "insert",
    "insert_text",
    "remove",
    "token_queries",
]


def insert(content=EXAMPLE, number=1, slug="default"):
    """A version of this document, without a signal."""
    text = dump(content)
    return insert_text(text, digest(text), number, slug)


def insert_text(text, its_digest, number=1, slug="default"):
    """A version of this text and digest, whatever they are."""
    root, _ = TrackingMap.objects.get_or_create(slug=slug, defaults={"name": slug})
    return MapVersion.objects.create(map=root, number=number, document=text, digest=its_digest)


def announce(version):
    """Tell this process of a version, as a publish in it does."""
    map_published.send(
        MapVersion, map=version.map.slug, number=version.number, digest=version.digest
    )


def remove(number, slug="default"):
    """Take a version out of the table, which no code of trackadmin does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM trackadmin_mapversion WHERE number = %s AND map_id ="
            " (SELECT id FROM trackadmin_trackingmap WHERE slug = %s)",
            [number, slug],
        )


def token_queries(captured):
    """Of the captured queries those that ask for a token: the digest, and not the document."""
    ours = [query["sql"] for query in captured if "trackadmin_mapversion" in query["sql"]]
    return [sql for sql in ours if '"document"' not in sql]
