"""The tracking URL, and the views that it is measured beside."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from bench.resolve import BUYER, COMPANY


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


urlpatterns = [
    path("t/", include("trackadmin.collect.urls")),
    path("bare/", bare),
    path("statement/", statement),
    path("prepared/", prepared),
]
