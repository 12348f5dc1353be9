"""A site with the packages of requirements-sites.txt whose fields are of kinds of their own."""

import os

SECRET_KEY = "tests"
SALT_KEY = "salt"
FIELD_ENCRYPTION_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
HASHID_FIELD_SALT = "salt"
DJANGO_HASHIDS_SALT = "salt"
USE_TZ = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "German")]
MODELTRANSLATION_DEFAULT_LANGUAGE = "en"
PHONENUMBER_DEFAULT_REGION = "GB"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "modeltranslation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "djmoney",
    "django_countries",
    "phonenumber_field",
    "polymorphic",
    "mptt",
    "treebeard",
    "encrypted_fields",
    "encrypted_model_fields",
    "hashid_field",
    "taggit",
    "reversion",
    "trackadmin",
    "tests.packages",
]
PORT = os.environ.get("TRACKADMIN_TEST_POSTGRESQL_PORT")
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
if PORT:
    DATABASES["default"] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "trackadmin_packages",
        "USER": "trackadmin",
        "HOST": "127.0.0.1",
        "PORT": PORT,
    }
