"""Maps, rows and query strings that nobody thought of, for comparing the runtime with the oracle.

maps()                 Hypothesis: any map without errors over the test host's models
World(seed)            saves rows of every shape, in both databases
world.queries(...)     Hypothesis: query strings, most of which name some of these rows
expected_values(...)   what such a query must yield, by the oracle, with the outcomes
"""

import datetime
import decimal
import random
import uuid
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from django.apps import apps
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import strategies as st

from tests import oracle
from tests.host import models as host
from tests.many.rows import fill as fill_many
from tests.maps import attribute, document, tracked
from tests.tenants import models as tenants
from tests.tenants.models import tenant
from tests.wide import models as wide
from tests.wide.site import fill
from trackadmin.catalog import catalog
from trackadmin.compiler import check
from trackadmin.document.structure import AggregateEntry, ChildEntry

#: Whose rows the managers of some models show; "boss" sees those of all by one of them.
TENANTS = ("a", "b")

ATTRIBUTES = {
    "host.everything": (
        *("text", "slug", "contact", "ip", "small", "integer", "big", "floating", "amount"),
        *("flag", "maybe", "day", "clock", "moment", "span", "uuid", "data", "upload", "status"),
        *("backwards", "shout", "double"),
    ),
    "host.country": ("id", "code", "name"),
    "host.address": ("id", "street", "country_id"),
    "host.person": ("id", "name", "user_id", "boss_id"),
    "host.profile": ("id", "nickname", "person_id"),
    "host.order": ("number", "person_id", "billing_address_id"),
    "host.place": ("id", "name"),
    "host.placeproxy": ("name", "loud_name"),
    "host.restaurant": ("place_ptr_id", "name", "stars"),
    "host.hidden": ("id", "name", "alive"),
    "host.remote": ("id", "name", "person_name"),
    "host.constrained": ("yes", "sometimes"),
    "auth.user": ("id", "username", "is_staff", "date_joined"),
    # Whose managers show each tenant other rows, and at each moment.
    "tenants.customer": ("id", "name", "tenant"),
    "tenants.invoice": ("id", "number", "tenant"),
    "tenants.joinedinvoice": ("number", "tenant", "shown_to"),
    "tenants.publishedinvoice": ("id", "number"),
    "wide.company": ("code", "moment", "city_id", "label", "opened"),
    "wide.customer": ("code", "amount"),
    "wide.passport": ("code", "title"),
    "wide.vault": ("code", "gone"),
    "wide.folder": ("code", "title"),
    "wide.loose": ("code", "moment", "city_id"),
    "wide.shouted": ("code", "title"),
    "wide.listener": ("code", "amount"),
    "wide.city": ("code", "title", "moment"),
    "wide.spot": ("code", "north"),
    "wide.region": ("code", "title"),
    # Which have counts and sums.
    "many.town": ("id", "code"),
    "many.shop": ("id", "code", "town_id", "parent_id"),
    "many.branch": ("shop_ptr_id", "code", "floor"),
    "many.shopproxy": ("code", "title"),
    "many.boss": ("name", "shop_id"),
    "many.clerk": ("id", "name"),
    "many.label": ("id", "text"),
    "many.sale": ("id", "status", "amount", "day"),
}
#: What a URL may use: keys, and lookups that need not be unique.
KEYS = {
    "host.everything": ("slug", "small", "big", "uuid", "backwards"),
    "host.country": ("id", "code"),
    "host.address": ("id",),
    "host.person": ("id",),
    "host.profile": ("nickname", "person_id"),
    "host.order": ("number",),
    "host.place": ("id", "name"),
    "host.placeproxy": ("name",),
    "host.restaurant": ("place_ptr_id", "name"),
    "host.hidden": ("id", "name"),
    "host.remote": ("id", "name"),
    "host.constrained": ("yes",),
    "auth.user": ("id", "username"),
    "tenants.customer": ("id", "name"),
    "tenants.invoice": ("id", "number"),
    "tenants.joinedinvoice": ("number",),
    "tenants.publishedinvoice": ("id", "number"),
    "many.town": ("id", "code"),
    "many.shop": ("id", "code"),
    "many.branch": ("shop_ptr_id", "code"),
    "many.shopproxy": ("code",),
    "many.boss": ("name",),
    "many.clerk": ("id", "name"),
    "many.label": ("id",),
    "many.sale": ("id",),
    **{label: ("code",) for label in ATTRIBUTES if label.startswith("wide.")},
}
LOOKUPS = {
    "host.everything": ("text", "integer", "status"),
    "host.country": ("name",),
    "host.address": ("street", "country_id"),
    "host.person": ("name", "user_id", "boss_id"),
    "host.order": ("person_id", "billing_address_id"),
    "host.constrained": ("sometimes",),
    "host.remote": ("person_name",),
    "wide.city": ("title",),
}
CHILDREN = {
    "tenants.invoice": ("customer",),
    "tenants.joinedinvoice": ("customer",),
    "host.order": ("person", "billing_address", "shipping_address"),
    "host.address": ("country",),
    "host.person": ("profile", "boss", "user"),
    "host.profile": ("person",),
    "host.place": ("restaurant",),
    # What a row alone does not give, at any depth.
    "wide.company": ("city",),
    "wide.customer": ("company", "passport"),
    "wide.passport": ("customer",),
    "wide.vault": ("city",),
    "wide.folder": ("vault", "city"),
    "wide.loose": ("city",),
    "wide.shouted": ("city",),
    "wide.listener": ("shouted",),
    "wide.spot": ("region",),
    "wide.region": ("city",),
    "many.shop": ("town", "boss", "parent"),
    "many.branch": ("town", "boss"),
    "many.shopproxy": ("parent",),
    "many.boss": ("shop",),
    "many.clerk": ("shop", "former_shop"),
    "many.sale": ("shop",),
}
COUNTED = [label for label in ATTRIBUTES if label.startswith("many.")]
#: The functions, and the kinds of fields that they may take; the catalog refuses some of them.
NUMBERS = ("pieces", "big", "weight", "amount", "rate", "span", "minutes", "place")
TIMES = ("day", "clock", "moment", "published", "since")
TEXTS_AND_KEYS = ("note", "contact", "ip", "key", "upload", "status", "level", "code", "shop_id")
FIELDS = {
    "count": ("",),
    "distinct": (*NUMBERS, *TIMES, *TEXTS_AND_KEYS, "express", "person_id", "name", "street"),
    "sum": NUMBERS,
    "min": (*NUMBERS, *TIMES),
    "max": (*NUMBERS, *TIMES),
    "latest": (*NUMBERS, *TIMES, *TEXTS_AND_KEYS, "express", "checked", "number", "name"),
}
NEWEST_BY = ("moment", "day", "published", "pieces", "amount", "id", "place", "minutes", "since")
#: Conditions, and values of which some fit nothing.
CONDITIONS = {
    "status": ("new", "shipped", "lost"),
    "level": (1, 2),
    "express": (True, False),
    "checked": (True, False),
    "pieces": (0, 5, -3),
    "note": ("a", "A", "%", "x'y", "Ünïcode"),
    "key": ("00000000-0000-0000-0000-000000000001",),
    "gone": (False,),
    "shop_id": (1, 2, 3),
    "code": ("DE", "shop1"),
    "minutes": (0, 1),
    "place": (1, 2),
    "number": ("a1", "b1"),
    "name": ("", "Germany"),
}
TEXTS = ("", "a", "A", "Ünïcode", "x'y", "%", "\\", "_", "null", "1", "\u2028", " a ", "a&b=c+d")
NASTY = ("", "-0", "007", " 1", "1_0", "\uff11", "9" * 30, str(2**63), "-1", "\0", "a\0", "é" * 60)


