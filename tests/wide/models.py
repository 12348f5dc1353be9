"""A site of more than 40 models, shaped like real ones: what is hard for rows of a query is here.

Most are made in a loop. The others have computed attributes, a base class with its own ``from_db``,
managers with filters, children behind them, relations without constraints or over two columns,
inheritance, and one reference that leads to more than 64 tables.
"""

# (models for tests need no words for people)

from django.db import models

from trackadmin.catalog import trackable


def foreign_key(to, **options):
    options = {"null": True, "related_name": "+", **options}
    return models.ForeignKey(to, models.CASCADE, **options)


class Alive(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(gone=False)


class Base(models.Model):
    code = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=20, default="")
    moment = models.DateTimeField(null=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2, null=True)

    class Meta:
        abstract = True


class Recorded(Base):
    """Its ``from_db`` is the one of Django's documentation: it records and changes nothing."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values, **kwargs):
        instance = super().from_db(db, field_names, values, **kwargs)
        instance._loaded_values = dict(zip(field_names, values, strict=False))
        return instance


class Shouting(Base):
    """Its ``from_db`` changes what an instance holds."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db, field_names, values, **kwargs):
        instance = super().from_db(db, field_names, values, **kwargs)
        instance.title = instance.title.upper()
        return instance


def make(name, base=Base, **fields):
    made = type(name, (base,), {"__module__": __name__, **fields})
    globals()[name] = made
    return made


#: Columns only, each with up to two of the earlier ones as children: a tree four levels deep.
PLAIN = []
for number in range(45):
    relations = {
        f"part{side}": foreign_key(PLAIN[at])
        for side, at in enumerate([number // 2 - 1, number // 3 - 1])
        if 0 <= at < number
    }
    managers = {"objects": Alive(), "gone": models.BooleanField(default=False)}
    PLAIN.append(
        make(
            f"Plain{number}",
            Base if number % 3 else Recorded,
            **relations,
            **(managers if number % 5 == 0 else {}),
        )
    )


class Country(Recorded):
    pass


class City(Recorded):
    country = foreign_key(Country)


class Company(Recorded):
    """Computed, from its own columns and from what is tracked below it."""

    city = foreign_key(City)
    gone = models.BooleanField(default=False)
    objects = Alive()

    @property
    @trackable
    def label(self):
        city = self.city
        return f"{self.title} in {city.title if city else 'nowhere'} ({self.gone})"

    @trackable
    def opened(self):
        return None if self.moment is None else self.moment.year


class Customer(Base):
    company = foreign_key(Company)


class Purchase(Recorded):
    customer = foreign_key(Customer)
    city = foreign_key(City)


class Delivery(Base):
    """Four levels above the computed attributes: delivery, purchase, customer, company."""

    purchase = foreign_key(Purchase)


class Parcel(Base):
    delivery = foreign_key(Delivery)


class Passport(Base):
    """Reached backwards."""

    customer = models.OneToOneField(Customer, models.CASCADE, related_name="passport")


class Vault(Base):
    """Hidden from foreign keys where it is gone."""

    gone = models.BooleanField(default=False)
    city = foreign_key(City)
    objects = Alive()
    everything = models.Manager()

    class Meta:
        base_manager_name = "objects"


class Folder(Base):
    vault = foreign_key(Vault)
    city = foreign_key(City)


class Box(Base):
    folder = foreign_key(Folder)


class Loose(Base):
    """Whose city may be missing though its key is set, and is never null."""

    city = foreign_key(City, null=False, db_constraint=False)


class Shouted(Shouting):
    city = foreign_key(City)


class Listener(Base):
    shouted = foreign_key(Shouted)


class Vehicle(Base):
    city = foreign_key(City)


class Car(Vehicle):
    doors = models.IntegerField(default=4)


class Garage(Base):
    car = foreign_key(Car)


class Region(Base):
    north = models.IntegerField(default=0)
    east = models.IntegerField(default=0)
    city = foreign_key(City)

    class Meta:
        unique_together = [("north", "east")]


class Spot(Base):
    """Leads to its region by two columns."""

    north = models.IntegerField(default=0)
    east = models.IntegerField(default=0)
    region = models.ForeignObject(
        Region,
        models.CASCADE,
        from_fields=["north", "east"],
        to_fields=["north", "east"],
        related_name="+",
    )


class Bud(Base):
    pass


class Leaf(Base):
    bud = foreign_key(Bud)


class Twig(Base):
    leaf = foreign_key(Leaf)


class Branch(Base):
    twig = foreign_key(Twig)


#: One reference to it leads to 69 tables.
Hub = make("Hub", **{f"branch{number}": foreign_key(Branch) for number in range(17)})


class Grid(Base):
    """Its key is made of two columns."""

    id = None
    pk = models.CompositePrimaryKey("north", "east")
    north = models.IntegerField(default=0)
    east = models.IntegerField(default=0)
    city = foreign_key(City)


class Cell(Base):
    north = models.IntegerField(default=0)
    east = models.IntegerField(default=0)
    grid = models.ForeignObject(
        Grid,
        models.CASCADE,
        from_fields=["north", "east"],
        to_fields=["north", "east"],
        related_name="+",
        null=True,
    )
