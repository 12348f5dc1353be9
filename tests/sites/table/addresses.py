"""Sites whose pages lie at other addresses."""

from tests.sites.site import Site

SEVERAL_ADMINS = """
from django.contrib import admin

from shop import models
from trackadmin.admin import registry
from trackadmin.models import MapVersion, TrackedAction, TrackedModel, TrackingMap

admin.site.register([models.Country, models.Customer])


@admin.register(models.Order)
class OrderAdmin(admin.ModelAdmin):
    search_fields = ["number"]


office = admin.AdminSite(name="office")
office.register(TrackingMap, registry.TrackingMapAdmin)
office.register(TrackedModel, registry.TrackedModelAdmin)
office.register(MapVersion, registry.MapVersionAdmin)
office.register(models.Order, OrderAdmin)
"""
#: Without it, as a site did it before maps had actions, there are no pages of single actions.
WITH_ACTIONS = """
office.register(TrackedAction, registry.TrackedActionAdmin)
"""

IN_A_LANGUAGE = """
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("t/", include("trackadmin.collect.urls")),
    *i18n_patterns(path("admin/", admin.site.urls)),
]
"""

ALL_IN_A_LANGUAGE = """
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = i18n_patterns(
    path("t/", include("trackadmin.collect.urls")),
    path("admin/", admin.site.urls),
)
"""

BY_HOST = """
def by_host(get_response):
    def middleware(request):
        if request.get_host() == "office.example":
            request.urlconf = "office_urls"
        return get_response(request)

    return middleware


MIDDLEWARE = ["site_settings.by_host", *MIDDLEWARE]
"""

OFFICE = """
from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
"""

SHOP = """
from django.urls import include, path

urlpatterns = [path("t/", include("trackadmin.collect.urls"))]
"""

TWO_ADMINS = """
from django.contrib import admin
from django.urls import include, path

from shop.admin import office

urlpatterns = [
    path("admin/", admin.site.urls),
    path("office/", office.urls),
    path("t/", include("trackadmin.collect.urls")),
]
"""

OUR_SITE = """
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class OurSite(AdminSite):
    site_header = "Our office"
    enable_nav_sidebar = False

    def has_permission(self, request):
        return request.user.is_active and request.user.is_authenticated


class OurConfig(AdminConfig):
    default_site = "office.OurSite"
"""

DEFAULT_SITE = """
INSTALLED_APPS[INSTALLED_APPS.index("django.contrib.admin")] = "office.OurConfig"
"""

ONLY_OFFICE = """
from django.urls import include, path

from shop.admin import office

urlpatterns = [
    path("back/office/", office.urls),
    path("t/", include("trackadmin.collect.urls")),
]
"""

SITES = [
    Site(
        name="own_admin_site",
        about="an `AdminSite` of one's own as the default",
        settings=DEFAULT_SITE,
        files={"office.py": OUR_SITE},
    ),
    Site(
        name="only_office",
        about="an `AdminSite` of another name, and no default one",
        urls=ONLY_OFFICE,
        files={"shop/admin.py": SEVERAL_ADMINS + WITH_ACTIONS},
    ),
    Site(
        name="script_prefix",
        about="a script prefix (`FORCE_SCRIPT_NAME`)",
        settings='FORCE_SCRIPT_NAME = "/portal"',
    ),
    Site(
        name="language_in_address",
        about="`i18n_patterns` around the admin",
        settings='LANGUAGE_CODE = "de"',
        urls=IN_A_LANGUAGE,
    ),
    Site(
        name="all_in_a_language",
        about="`i18n_patterns` around everything",
        urls=ALL_IN_A_LANGUAGE,
    ),
    Site(
        name="two_admins",
        about="several admin sites",
        urls=TWO_ADMINS,
        files={"shop/admin.py": SEVERAL_ADMINS},
    ),
    Site(
        name="urlconf_by_host",
        about="another URLconf for each host name",
        settings=BY_HOST,
        urls=SHOP,
        files={"office_urls.py": OFFICE},
        admin_host="office.example",
        admin_urlconf="office_urls",
    ),
]
