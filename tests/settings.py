"""A host site for the tests: SQLite by default, PostgreSQL when tests.postgresql started one."""

import os
import tempfile
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
POSTGRESQL_PORT = os.environ.get("TRACKADMIN_TEST_POSTGRESQL_PORT")


def database(name):
    if POSTGRESQL_PORT:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": f"trackadmin_{name}",
            "USER": "trackadmin",
            "HOST": "127.0.0.1",
            "PORT": POSTGRESQL_PORT,
        }
    # A file and not memory, so that threads and processes of a test share it.
    path = Path(tempfile.gettempdir()) / f"trackadmin-tests-{os.getpid()}"
    path.mkdir(exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path / f"{name}.sqlite3",
        "TEST": {"NAME": path / f"test_{name}.sqlite3"},
    }


DATABASES = {"default": database("default"), "other": database("other")}
DATABASE_ROUTERS = ["tests.host.router.OtherRouter"]
SECRET_KEY = "only for tests"
DEBUG = False
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
MEDIA_ROOT = tempfile.gettempdir()
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # the admin interface's modals are frames of this site
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"trackadmin.events": {"level": "INFO"}},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [
    "admin_interface",
    "colorfield",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "reversion",
    "trackadmin",
    "demo",
    "tests.host",
    "tests.basket",
    "tests.wide",
    "tests.tenants",
    "tests.many",
    "tests.corners",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

TRACKADMIN = {"GUESSABLE_KEYS": "open"}  # the maps of the tests have such keys
