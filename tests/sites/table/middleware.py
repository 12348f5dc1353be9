"""Sites whose middleware, sessions and servers differ."""

from tests.sites.site import Site

LOGIN_REQUIRED = """
MIDDLEWARE = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
LOGIN_URL = "/admin/login/"
"""

COOKIES = """
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
CSRF_USE_SESSIONS = True
APPEND_SLASH = False
"""

CACHED_PAGES = """
MIDDLEWARE = [
    "django.middleware.cache.UpdateCacheMiddleware",
    *MIDDLEWARE,
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
]
"""


def each_click_is_an_event(walk):
    """The answer of a tracking URL is never kept: the second click is an event as well."""
    from django.urls import reverse

    from tests.sites.sink import EVENTS

    EVENTS.clear()
    client = walk.client(None)
    for _ in range(2):
        assert client.get(reverse("trackadmin:collect") + "?action=again").status_code == 204
    assert [event["action"] for event in EVENTS] == ["again", "again"]


SITES = [
    Site(
        name="login_required",
        about="`LoginRequiredMiddleware`",
        settings=LOGIN_REQUIRED,
    ),
    Site(
        name="cookies",
        about="sessions and messages in cookies, `CSRF_USE_SESSIONS`, no `APPEND_SLASH`",
        settings=COOKIES,
    ),
    Site(
        name="cached_pages",
        about="the cache, gzip and conditional GET middleware around every page",
        settings=CACHED_PAGES,
        after=each_click_is_an_event,
    ),
]