#: Until when the old names of what was renamed stay.
UNTIL = "2099-12-31"
PRIVACIES = st.sampled_from(["none", "sent", "pseudonymised", "dropped"])


@st.composite
def maps(draw, of=None):
    labels = draw(st.lists(st.sampled_from(sorted(of or ATTRIBUTES)), unique=True, min_size=3))
    # Some of those that can have counts and sums, in every map.
    labels += draw(st.lists(st.sampled_from(COUNTED), unique=True, min_size=4))
    prefixes = st.sampled_from(["", "Mine_"])
    return _without_errors(
        {
            f"{draw(prefixes)}{label.split('.')[1].title()}": draw(_entries(label))
            for label in dict.fromkeys(labels)
        }
    )


@st.composite
def _entries(draw, label):
    """A tracked model, which may be wrong."""
    key = draw(st.sampled_from(["", *KEYS[label], *KEYS[label]]))
    sources = draw(st.lists(st.sampled_from(ATTRIBUTES[label]), unique=True, max_size=8))
    sources = [*sources, *([key] if key and key not in sources else [])]
    pairs, key_name = [], ""
    for source in sources:
        name = draw(st.sampled_from([source, f"as_{source}"]))
        looked_up = source in (*LOOKUPS.get(label, ()), *KEYS[label]) and draw(st.booleans())
        privacy = "none"
        if source == key:
            key_name = name
        elif not looked_up:
            privacy = draw(PRIVACIES)
        pairs.append((name, attribute(source, lookup=looked_up, privacy=privacy)))
        if draw(st.sampled_from([False, False, False, True])):
            old = {"lookup": looked_up, "successor": name, "until": UNTIL}
            pairs.append((f"was_{source}", attribute(source, privacy=privacy, **old)))
    least = int(label in COUNTED)
    found = (
        draw(st.lists(aggregates(label), min_size=least, max_size=5))
        if related_models(label)
        else []
    )
    return replace(
        tracked(label, pairs, key=key_name),
        children=draw(_children(label)),
        aggregates={
            f"{a.relation}_{a.function}{n}": replace(a, position=n) for n, a in enumerate(found)
        },
        **draw(_in_grace(f"Was_{label.split('.')[1]}")),
    )


