"""Documents of format 1, as a release that knew no other published them, and what they gave.

For each name in ``NAMES`` the folder ``format1`` holds, as that release wrote it:

    NAME.json           the text of the version; its digest is in digests.json
    NAME.export.json    what ``export`` writes, the map file
    NAME.export.txt     the same as Python source
    NAME.values.json    what ``served()`` gave with the rows of ``save_rows()``

None is ever to be written again.
"""

import datetime
import decimal
import json
import uuid
from pathlib import Path

from django.apps import apps
from django.contrib.auth.models import User

from demo import models as demo
from tests.host import models as host
from tests.wide.site import fill
from trackadmin.runtime import (
    iter_tracking_values,
    tracking_query,
    tracking_values,
    values_from_query,
)

FOLDER = Path(__file__).parent / "format1"
DIGESTS = json.loads((FOLDER / "digests.json").read_text(encoding="ascii"))
NAMES = sorted(DIGESTS)

MOMENT = datetime.datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=datetime.UTC)


def text_of(name):
    return (FOLDER / f"{name}.json").read_text(encoding="ascii")


def kept(name, what):
    """What the old release wrote: ``export.json``, ``export.txt`` or ``values.json``."""
    return (FOLDER / f"{name}.{what}").read_text(encoding="utf-8")


def served(document):
    """What the live version gives for the rows: by instance, by URL and by stream; JSON-able.

    By tracked model a list of (URL query, values) in the order of the primary key; the query is
    empty where the model has no key. The three ways must give one dict, in one order.
    """
    return {
        prefix: [*_rows_of(apps.get_model(entry.model), with_key=bool(entry.key))]
        for prefix, entry in sorted(document.models.items())
    }


def _rows_of(model, *, with_key):
    rows = model._default_manager.order_by("pk")
    for obj, streamed in zip(rows, iter_tracking_values(rows), strict=True):
        values, query = tracking_values(obj), tracking_query(obj) if with_key else ""
        found = values_from_query(query) if query else values
        assert [*values.items()] == [*found.items()] == [*streamed.items()]
        assert [*map(type, values.values())] == [*map(type, found.values())]
        assert [*map(type, values.values())] == [*map(type, streamed.values())]
        yield [query, values]


def save_rows():
    """The same rows with the same keys each time, in both databases."""
    _save_people()
    _save_host()
    _save_shop()
    fill(rows=2)


def _save_people():
    for pk, name in ((201, "ann"), (202, "bob@example.com"), (203, "Ünïcode % '")):
        User.objects.create(
            pk=pk,
            username=name,
            first_name=name.title(),
            email=f"{pk}@example.com",
            is_staff=pk == 202,
            date_joined=MOMENT,
        )
    boss = None
    for number, (name, user) in enumerate([("Boss", 201), ("", None), ("é", 203)]):
        pk = uuid.UUID(int=number + 1)
        boss = host.Person.objects.create(pk=pk, name=name, user_id=user, boss=boss)
        if number != 1:
            host.Profile.objects.create(pk=number + 1, person=boss, nickname=f"n'{number}%")
    # A circle.
    host.Person.objects.filter(pk=uuid.UUID(int=1)).update(boss=boss)


def _save_host():
    host.Country.objects.create(pk=1, code="DE", name="Germany")
    host.Country.objects.create(pk=2, code="é", name="Ünïcode")
    host.Address.objects.create(pk=1, street="Main Street 1", country_id="DE")
    host.Address.objects.create(pk=2, street="", country=None)
    people = [*host.Person.objects.order_by("pk"), None]
    for number, person in zip(("00010001", "10001", "a/b", "%s"), people, strict=True):
        host.Order.objects.create(
            number=number,
            person=person,
            billing_address_id=1 if person else None,
            shipping_address_id=2 if number != "10001" else 1,
        )
    host.Line.objects.create(pk=1, order_id="10001", place=3)
    for pk, name in enumerate(("Inn", "Bar"), 1):
        host.Place.objects.create(pk=pk, name=name)
        host.Restaurant.objects.create(pk=pk + 10, name=f"{name}'s", stars=pk)
        host.Hidden.everything.create(pk=pk, name=f"h{pk}", alive=pk == 1)
        host.Remote.objects.create(pk=pk, name=f"r{pk}", person_name=name)
        host.Constrained.objects.create(
            pk=pk, yes=f"y{pk}", folded=f"f{pk}", together_a=pk + 1, sometimes="a"
        )
    host.Everything.objects.create(pk=1, slug="empty", uuid=uuid.UUID(int=1))
    host.Everything.objects.create(
        pk=2,
        text="x'y \u2028 é",
        long_text="two\nlines",
        slug="full",
        contact="ann@example.com",
        url="https://example.com/?a=b&c",
        ip="2001:db8::1",
        small=-5,
        integer=2**31 - 1,
        positive=7,
        big=2**63 - 1,
        floating=0.1,
        amount=decimal.Decimal("-0.10"),
        flag=True,
        maybe=False,
        day=MOMENT.date(),
        clock=datetime.time(0, 0, 1, 5),
        moment=MOMENT,
        span=datetime.timedelta(-1, 5, 7),
        uuid=uuid.UUID(int=2**128 - 1),
        data={"b": 1, "a": [None, True, 1.5, "é"]},
        upload="a b.txt",
        status=host.Status.PAID,
        level=host.Level.HIGH,
        backwards="abc'",
    )


def _save_shop():
    demo.Country.objects.create(pk=1, code="NL", name="Netherlands")
    home = demo.Address.objects.create(
        pk=1, street="A 1", city="B", postcode="01234", country_id="NL"
    )
    buyers = [
        demo.BuyerProfile.objects.create(
            pk=user, uuid=uuid.UUID(int=user), ctime=MOMENT, user_id=user, phone="030 1"
        )
        for user in (201, 203)
    ]
    companies = [
        demo.CompanyAccount.objects.create(
            pk=pk, name=name, is_demo=pk == 1, employees=pk * 10 if pk == 1 else None, address=where
        )
        for pk, name, where in ((1, "The Demo Account", home), (2, "a&b=c+d", None))
    ]
    maker = demo.Manufacturer.objects.create(
        pk=1, uuid=uuid.UUID(int=9), slug="acme", name="Acme", country_id="NL"
    )
    product = demo.Product.objects.create(
        pk=1, sku="SKU-1", name="Bolt", price=decimal.Decimal("1.50"), manufacturer=maker
    )
    for number in range(3):
        demo.Order.objects.create(
            pk=number + 1,
            number=f"O-{number}",
            buyer=buyers[0],
            company=companies[number % 2],
            product=product,
            quantity=number + 1,
            status=("new", "paid", "shipped")[number],
            total=decimal.Decimal("1.50") * (number + 1),
            placed_at=MOMENT,
            billing_address=home,
            shipping_address=home,
        )
