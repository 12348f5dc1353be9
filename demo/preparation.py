"""Makes the demo ready: tables, data, and the demo map as version 1. Safe to run again."""

from dataclasses import replace
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management import call_command

from demo.models import BuyerProfile
from trackadmin.catalog import catalog
from trackadmin.codes import LintCode
from trackadmin.document import AggregateEntry, AttributeEntry, read_map_file
from trackadmin.editing import (
    ask_for_review,
    build_document,
    import_document,
    publish,
    save_tracked_model,
    waive,
)
from trackadmin.models import TrackingMap

FOLDER = Path(__file__).resolve().parent.parent / "fixtures"
FIXTURES = ["trackadmin_groups", *(FOLDER / f"{name}.json" for name in ("people", "shop", "theme"))]
#: Who publishes, and who edits.
TEAM = ("product", "editor")
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
    people = get_user_model().objects
    author = people.filter(username="admin").first()
    import_document(tracking_map, document, by=author)
    publish(tracking_map, by=author, note="The demo map.")
    leave_work(tracking_map, *(people.filter(username=name).first() for name in TEAM))
    return True


def leave_work(
    tracking_map: TrackingMap, by: AbstractBaseUser | None, editor: AbstractBaseUser | None
) -> None:
    """What the product team has on its desk: a waiver, and two changes of a colleague that wait,
    with her request to review them.

    One name breaks the naming rule, so that the page Quality has something to mend.
    """
    reason = "The list is a standard. Nobody here is asked about it."
    waive(tracking_map, LintCode.OWNER, "Country", reason=reason, by=by)
    count = AggregateEntry("products", description="How many of its products the shop has.")
    number = AttributeEntry("id", description="Tells two addresses in one city apart.", position=9)
    draft = build_document(tracking_map).models
    address = draft["Address"]
    changed = {
        "Manufacturer": replace(draft["Manufacturer"], aggregates={"product_count": count}),
        "Address": replace(address, attributes={**address.attributes, "addressId": number}),
    }
    for prefix, entry in changed.items():
        row = tracking_map.tracked_models.get(prefix=prefix)
        save_tracked_model(tracking_map, prefix, entry, tracked_model=row, by=editor)
    words = "For the report on manufacturers. Is addressId a good name?"
    ask_for_review(tracking_map, by=editor, words=words)
