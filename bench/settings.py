"""The host site of the bench: the demo's models, and the apps it is measured beside."""

import os

from tests.settings import *  # noqa: F403 - the bench runs where the tests run
from tests.settings import INSTALLED_APPS as TEST_APPS
from tests.settings import database as test_database

DATABASES = {"default": test_database("default")}
# As in production: a connection outlives the request.
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASE_ROUTERS = []
INSTALLED_APPS = [
    *(app for app in TEST_APPS if not app.startswith("tests.")),
    "tests.wide",
    "constance",
    "waffle",
    "rest_framework",
]
ROOT_URLCONF = "bench.urls"
CONSTANCE_BACKEND = "constance.backends.memory.MemoryBackend"
CONSTANCE_CONFIG = {"BENCH": (1, "A setting to read.")}
TRACKADMIN = {"STRICT": False}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
ALLOWED_HOSTS = ["*"]
# As "startproject" writes it.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# A served bench writes its events to nowhere: the disk is not what is measured.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "loggers": {
        "trackadmin.events": {"handlers": ["nowhere"], "propagate": False, "level": "INFO"}
    },
}
if os.environ.get("BENCH_DATABASE_NAME"):
    DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE_NAME"]
if os.environ.get("BENCH_ACCEPTING"):
    TRACKADMIN["SINKS"] = {"nowhere": {"BACKEND": "bench.accepting.Nowhere"}}
if os.environ.get("BENCH_UNPREPARED"):
    DATABASES["default"]["OPTIONS"] = {"prepare_threshold": None}