@st.composite
def _children(draw, label):
    prefixes = st.sampled_from(["", "One", "Two", "Three", "Four_five"])
    accessors = CHILDREN.get(label, ())
    along = draw(st.lists(st.sampled_from(accessors), unique=True)) if accessors else []
    return {
        accessor: ChildEntry(
            draw(prefixes), position, draw(st.booleans()), **draw(_in_grace(f"Was_{accessor}"))
        )
        for position, accessor in enumerate(along)
    }


def _in_grace(former):
    """A prefix that is still sent beside today's, now and then."""
    return st.sampled_from([{}, {}, {}, {"former_prefix": former, "until": UNTIL}])


@lru_cache
def related_models(label):
    """The relations of a model that hold many objects, with the models they lead to."""
    meta = apps.get_model(label)._meta
    back = [each for each in meta.related_objects if not each.one_to_one and not each.hidden]
    return {
        **{each.get_accessor_name(): each.related_model for each in back},
        **{field.name: field.related_model for field in meta.many_to_many},
    }


@st.composite
def aggregates(draw, label):
    """A count or sum of fields that the related model has; the catalog may refuse it."""
    relation, model = draw(st.sampled_from([*related_models(label).items()]))
    own = {field.attname for field in model._meta.concrete_fields}

    def fitting(names):
        return [name for name in names if name in own or not name]

    functions = [name for name, fields in FIELDS.items() if fitting(fields)]
    if not fitting(NEWEST_BY):
        functions.remove("latest")
    function = draw(st.sampled_from(functions))
    names = draw(st.lists(st.sampled_from(fitting(CONDITIONS) or [""]), unique=True, max_size=3))
    return AggregateEntry(
        relation,
        function,
        draw(st.sampled_from(fitting(FIELDS[function]))),
        draw(st.sampled_from(fitting(NEWEST_BY))) if function == "latest" else "",
        {name: draw(st.sampled_from(CONDITIONS[name])) for name in names if name},
        privacy=draw(PRIVACIES),
    )


def _without_errors(entries):
    """The map, without what makes it wrong."""
    while True:
        found = document(**entries)
        wrong = [p.where for p in check(found, catalog()) if p.level == "error"]
        if not wrong:
            return found
        places = {where.partition(".")[::2] for where in wrong}
        for prefix in {prefix for prefix, _ in places}:
            refused = {name for place, name in places if place == prefix}
            entries[prefix] = _with_less(entries[prefix], refused)
            if entries[prefix] is None:
                del entries[prefix]


def _with_less(entry, refused):
    """The entry without its refused counts and sums, or else without its former prefixes, or else
    without a child, or else ``None``."""
    left = {name: each for name, each in entry.aggregates.items() if name not in refused}
    if len(left) < len(entry.aggregates):
        return replace(entry, aggregates=left)
    none = {"former_prefix": "", "until": ""}
    bare = replace(
        entry, children={a: replace(c, **none) for a, c in entry.children.items()}, **none
    )
    if bare != entry:
        return bare
    return replace(entry, children=dict([*entry.children.items()][:-1])) if entry.children else None


