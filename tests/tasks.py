"""A Celery worker of the demo shop: python -m celery -A tests.tasks worker."""

import os
import time

import django
from celery import Celery

from trackadmin.runtime import current_map, tracking_values

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.settings")
django.setup()
url = os.environ["TEST_REDIS"]
app = Celery("shop", broker=url, backend=url)
app.conf.broker_connection_retry_on_startup = True

from trackadmin.backfills import celery_backfill, range_claims, range_files, range_tasks  # noqa: E402 models need the set-up above

__all__ = ["celery_backfill"]

if "TEST_SLOWLY" in os.environ:
    # A worker that can be killed in the middle of a range, and its lease runs out soon.
    range_claims.LEASE_SECONDS, range_files.CHUNK = 1.5, 20
    renew_range = range_tasks.renew_range

    def slowly(claimed, rows):
        time.sleep(0.05)
        renew_range(claimed, rows)

    range_tasks.renew_range = slowly

# As a site whose code tracks while it is loaded: the worker's processes are forked with a map.
current_map()


@app.task
def order(number):
    """What a task tracks, by which version, and in which process."""
    from demo.models import CompanyAccount

    values = tracking_values(CompanyAccount.objects.get(name="The Demo Account"))
    return {"number": number, "pid": os.getpid(), "version": current_map().number, "values": values}
