"""Rows for every model of the site, by a random number generator."""

import datetime
import decimal
import uuid

from tests.many.models import (
    SOLD,
    Boss,
    Branch,
    Clerk,
    Label,
    Partnership,
    Remote,
    Sale,
    Shop,
    Town,
    Visit,
)

TEXTS = ("", "a", "A", "Ünïcode", "x'y", "%", "\\", "ß", "zz", " a ", "10", "9")
MOMENT = datetime.datetime(2026, 3, 29, 1, 30, tzinfo=datetime.UTC)


def fill(random, sales=12):
    """Save rows; some shops have none of anything."""

    def pick(options, missing=0.3):
        return None if random.random() < missing else random.choice(options)

    towns = [Town.objects.create(code=code) for code in ("Aa", "aa", "é")]
    shops = []
    for number in range(5):
        make = Branch if number % 2 else Shop
        shops.append(
            make.objects.create(
                code=f"shop{number}",
                title=random.choice(TEXTS),
                town=pick(towns),
                parent=pick(shops) if shops else None,
            )
        )
    shops = list(Shop.objects.order_by("pk"))
    for shop in shops:
        shop.friends.set(random.sample(shops, random.randrange(3)))
    for _ in range(5):
        one, other = random.choices(shops[:3], k=2)
        Partnership.objects.create(one=one, other=other)
    for number, shop in enumerate(random.sample(shops, 3)):
        Boss.objects.create(name=f"boss{number}", shop=shop)
    Boss.objects.create(name="nobody's")
    for number in range(4):
        Clerk.objects.create(name=f"clerk{number}", shop=pick(shops), former_shop=pick(shops))
    labels = [Label.objects.create(text=text) for text in ("a", "b", "boss", "")]
    for model in SOLD:
        for _ in range(sales):
            row = model._base_manager.create(**_sold(random, pick, shops[:-1]))
            row.labels.set(random.sample(labels, random.randrange(4)))
    branches = list(Branch.objects.all())
    for _ in range(6):
        Visit.objects.create(
            key=uuid.UUID(int=random.getrandbits(128)),
            branch=random.choice(branches),
            sale=pick(list(Sale.objects.all())),
            minutes=random.randrange(3),
        )
        Remote.objects.create(shop_id=random.choice(shops).pk, pieces=random.randrange(3))


def _sold(random, pick, shops):
    later = datetime.timedelta(days=random.randrange(3), microseconds=random.choice([0, 0, 5]))
    return {
        "shop": pick(shops, 0.1),
        "status": random.choice(["new", "shipped"]),
        "level": random.choice([1, 2]),
        "express": random.random() < 0.5,
        "checked": pick([True, False]),
        "pieces": pick([0, 1, 5, -3, 2**31 - 1]),
        "big": random.choice([2**40, 2**53 + 1, -(2**60)]),
        # Exact in binary, so that the order in which they are added does not matter.
        "weight": pick([0.5, -2.5, 3.0, 1024.25]),
        "amount": pick([decimal.Decimal(n) for n in ("1.50", "0.10", "0.20", "-7.00", "0.00")]),
        "rate": random.choice([decimal.Decimal(n) for n in ("0.1", "0.0001", "12345.6789")]),
        "day": pick([MOMENT.date(), datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]),
        "clock": pick([datetime.time(0), datetime.time(1, 30), datetime.time(1, 30, 0, 5)]),
        "moment": pick([MOMENT + later, MOMENT - later]),
        "span": pick([datetime.timedelta(-1, 5, 7), datetime.timedelta(40), datetime.timedelta()]),
        "note": random.choice(TEXTS),
        "long_note": random.choice(TEXTS),
        "contact": random.choice(["", "ann@example.com", "Bob@example.com"]),
        "ip": pick(["::1", "10.0.0.1", "9.0.0.1"]),
        "key": uuid.UUID(int=random.getrandbits(128)),
        "upload": random.choice(["", "a b.txt"]),
        "data": pick([{"b": 1}, [], 0]),
        "gone": random.random() < 0.3,
        "tenant": random.choice(["a", "b"]),
        "published": MOMENT.replace(year=random.choice([2020, 2990])),
    }