class World:
    """Rows of every shape; the same seed, the same rows. They must not be changed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self._save()
        #: The rows that each model's manager shows, as the oracle holds them.
        self.rows = {label: _rows(label) for label in ATTRIBUTES}
        self._by_pk = {(type(o), o.pk): o for objects in self.rows.values() for o in objects}
        self._found, self._keys, self._related = {}, {}, {}
        self.texts = {}
        for label in ATTRIBUTES:
            for source in (*KEYS[label], *LOOKUPS.get(label, ())):
                values = [getattr(obj, source) for obj in self.rows[label]]
                self.texts[label, source] = [str(v) for v in values if v is not None] or ["1"]

    def objects(self, document):
        """All rows of which the map has something to say."""
        of_models = [self.rows[entry.model] for entry in document.models.values()]
        return [obj for objects in of_models for obj in objects]

    def queries(self, document):
        """A query's pairs: references to rows, to nothing and to what is not allowed, and more."""
        usual = [
            (f"{each}__{name}", self.texts[entry.model, entry.attributes[name].source])
            for prefix, entry in document.models.items()
            for each in (prefix, entry.former_prefix)
            if each
            for name in entry.lookups()
        ]
        made_up = [("Nobody__id", ["1"]), ("Person__id__in", ["1"]), ("__", [""])]
        pair = st.sampled_from([*usual * 3, *made_up]).flatmap(
            lambda each: st.tuples(
                st.just(each[0]), st.sampled_from([*each[1], *each[1], *each[1], *NASTY])
            )
        )
        other = st.tuples(st.sampled_from(["action", "q", "Person_name"]), st.sampled_from(TEXTS))
        return st.lists(pair | pair | other, min_size=1, max_size=6)

    def resolve(self, document, reference, text):
        """As the oracle's, which is asked once for the same attribute and text."""
        prefix, _, name = reference.partition("__")
        entry = oracle.entry_of(document, prefix)
        if entry is None or name not in entry.lookups():
            return oracle.resolve(document, reference, text)
        asked = entry.model, entry.attributes[name].source, text, tenant.get()
        if asked not in self._found:
            status, obj = oracle.resolve(document, reference, text)
            self._found[asked] = status, obj and self._by_pk[type(obj), obj.pk]
        return self._found[asked]

    def flatten(self, document, obj):
        """As the oracle's, which asks for the same related objects once."""
        return oracle.flatten(document, obj, related=self.related)

    def related(self, obj, aggregate):
        where = tuple(sorted(aggregate.where.items()))
        asked = type(obj), obj.pk, aggregate.relation, where, tenant.get()
        if asked not in self._related:
            self._related[asked] = oracle.related_rows(obj, aggregate)
        return self._related[asked]

    def keys(self, rows):
        """The primary keys of a queryset's rows, in its order."""
        asked = str(rows.query)
        if asked not in self._keys:
            self._keys[asked] = list(rows.values_list("pk", flat=True))
        return self._keys[asked]

    def _pick(self, options, missing=0.3):
        return None if self.random.random() < missing else self.random.choice(options)

    def _save(self):
        for name in TENANTS:
            customer = tenants.Customer.objects.create(tenant=name, name=f"customer-{name}")
            for number in range(2):
                tenants.Invoice.objects.create(
                    tenant=name,
                    number=f"{name}{number}",
                    published=timezone.now() + datetime.timedelta(days=2 * number - 1),
                    customer=self._pick([customer]),
                )
        users = [User.objects.create(username=f"u{n}", is_staff=n == 1) for n in range(4)]
        names = ["Germany", "Germany", "Ünïcode"]
        countries = [
            host.Country.objects.create(code=code, name=name)
            for code, name in zip(["DE", "NL", "é"], names, strict=True)
        ]
        people = []
        for n in range(8):
            pk = uuid.UUID(int=self.random.getrandbits(128))
            name, user, boss = self.random.choice(TEXTS), self._pick(users), None
            boss = self._pick(people) if people else None
            people.append(host.Person.objects.create(id=pk, name=name, user=user, boss=boss))
            if self.random.random() < 0.5:
                host.Profile.objects.create(person=people[-1], nickname=f"n'{n}%")
        people[0].boss = people[-1]  # a circle, or near it
        people[0].save()
        streets = [self.random.choice(TEXTS) for _ in range(4)]
        addresses = [
            host.Address.objects.create(street=s, country=self._pick(countries)) for s in streets
        ]
        for number in ("00010001", "10001", "a/b", "%s", "é"):
            host.Order.objects.create(
                number=number,
                person=self._pick(people),
                billing_address=self._pick(addresses),
                shipping_address=self._pick(addresses),
            )
        self._save_others()
        self._save_wide()
        fill_many(self.random)
        for n in range(6):
            self._save_everything(n)

    def _save_others(self):
        for name in ("Inn", "Bar"):
            host.Place.objects.create(name=name)
            host.Restaurant.objects.create(name=f"{name}'s", stars=self.random.randrange(5))
        for n in range(4):
            host.Hidden.everything.create(name=f"h{n}", alive=n % 2 == 0)
            host.Remote.objects.create(name=f"r{n}", person_name=self.random.choice(TEXTS))
            sometimes = self.random.choice("ab")
            host.Constrained.objects.create(
                yes=f"y{n}", folded=f"f{n}", together_a=n + 2, sometimes=sometimes
            )

    def _save_wide(self):
        fill(rows=4)
        wide.Vault.everything.filter(code__in=["vault1", "vault2"]).update(gone=True)
        wide.Company.objects.filter(code="company3").update(gone=True)
        wide.Loose.objects.filter(code="loose1").update(city_id=10**6)
        wide.Spot.objects.filter(code="spot2").update(east=10**6)
        wide.City.objects.update(title=self.random.choice(TEXTS)[:20])

    def _save_everything(self, n):
        odd = self.random
        moment = datetime.datetime(2026, 3, 29, 1, 30, 0, odd.randrange(10**6), datetime.UTC)
        host.Everything.objects.create(
            text=odd.choice(TEXTS),
            slug=f"slug-{n}",
            contact=odd.choice(["", "ann@example.com"]),
            ip=self._pick(["::1", "10.0.0.1"]),
            small=self._pick([n, -n - 1]),
            integer=odd.choice([0, 5, 2**31 - 1, -(2**31)]),
            big=self._pick([2**63 - 1 - n, n - 2**63]),
            floating=self._pick([0.1, 1e300, -2.5, 3.0]),
            amount=self._pick([decimal.Decimal("1.50"), decimal.Decimal("-0.01")]),
            flag=odd.random() < 0.5,
            maybe=self._pick([True, False]),
            day=self._pick([moment.date(), datetime.date(1, 1, 1)]),
            clock=self._pick([moment.time(), datetime.time(0)]),
            moment=self._pick([moment, moment.replace(microsecond=0, year=1999)]),
            span=self._pick([datetime.timedelta(-1, 5, 7), datetime.timedelta(400)]),
            uuid=uuid.UUID(int=odd.getrandbits(128)),
            data=self._pick([{"b": 1, "a": [None, "é"]}, [], "text", 0, False]),
            upload=odd.choice(["", "a b.txt"]),
            status=odd.choice(host.Status.values),
            backwards=self._pick([f"abc{n}", f"{n}é'"]),
        )


