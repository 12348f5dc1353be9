"""Sends a strict Content-Security-Policy: nothing of trackadmin needs an inline script."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
#: The admin interface writes the theme's colours into its pages.
ADMIN_POLICY = POLICY + "; style-src 'self' 'unsafe-inline'"

GetResponse = Callable[[HttpRequest], HttpResponse]


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """The middleware; Django's own debug pages keep their inline scripts and go without."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not (settings.DEBUG and response.status_code in (404, 500)):
            policy = ADMIN_POLICY if request.path.startswith("/admin/") else POLICY
            response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return middleware
