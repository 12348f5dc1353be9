"""Sites whose admin looks another way."""

from tests.sites.site import Site

NO_THEME = """
for app in ("admin_interface", "colorfield"):
    INSTALLED_APPS.remove(app)
"""

#: Its own templates do not bear another text for what is missing.
UNFOLD = (
    NO_THEME
    + """
INSTALLED_APPS = ["unfold", *INSTALLED_APPS]
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = ""
"""
)
JAZZMIN = NO_THEME + 'INSTALLED_APPS = ["jazzmin", *INSTALLED_APPS]\n'

BASE_SITE = """
{% extends "admin/base.html" %}
{% block title %}Our office{% endblock %}
{% block branding %}<h1 id="site-name">Our office</h1>{% endblock %}
"""

#: A base template from scratch: none of Django's styles, and few of its blocks.
BASE = """<!doctype html>
<html><head><title>{% block title %}{{ title }}{% endblock %}</title>
{% block extrastyle %}{% endblock %}{% block extrahead %}{% endblock %}</head>
<body class="{% block bodyclass %}{% endblock %}">
{% for each in messages %}<p>{{ each }}</p>{% endfor %}
<h1>{{ title }}</h1>
{% block content %}{% endblock %}
</body></html>
"""

ONLY_SITE = '{% extends "admin/base.html" %}'


def breadcrumbs(walk):
    """E13. The way back is on each page of ours, once, whatever blocks the admin's base has."""
    browser = walk.client(walk.boss)
    for page in ("change", "history", "publish", "versions", "preview", "compare"):
        text = walk.get(browser, walk.address(f"trackadmin_trackingmap_{page}", walk.map.pk))
        back = walk.address("trackadmin_trackingmap_changelist")
        shown = text.count(f'<a href="{back}">Tracking maps</a>')
        assert shown == 1, f"{page} shows the way back {shown} times"


def headings(walk):
    """E13. Each page of ours has a heading, also where the base leaves its place empty."""
    browser = walk.client(walk.boss)
    text = walk.get(browser, walk.address("trackadmin_trackingmap_history", walk.map.pk))
    heads = text.partition("<body")[2].split("<h")[1:]
    assert any(each.partition(">")[2].strip().startswith("History") for each in heads), heads[:5]
    breadcrumbs(walk)


SITES = [
    Site(
        name="no_theme", about="without django-admin-interface", settings=NO_THEME, after=headings
    ),
    Site(
        name="own_base_site",
        about="a host's own `admin/base_site.html`",
        settings=NO_THEME,
        files={"templates/admin/base_site.html": BASE_SITE},
        after=headings,
    ),
    Site(
        name="own_base",
        about="a host's own `admin/base.html`, without Django's styles and most of its blocks",
        settings=NO_THEME,
        files={"templates/admin/base.html": BASE, "templates/admin/base_site.html": ONLY_SITE},
        after=headings,
    ),
    Site(
        name="unfold",
        about="django-unfold",
        settings=UNFOLD,
        packages=("django-unfold",),
        after=breadcrumbs,
    ),
    Site(
        name="jazzmin",
        about="django-jazzmin",
        settings=JAZZMIN,
        packages=("django-jazzmin",),
        after=headings,
    ),
]
