"""Sites that use django-reversion themselves."""

from tests.sites.site import Site

MIDDLEWARE = """
MIDDLEWARE = [*MIDDLEWARE, "reversion.middleware.RevisionMiddleware"]
"""

IMMEDIATE = """
MIDDLEWARE = [*MIDDLEWARE, "reversion.middleware.RevisionMiddleware"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
"""

NOT_ATOMIC = """
from reversion.middleware import RevisionMiddleware


class Revisions(RevisionMiddleware):
    atomic = False
"""

RECEIVER = """
from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shop"
    heard = []

    def ready(self):
        import reversion
        from reversion.signals import post_revision_commit, pre_revision_commit

        def receive(revision, **kwargs):
            self.heard.append(reversion.get_comment())

        pre_revision_commit.connect(receive, weak=False)
        post_revision_commit.connect(receive, weak=False)
"""


def heard_of_each_edit(walk):
    """B9. The host's receivers asked reversion for the comment, and were told ours."""
    from django.apps import apps

    heard = apps.get_app_config("shop").heard
    assert "Deleted Passing." in heard, heard


def parallel_saves(walk):
    """B13. Editors who save at the same time all succeed."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    def add(number):
        try:
            browser = walk.client(walk.boss)
            slug = f"map-{number}"
            walk._submit(browser, "trackingmap_add", slug=slug, name=slug)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))


SITES = [
    Site(
        name="revision_middleware",
        about="reversion's `RevisionMiddleware`",
        settings=MIDDLEWARE,
        warnings=("W054",),
    ),
    Site(
        name="revision_middleware_immediate",
        about="reversion's `RevisionMiddleware`, SQLite with `transaction_mode`",
        settings=IMMEDIATE,
        after=parallel_saves,
        postgresql=True,
    ),
    Site(
        name="revision_middleware_not_atomic",
        about="reversion's `RevisionMiddleware` with `atomic = False`",
        settings='MIDDLEWARE = [*MIDDLEWARE, "site_middleware.Revisions"]',
        files={"site_middleware.py": NOT_ATOMIC},
        after=parallel_saves,
    ),
    Site(
        name="revision_receiver",
        about="receivers of reversion's signals",
        files={"shop/apps.py": RECEIVER},
        after=heard_of_each_edit,
    ),
]
