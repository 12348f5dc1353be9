"""Sites with other settings of Django's own."""

from tests.sites.site import Site

LOGIN_REQUIRED = """
MIDDLEWARE = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
"""

GERMAN = """
LANGUAGE_CODE = "de"
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = "Europe/Berlin"
"""

CSP = """
def policy(get_response):
    def middleware(request):
        response = get_response(request)
        response.headers["Content-Security-Policy"] = "default-src 'self'; img-src 'self' data:"
        return response

    return middleware


MIDDLEWARE = ["site_settings.policy", *MIDDLEWARE]
"""

STORAGES = """
STATIC_ROOT = BASE_DIR / "collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}
"""

CACHED = """
TEMPLATES[0]["APP_DIRS"] = False
TEMPLATES[0]["OPTIONS"]["loaders"] = [
    (
        "django.template.loaders.cached.Loader",
        [
            "django.template.loaders.filesystem.Loader",
            "django.template.loaders.app_directories.Loader",
        ],
    )
]
"""


def collect_static(walk):
    walk.run("collectstatic", interactive=False)


def the_right_time(walk):
    """B3. Undo's comment and the list of versions tell UTC, also where the database has no zone."""
    from datetime import UTC, datetime, timedelta

    from reversion.models import Revision

    from trackadmin.models import MapVersion

    now = datetime.now(UTC)
    minutes = {(now - timedelta(minutes=back)).strftime("%Y-%m-%d %H:%M") for back in range(3)}
    comment = Revision.objects.get(comment__startswith="Restored as it was").comment
    assert any(f"as it was on {minute} UTC" in comment for minute in minutes), comment
    newest = walk.run("trackadmin", "versions").splitlines()[0]
    assert any(f"  {minute}" in newest for minute in minutes), newest
    listed = walk.client(walk.boss).get(walk.address("trackadmin_trackingmap_changelist"))
    today = MapVersion.objects.first().created_at
    assert str(today.year) in listed.content.decode()


SITES = [
    Site(
        name="german",
        about="`USE_THOUSAND_SEPARATOR` with German",
        settings=GERMAN,
    ),
    Site(name="debug", about="`DEBUG = True`", settings="DEBUG = True"),
    Site(
        name="no_time_zones",
        about="`USE_TZ = False`, another `TIME_ZONE`",
        settings='USE_TZ = False\nTIME_ZONE = "America/New_York"',
        postgresql=True,
        values={"Order_placed": "2026-03-01T10:30:00"},
        after=the_right_time,
    ),
    Site(
        name="other_time_zone",
        about="another `TIME_ZONE`",
        settings='TIME_ZONE = "Asia/Kathmandu"',
        postgresql=True,
        after=the_right_time,
    ),
    Site(
        name="database_time_zone",
        about="a `TIME_ZONE` of the database's own",
        settings='DATABASES["default"]["TIME_ZONE"] = "America/New_York"',
        after=the_right_time,
        postgresql=True,
    ),
    Site(
        name="right_to_left",
        about="a language from right to left",
        settings='LANGUAGE_CODE = "fa"\nUSE_THOUSAND_SEPARATOR = True',
    ),
    Site(name="no_translation", about="`USE_I18N = False`", settings="USE_I18N = False"),
    Site(
        name="atomic_requests",
        about="`ATOMIC_REQUESTS`",
        settings='DATABASES["default"]["ATOMIC_REQUESTS"] = True',
        postgresql=True,
    ),
    Site(name="content_policy", about="a strict content security policy", settings=CSP),
    Site(
        name="hashed_static_files",
        about="`ManifestStaticFilesStorage`, `STORAGES`",
        settings=STORAGES,
        before=collect_static,
    ),
    Site(name="cached_templates", about="the cached template loader", settings=CACHED),
    Site(
        name="small_keys",
        about="`DEFAULT_AUTO_FIELD` of 32 bits",
        settings='DEFAULT_AUTO_FIELD = "django.db.models.AutoField"',
    ),
]
