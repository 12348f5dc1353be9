"""The tracking URL, and the views that it is measured beside."""

import json
from datetime import UTC, datetime
from uuid import uuid4

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from bench.resolve import BUYER, COMPANY
from trackadmin.models import AcceptedEvent


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


def statement(request: HttpRequest) -> HttpResponse:
    """Asks the database what the tracking URL asks, by hand, and makes nothing of it."""
    values = [request.GET["BuyerProfile__uuid"], request.GET["CompanyAccount__name"]]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({BUYER}) AS t0 CROSS JOIN ({COMPANY}) AS t1", values)
        found = cursor.fetchone()
    return HttpResponse(status=204 if found else 404)


def prepared(request: HttpRequest) -> HttpResponse:
    """The same by psycopg's own cursor, which lets the server keep the statement."""
    values = [request.GET["BuyerProfile__uuid"], request.GET["CompanyAccount__name"]]
    connection.ensure_connection()
    session = connection.connection
    session.prepare_threshold = 5
    with connection.Database.Cursor(session) as cursor:
        statement = f"SELECT * FROM ({BUYER}) AS t0 CROSS JOIN ({COMPANY}) AS t1"
        found = cursor.execute(statement, values, prepare=True).fetchone()
    return HttpResponse(status=204 if found else 404)


def insert(request: HttpRequest) -> HttpResponse:
    """Inserts a row such as an event's, of the same size, as one would write it."""
    event = uuid4()
    now = datetime.now(UTC)
    body = {
        "id": str(event),
        "time": now.isoformat(),
        "map": "default",
        "version": 1,
        "action": request.GET["action"],
        "values": request.GET.dict(),
        "references": [],
        "wrong": [],
        "trust": "open",
    }
    AcceptedEvent.objects.create(
        event_id=event,
        received_at=now,
        map="default",
        version=1,
        action=request.GET["action"],
        trust="open",
        body=json.dumps(body),
        personal="[]",
        waiting=True,
    )
    return HttpResponse(status=204)


urlpatterns = [
    path("t/", include("trackadmin.collect.urls")),
    path("bare/", bare),
    path("insert/", insert),
    path("statement/", statement),
    path("prepared/", prepared),
]
