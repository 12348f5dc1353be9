"""Sites with users, backends and app labels of their own."""

import pytest
from django.core.management.base import CommandError

from tests.sites.site import Site

CAPITAL = """
from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"
    label = "OnlineShop"
"""

CAPITAL_SETTINGS = """
INSTALLED_APPS = [*INSTALLED_APPS[:-1], "shop.apps.ShopConfig"]
"""

#: B8. The entry of a model that is swapped out is a warning.
EMAIL_SETTINGS = """
AUTH_USER_MODEL = "shop.Member"
TRACKADMIN["COMPUTED"] = ["auth.User.get_full_name"]
"""

EMAIL_USER = """
import uuid

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin


class Member(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    USERNAME_FIELD = "email"
    objects = models.Manager()
"""

TEXT_KEY_USER = """
from django.contrib.auth.models import AbstractUser


class Member(AbstractUser):
    username = models.CharField(max_length=150, primary_key=True)
"""

OWN_BACKEND = """
AUTHENTICATION_BACKENDS = ["site_backend.Backend"]
"""

BACKEND = """
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User


class Backend(BaseBackend):
    '''Rights for each object, as django-guardian gives them; nobody has any by a group.'''

    def get_user(self, pk):
        return User.objects.filter(pk=pk).first()

    def has_perm(self, user, perm, obj=None):
        return user.username in ("boss", "editor")

    def has_module_perms(self, user, app_label):
        return True
"""


def named_in_the_history(walk):
    """B12. ``--by`` finds somebody by the field that they log in with, whatever the manager."""
    from django.contrib.auth import get_user_model

    name = walk.editor.get_username()
    walk.run("trackadmin", "publish", "--note", "By name.", "--by", name)
    assert name in walk.run("trackadmin", "versions").splitlines()[0]
    walk.run("trackadmin", "rollback", "1", "--note", "By name.", "--by", name)
    with pytest.raises(CommandError, match="There is no user"):
        walk.run("trackadmin", "publish", "--note", "x", "--by", "nobody@example.com")
    get_user_model()._default_manager.filter(pk=walk.editor.pk).delete()
    walk.run("trackadmin", "versions")
    if "shop.Member" in str(get_user_model()._meta.label):
        from django.core.checks import run_checks

        said = [str(m) for m in run_checks() if m.id == "trackadmin.W053"]
        assert all("uses shop.Member in place of" in each for each in said), said


def children_can_be_chosen(walk):
    """B7. The form of a tracked model offers the children, and the map's page names no fault."""
    from trackadmin.models import TrackedModel

    row = TrackedModel.objects.get(prefix="Order")
    browser = walk.client(walk.boss)
    form = walk.get(browser, walk.address("trackadmin_trackedmodel_change", row.pk))
    assert "OnlineShop.Customer" in form, form
    assert "Add that model to the map first" not in form
    found = walk.run("trackadmin", "flatten", "OnlineShop.Order", str(walk.order.pk))
    assert '"Country_code": "DE"' in found


SITES = [
    Site(
        name="capital_label",
        about="an app label with capital letters",
        settings=CAPITAL_SETTINGS,
        apps=("OnlineShop",),
        files={"shop/apps.py": CAPITAL},
        after=children_can_be_chosen,
        postgresql=True,
    ),
    Site(
        name="email_user",
        about="a user model of one's own: e-mail as name, UUID as key, a plain `Manager`",
        settings=EMAIL_SETTINGS,
        warnings=("W053",),
        models=EMAIL_USER,
        after=named_in_the_history,
        postgresql=True,
    ),
    Site(
        name="text_key_user",
        about="a user model with a text as key",
        settings='AUTH_USER_MODEL = "shop.Member"',
        models=TEXT_KEY_USER,
        after=named_in_the_history,
    ),
    Site(
        name="own_backend",
        about="rights from a backend of one's own (as with django-guardian)",
        settings=OWN_BACKEND,
        files={"site_backend.py": BACKEND},
    ),
]
