"""Sites whose models use packages of other people."""

from tests.sites.site import Site

#: What each model of a package is tracked for: the fields that the catalog offers.
HEAD = """

class Thing({bases}):
    number = models.CharField(max_length=20, unique=True)
"""


def thing(imports, body, bases="models.Model"):
    """A model with fields of a package; ``example()`` gives an instance that is not saved."""
    lines = "\n".join(f"    {line}" if line else "" for line in body.strip().split("\n"))
    return f"{imports.strip()}\n{HEAD.format(bases=bases)}{lines}\n"


def same_by_every_road(walk):
    """D. Made, loaded, found by URL and streamed, in two languages: the same values each time.

    What is offered is also what the report shows under ``thing``.
    """
    from django.utils import translation
    from shop.models import Thing

    from trackadmin import editing
    from trackadmin.catalog import catalog
    from trackadmin.document import from_dict
    from trackadmin.runtime import (
        fault_counts,
        iter_tracking_values,
        tracking_values,
        values_from_query,
    )

    facts = catalog().get("shop.thing")
    given = {"Thing": {"attributes": list(facts.attributes), "key": "number"}}
    editing.import_document("second", from_dict(given, catalog().find))
    editing.publish("second", by=None)
    made = Thing.example()
    made.number = "T-1"
    made = made.save() or made
    entry_points = {}
    for language in ("en", "de"):
        with translation.override(language):
            entry_points[f"made, {language}"] = tracking_values(made, map="second")
            entry_points[f"loaded, {language}"] = tracking_values(
                Thing.objects.get(pk=made.pk), map="second"
            )
            found = values_from_query("Thing__number=T-1", map="second")
            entry_points[f"by URL, {language}"] = dict(found)
            rows = iter_tracking_values(Thing.objects.filter(pk=made.pk), map="second")
            (entry_points[f"streamed, {language}"],) = rows
    walk.report["thing"] = entry_points["by URL, en"]
    walk.report["refused"] = {name: str(f.refused) for name, f in facts.refused.items()}
    different = {
        name: {entry_point: values.get(name) for entry_point, values in entry_points.items()}
        for name in entry_points["by URL, en"]
        if len({str(values.get(name)) for values in entry_points.values()}) > 1
    }
    assert not different, different
    assert not fault_counts(), fault_counts()


MONEY = thing(
    "from djmoney.models.fields import MoneyField",
    """
price = MoneyField(max_digits=12, decimal_places=2, default_currency="EUR")

@classmethod
def example(cls):
    from djmoney.money import Money
    return cls(price=Money("1234.5", "EUR"))
""",
)

COUNTRIES = thing(
    "from django_countries.fields import CountryField",
    """
country = CountryField()
more = CountryField(multiple=True, blank=True)

@classmethod
def example(cls):
    return cls(country="de", more=["FR", "NZ"])
""",
)

PHONES = thing(
    "from phonenumber_field.modelfields import PhoneNumberField",
    """
phone = PhoneNumberField(region="DE")

@classmethod
def example(cls):
    return cls(phone="030 901820")
""",
)

TAGS = thing(
    "from taggit.managers import TaggableManager",
    """
tags = TaggableManager()

@classmethod
def example(cls):
    return cls()
""",
)

POLYMORPHIC = thing(
    "from polymorphic.models import PolymorphicModel",
    """
title = models.CharField(max_length=20)

@classmethod
def example(cls):
    return Special(title="Special", weight=5)


class_end = None
""",
    "PolymorphicModel",
).replace("    class_end = None\n", "") + (
    "\nclass Special(Thing):\n    weight = models.IntegerField()\n"
)

MPTT = thing(
    "from mptt.models import MPTTModel, TreeForeignKey",
    """
parent = TreeForeignKey("self", models.CASCADE, null=True)

@classmethod
def example(cls):
    return cls(parent=cls.objects.create(number="root"))
""",
    "MPTTModel",
)

TREEBEARD = thing(
    "from treebeard.mp_tree import MP_Node",
    """
@classmethod
def example(cls):
    return cls()

def save(self, *args, **kwargs):
    if self.pk is None:
        type(self).add_root(instance=self) if not self.depth else super().save(*args, **kwargs)
    else:
        super().save(*args, **kwargs)
""",
    "MP_Node",
)

HASHIDS = thing(
    "from hashid_field import HashidField",
    """
code = HashidField(salt="salt")

@classmethod
def example(cls):
    return cls(code=12345)
""",
)

DIRTY = thing(
    "from dirtyfields import DirtyFieldsMixin\nfrom model_utils import FieldTracker\n"
    "from model_utils.fields import MonitorField, StatusField",
    """
STATUS = [("open", "Open"), ("done", "Done")]
status = StatusField()
changed = MonitorField(monitor="status")
tracker = FieldTracker()

@classmethod
def example(cls):
    return cls(status="open")
""",
    "DirtyFieldsMixin, models.Model",
)

ENCRYPTED = thing(
    "from encrypted_fields.fields import EncryptedCharField",
    """
diary = EncryptedCharField(max_length=100)

@classmethod
def example(cls):
    return cls(diary="Dear diary")
""",
)

