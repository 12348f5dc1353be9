"""The site as the template makes it: what every other site is compared with."""

from tests.sites.site import Site

SITES = [Site(name="plain", about="Django's own defaults, with the theme", postgresql=True)]
