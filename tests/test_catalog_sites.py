"""Sites set up otherwise, each in a process of its own, for it is decided before models load."""

import json
import os
import subprocess
import sys
from pathlib import Path

SHOUTING = """
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["loud"], SECRET_KEY="x", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    TRACKADMIN={
        "MODELS": ["LOUD"], "EXCLUDE": ["loud.Thing.a"], "ALLOW": ["Loud.thing.token"],
        "CONSTANT_MANAGERS": ["Loud.Thing"], "HARMLESS_LOADING": ["Loud"],
    },
)
django.setup()
from trackadmin.catalog import catalog
(thing,) = catalog().models()
assert thing is catalog().get("Loud.Thing") is catalog().get("loud.thing")
print(thing.label, thing.cased_label, *thing.attributes, catalog().strays())
from trackadmin.compiler.host import loading_code, managers
from trackadmin.runtime import tracking_values
from trackadmin.testing import override_map
assert managers.is_constant(thing.model)
assert not loading_code.loading_code(thing.model, loading_code.declared())
with override_map({"Thing": {"model": "Loud.Thing", "attributes": ["b"]}}):
    print(tracking_values(thing.model(b="loud")))
"""


def run(code, tmp_path):
    """What the code prints in a process of its own, where ``tmp_path`` can be imported from."""
    root = Path(__file__).resolve().parent.parent
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_app_whose_label_has_capitals(tmp_path):
    """Maps write labels in lower case; Django keeps the case of the app's."""
    package = tmp_path / "loud"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "apps.py").write_text(
        "from django.apps import AppConfig\nclass C(AppConfig):\n name = 'loud'\n label = 'Loud'\n"
    )
    (package / "models.py").write_text(
        "from time import time\nfrom django.db import models\n"
        "class Now(models.Manager):\n"
        " def get_queryset(self):\n  return super().get_queryset().filter(id__lt=time())\n"
        "class Thing(models.Model):\n"
        " a = models.TextField()\n b = models.TextField()\n token = models.TextField()\n"
        " objects = Now()\n"
        " def __init__(self, *args, **kwargs):\n"
        "  super().__init__(*args, **kwargs)\n  self.b = self.b.upper()\n"
    )
    facts, values = run(SHOUTING, tmp_path).splitlines()
    assert facts == "loud.thing Loud.Thing id b token []"
    assert values == "{'Thing_b': 'LOUD'}"


CUSTOM_USER = """
import uuid
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from trackadmin.catalog import trackable

class Account(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    handle = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=20)
    USERNAME_FIELD = "handle"

    @property
    @trackable
    def greeting(self):
        return f"Hello {self.name}"

class Thing(models.Model):
    name = models.CharField(max_length=20)
    account = models.OneToOneField(Account, models.CASCADE)
"""
ASK = """
import json, sys
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "crew"],
    AUTH_USER_MODEL="crew.Account", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
from trackadmin.catalog import catalog
account = catalog().get("crew.Account")
print(json.dumps({
    "models": [each.cased_label for each in catalog().models()],
    "swapped": str(catalog().why_not("auth.User")),
    "attributes": list(account.attributes),
    "personal": [name for name, each in account.attributes.items() if each.personal],
    "thing": [name for name, e in catalog().get("crew.Thing").attributes.items() if e.personal],
    "unique": [name for name, each in account.attributes.items() if each.unique],
    "relations": list(account.relations),
    "loaded": [name for name in ("django.contrib.admin", "reversion", "django.contrib.postgres",
               "trackadmin.models") if name in sys.modules],
}))
"""


def test_a_site_with_a_user_model_of_its_own(tmp_path):
    """In a process of its own: the user model is chosen before models are loaded."""
    package = tmp_path / "crew"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "models.py").write_text(CUSTOM_USER)
    assert json.loads(run(ASK, tmp_path)) == {
        "models": ["auth.Group", "crew.Account", "crew.Thing"],
        "swapped": "The site uses crew.Account instead.",
        "attributes": ["last_login", "id", "handle", "name", "greeting"],
        "personal": ["name"],
        "thing": ["name"],
        "unique": ["id", "handle"],
        "relations": ["thing"],
        "loaded": [],
    }