ENCRYPTED_TOO = thing(
    "from encrypted_model_fields.fields import EncryptedCharField, EncryptedDateField",
    """
diary = EncryptedCharField(max_length=100)
born = EncryptedDateField()

@classmethod
def example(cls):
    import datetime
    return cls(diary="Dear diary", born=datetime.date(2000, 1, 2))
""",
)

HASHIDS_TOO = thing(
    "from django_hashids import HashidsField",
    """
code = HashidsField(real_field_name="id")

@classmethod
def example(cls):
    return cls()
""",
)

TRANSLATED = thing(
    "",
    """
title = models.CharField(max_length=20)

@classmethod
def example(cls):
    return cls(title_en="Title", title_de="Titel")
""",
)

TRANSLATION = """
from modeltranslation.translator import TranslationOptions, register

from shop.models import Thing


@register(Thing)
class ThingOptions(TranslationOptions):
    fields = ["title"]
"""

LANGUAGES = """
LANGUAGES = [("en", "English"), ("de", "German")]
INSTALLED_APPS = ["modeltranslation", *INSTALLED_APPS]
"""


SCOPED = """
from django_scopes import ScopedManager


class Tenant(models.Model):
    name = models.CharField(max_length=20)


class Invoice(models.Model):
    tenant = models.ForeignKey(Tenant, models.CASCADE)
    number = models.CharField(max_length=20, unique=True)
    objects = ScopedManager(tenant="tenant")
"""


def only_of_the_scope(walk):
    """A1. Each scope finds its own rows, by every entry point, whatever was asked before."""
    from django_scopes import scope, scopes_disabled
    from shop.models import Invoice, Tenant

    from trackadmin import editing
    from trackadmin.catalog import catalog
    from trackadmin.document import from_dict
    from trackadmin.runtime import get_model, iter_tracking_values, values_from_query

    given = {"Invoice": {"attributes": ["number"], "key": "number"}}
    editing.import_document("second", from_dict(given, catalog().find))
    editing.publish("second", by=None)
    a, b = (Tenant.objects.create(name=name) for name in "ab")
    with scopes_disabled():
        for tenant in (a, b):
            Invoice.objects.create(tenant=tenant, number=f"I-{tenant.name}")
    for tenant, other in ((a, "I-b"), (b, "I-a"), (a, "I-b")):
        own = f"I-{tenant.name}"
        with scope(tenant=tenant):
            found = values_from_query(f"Invoice__number={own}", map="second")
            assert found == {"Invoice_number": own}, found
            hidden = values_from_query(f"Invoice__number={other}", map="second")
            assert hidden == {}, hidden
            assert get_model("Invoice__number", other, map="second") is None
            assert get_model("Invoice__number", own, map="second").tenant_id == tenant.pk
            rows = list(iter_tracking_values(Invoice.objects.all(), map="second"))
            assert rows == [{"Invoice_number": own}], rows
    outside = values_from_query("Invoice__number=I-a", map="second")
    assert outside == {}, outside
    assert [each.outcome for each in outside.references] != ["found"]
    from trackadmin.testing import reset

    reset()  # the manager that raises outside a scope was counted, as it must be


def apps(*names):
    return f"INSTALLED_APPS = [*INSTALLED_APPS[:-1], {', '.join(map(repr, names))}, 'shop']\n"


def site(name, package, models, settings="", **options):
    return Site(
        name=name,
        about=package,
        packages=(package, *options.pop("also", ())),
        models=models,
        settings=settings,
        after=same_by_every_road,
        **options,
    )


SITES = [
    Site(
        name="scopes",
        about="django-scopes",
        packages=("django-scopes",),
        models=SCOPED,
        after=only_of_the_scope,
        postgresql=True,
    ),
    site("money", "django-money", MONEY, apps("djmoney"), also=("py-moneyed",)),
    site("countries", "django-countries", COUNTRIES, apps("django_countries")),
    site("phones", "django-phonenumber-field", PHONES, apps("phonenumber_field")),
    site("tags", "django-taggit", TAGS, apps("taggit")),
    site("polymorphic", "django-polymorphic", POLYMORPHIC, apps("polymorphic")),
    site("mptt", "django-mptt", MPTT, apps("mptt")),
    site("treebeard", "django-treebeard", TREEBEARD, apps("treebeard")),
    site("hashid_field", "django-hashid-field", HASHIDS),
    site(
        "hashids",
        "django-hashids",
        HASHIDS_TOO,
        apps("django_hashids") + 'DJANGO_HASHIDS_SALT = "salt"\n',
    ),
    site(
        "encrypted_model_fields",
        "django-encrypted-model-fields",
        ENCRYPTED_TOO,
        'FIELD_ENCRYPTION_KEY = "' + "A" * 43 + '="\n',
    ),
    site("dirtyfields", "django-dirtyfields", DIRTY, also=("django-model-utils",)),
    site(
        "encrypted",
        "django-fernet-encrypted-fields",
        ENCRYPTED,
        'SALT_KEY = "0123456789abcdef0123456789abcdef"',
    ),
    site(
        "modeltranslation",
        "django-modeltranslation",
        TRANSLATED,
        LANGUAGES,
        files={"shop/translation.py": TRANSLATION},
    ),
]
