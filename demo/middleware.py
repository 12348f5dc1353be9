"""What the demo adds to requests and answers: a strict policy, and the URL for the shop's panel."""

from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'"
)
#: The admin interface writes the theme's colours into its pages.
ADMIN_POLICY = POLICY + "; style-src 'self' 'unsafe-inline'"

#: The URL of the request under way. An event does not carry it: it holds what was looked for and
#: not found, too. The demo shows it to the one who sent it.
sent_url: ContextVar[str] = ContextVar("sent_url", default="")

GetResponse = Callable[[HttpRequest], HttpResponse]


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Forbid inline scripts; Django's own debug pages have some and go without the policy."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not (settings.DEBUG and response.status_code in (404, 500)):
            policy = ADMIN_POLICY if request.path.startswith("/admin/") else POLICY
            response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return middleware


def remember_url(get_response: GetResponse) -> GetResponse:
    """Keep the request's URL in ``sent_url`` while it is served."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = sent_url.set(request.get_full_path())
        try:
            return get_response(request)
        finally:
            sent_url.reset(token)

    return middleware