def names_of_sums(document):
    """The output names of all counts and sums, wherever they come along."""
    models = {prefix: replace(e, aggregates={}) for prefix, e in document.models.items()}
    without = replace(document, models=models)
    return {
        name
        for prefix in document.models
        for name in {*oracle.names(document, prefix)} - {*oracle.names(without, prefix)}
    }


def expected_values(world, document, pairs):
    """(values, outcomes) of a query that has these pairs."""
    others = [pair for pair in pairs if "__" not in pair[0]]
    values = {name: text for name, text in others if not _is_reserved(document, name)}
    found, outcomes = {}, []
    for name, text in dict.fromkeys(pair for pair in pairs if "__" in pair[0]):
        status, obj = world.resolve(document, name, text)
        if status == "found" and _contradicts(found, world.flatten(document, obj)):
            status = "conflict"
        outcomes.append((name, status))
    return {**values, **found}, outcomes


def _is_reserved(document, name):
    entries = document.models.values()
    children = [child for entry in entries for child in entry.children.values()]
    prefixes = [*document.models, *(entry.former_prefix for entry in entries)]
    prefixes += [p for child in children for p in (child.prefix, child.former_prefix)]
    return any(name.startswith(f"{prefix}_") for prefix in prefixes if prefix)


def _contradicts(found, values):
    """Add an object's values; whether another object says something else of one of their names.

    The first that was given wins. One that is not there says only null and contradicts nobody.
    """
    differing = [name for name in values if name in found and found[name] != values[name]]
    were_null = all(found[name] is None for name in differing)
    for name, value in values.items():
        if name not in found or were_null:
            found[name] = value
    return not were_null and any(values[name] is not None for name in differing)


@contextmanager
def acting_as(name):
    """As one of the tenants, or as nobody."""
    token = tenant.set(name)
    try:
        yield
    finally:
        tenant.reset(token)


def _rows(label):
    """All rows of a model, for those of other tenants are asked for too."""
    model = apps.get_model(label)
    return list(
        model._base_manager.all() if label.startswith("tenants.") else _manager(label).all()
    )


def _manager(label):
    return apps.get_model(label)._default_manager
