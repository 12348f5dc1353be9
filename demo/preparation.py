"""Makes the demo ready: tables, data, and the demo map as version 1. Safe to run again."""

from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command

from demo.models import BuyerProfile
from trackadmin.catalog import catalog
from trackadmin.document import read_map_file
from trackadmin.editing import import_document, publish
from trackadmin.models import TrackingMap

FOLDER = Path(__file__).resolve().parent.parent / "fixtures"
FIXTURES = [FOLDER / f"{name}.json" for name in ("people", "shop", "theme")]
MAP_FILE = FOLDER / "demo_map.json"


def prepare() -> list[str]:
    """Do what is still to do; gives a line for each thing that was done."""
    call_command("migrate", verbosity=0, interactive=False)
    done = []
    if load_data():
        done.append("Loaded the shop's data.")
    if publish_map():
        done.append("Published the demo map as version 1.")
    return done


def load_data() -> bool:
    """Load the fixtures into an empty database; whether they were loaded."""
    if get_user_model().objects.exists() or BuyerProfile.objects.exists():
        return False
    call_command("loaddata", *FIXTURES, verbosity=0)
    return True


def publish_map() -> bool:
    """Import and publish the demo map if nothing was published yet; whether it was."""
    tracking_map = TrackingMap.objects.get(slug="default")
    if tracking_map.versions.exists():
        return False
    document = read_map_file(MAP_FILE.read_text(encoding="utf-8"), catalog().find)
    author = get_user_model().objects.filter(username="admin").first()
    import_document(tracking_map, document, by=author)
    publish(tracking_map, by=author, note="The demo map.")
    return True
