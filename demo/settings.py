"""Settings of the demo shop: fit for one machine and for showing, never for the open internet."""

import os
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO_DIR = BASE_DIR / "demo"

#: Where the demo writes; the tests point these elsewhere, so that your own data stays as it is.
DATABASE = os.environ.get("DEMO_DATABASE", "")
EVENTS_LOG = os.environ.get("DEMO_EVENTS_LOG", DEMO_DIR / "events.log")
#: What the demo's remote sink writes: it stands for a warehouse that somebody else runs.
WAREHOUSE_FILE = os.environ.get("DEMO_WAREHOUSE_FILE") or str(
    Path(EVENTS_LOG).with_name("warehouse.ndjson")
)
#: Where another one writes files of lines, as a data team's storage would have them.
EVENT_FILES = Path(EVENTS_LOG).with_name("event-files")
POSTGRESQL_PORT = os.environ.get("TRACKADMIN_TEST_POSTGRESQL_PORT")


def database() -> dict[str, Any]:
    """SQLite in a file, or the PostgreSQL server that ``tests.postgresql`` started."""
    if POSTGRESQL_PORT:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE or "trackadmin_default",
            "USER": "trackadmin",
            "HOST": "127.0.0.1",
            "PORT": POSTGRESQL_PORT,
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE or DEMO_DIR / "db.sqlite3",
        "OPTIONS": {"timeout": 20},  # seconds; a click may wait while an editor publishes
    }


DATABASES = {"default": database()}
DEBUG = os.environ.get("DEMO_DEBUG", "1") == "1"
SECRET_KEY = "demo-only: everybody can read this key, so a real site must not use it"  # noqa: S105
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "demo.urls"
WSGI_APPLICATION = "demo.wsgi.application"
ASGI_APPLICATION = "demo.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DEMO_DIR / "static-collected"
MEDIA_ROOT = DEMO_DIR / "media"
LOGIN_URL = "admin:login"

# The admin interface opens related objects in frames of this very site.
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = ["security.W019"]

INSTALLED_APPS = [
    "admin_interface",  # these before the admin: its theme, and the link “What is tracked”
    "colorfield",
    "trackadmin",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "reversion",
    "demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "demo.middleware.content_security_policy",
    "demo.middleware.remember_url",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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

TRACKADMIN = {
    "MODELS": ["demo", "auth.User"],
    "EXCLUDE": ["demo.TrackedEvent"],  # what the shop keeps for its own page
    # The product team may publish any map here: the shop goes on and the console says why.
    "STRICT": False,
    "GUESSABLE_KEYS": "open",  # nobody but you can reach this shop
    "SINKS": {
        # One JSON object per line: see LOGGING below.
        "log": {"BACKEND": "trackadmin.sinks.log.LogSink", "PERSONAL": True},
        # What the shop's own page shows.
        "shop": {"BACKEND": "demo.sinks.TableSink", "PERSONAL": True},
        # The events in the admin.
        "table": {"BACKEND": "trackadmin.sinks.table.TableSink", "PERSONAL": True},
        # A worker of the demo delivers to it; it may not have personal values.
        "warehouse": {
            "BACKEND": "demo.sinks.WarehouseSink",
            "OPTIONS": {"path": WAREHOUSE_FILE},
        },
        # Nor may this one; "manage.py trackadmin reconcile" counts what it holds.
        "files": {
            "BACKEND": "trackadmin.sinks.files.FilesSink",
            "OPTIONS": {"folder": str(EVENT_FILES), "rotate_seconds": 60},
        },
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(message)s"},
        "console": {"format": "%(levelname)s %(name)s: %(message)s"},
    },
    "filters": {
        # The page asks for news every second; the console should show other things.
        "no_polls": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: "GET /events.json" not in record.getMessage(),
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "console"},
        # One JSON object per line; the file is made with the first event.
        "events": {
            "class": "logging.FileHandler",
            "filename": EVENTS_LOG,
            "encoding": "utf-8",
            "delay": True,
            "formatter": "line",
        },
    },
    "loggers": {
        "django.server": {"filters": ["no_polls"]},
        "trackadmin": {"handlers": ["console"], "level": "INFO"},
        "trackadmin.events": {"handlers": ["events"], "level": "INFO", "propagate": False},
    },
}
