"""The numbers of the health view for Prometheus; needs the extra ``prometheus``."""

from __future__ import annotations

from importlib import import_module

from django.http import HttpResponse

from trackadmin.collect.watchers_door import for_watchers
from trackadmin.texts import gettext as _


@for_watchers
def metrics(map: str) -> HttpResponse:
    """The numbers in the text format of Prometheus; 501 if its library is not installed."""
    try:
        made = import_module("trackadmin.collect.prometheus_metrics")
    except ImportError:
        words = _("Install trackadmin with the extra: pip install 'trackadmin[prometheus]'.")
        return HttpResponse(str(words), status=501, content_type="text/plain; charset=utf-8")
    return HttpResponse(made.metrics_text(map), content_type=made.CONTENT_TYPE)
