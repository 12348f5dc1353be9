"""Who may open which page, for docs/roles.md. ``python -m tests.roles`` writes it.

Each cell is what the real address answered to somebody of that role, behind the site's log-in.
Only what a page does once it is open is left out: whether it opens is decided before.
"""

from pathlib import Path
from unittest import mock

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.http import HttpResponse, HttpResponseNotAllowed
from django.test import Client
from django.urls import get_resolver
from django.views.generic import View

from tests import screens
from trackadmin import editing

PAGE = Path(__file__).parent.parent / "docs" / "roles.md"

HEAD = """# Roles

Who may do what in the admin. Everything is a permission of Django, so give it to groups and users
as you give all others. Two groups come with trackadmin:

    python manage.py loaddata trackadmin_groups

`Tracking editors` edit, and ask for reviews. `Tracking publishers` also review, publish and roll
back. Change both groups as you like; loading them again sets them back.

| what | permission (`trackadmin.…`) |
| --- | --- |
| View maps, versions, history, usage | `view_trackingmap` (needed for all below) |
| Edit | `change_trackingmap`; `add_`, `change_`, `delete_` of `trackedmodel`, `trackedaction` |
| Replace the whole draft | `change_trackedmodel` and `change_trackedaction` |
| Preview, effect, profile | `view_trackingmap`, and your own permissions to view the objects |
| See personal values where objects are summed up | `view_personal_values` |
| Ask for a review, comment | any permission to change |
| Review: approve, ask for changes | `review_trackingmap`; also comment |
| Publish | `publish_trackingmap`; also roll back |
| Roll back | `roll_back_trackingmap` or `publish_trackingmap` |
| Override: publish or roll back without approvals | also `override_review` |
| See deliveries, retry and discard | `view_delivery`, `change_delivery` |

Who may not view an order in your admin sees nothing of it in a preview either. How many approvals a
publish needs is the setting [REVIEWS](settings.md#reviews).

Whoever could roll back before there was a permission for it still can: they may publish.

## Every address

What each role may send to each address of the admin, where `…` is `/admin/trackadmin`. *Reader*
has the permissions to view and no other, *Reviewer* and *Rolls back* have that one beside them,
*Staff* has none. Nobody who is not logged in gets anything but the log-in.

This table is made by `python -m tests.roles`, which asks each address as each role. A test does the
same and compares.
"""

VIEWS = ("view_trackingmap", "view_trackedmodel", "view_trackedaction", "view_mapversion")


def of_group(name):
    def made():
        user = screens.person()
        user.groups.add(Group.objects.get(name=name))
        return user

    return made


#: What each role is called, and how somebody of it comes about; ``None`` for nobody.
ROLES = {
    "not logged in": lambda: None,
    "Staff": screens.person,
    "Reader": lambda: screens.person(*VIEWS),
    "Editor": of_group("Tracking editors"),
    "Reviewer": lambda: screens.person(*VIEWS, "review_trackingmap"),
    "Rolls back": lambda: screens.person(*VIEWS, "roll_back_trackingmap"),
    "Publisher": of_group("Tracking publishers"),
    "Superuser": lambda: User.objects.create_superuser("super"),
}


def addresses():
    """By the pattern of each address of the admin, a real one."""
    row = screens.published_example()
    screens.edit(row, "User", owner="Accounts team", key="")
    editing.delete_tracked_model(row.tracked_models.get(prefix="CompanyAccount"))
    names = {f"trackadmin_{name}": address for name, address in screens.pages_of(row).items()}
    return {pattern_of(name): address for name, address in names.items()}


def pattern_of(name):
    """The address with ``<name>`` where its numbers stand."""
    namespace = get_resolver().namespace_dict["admin"][1]
    ((pattern, _parameters),) = namespace.reverse_dict.getlist(name)[0][0]
    shown = pattern.replace("%(", "<").replace(")s", ">")
    return shown.removeprefix("trackadmin/")


def opened(self, request, *args, **kwargs):
    """In place of what a page does: only whether it has an answer to this method."""
    method = request.method.lower()
    known = method in self.http_method_names and hasattr(self, method)
    return HttpResponse("open") if known else HttpResponseNotAllowed([])


def cell(client, address):
    """The methods that this address answers."""
    answers = {method: getattr(client, method)(address) for method in ("get", "post")}
    legal = {200, 302, 403, 405}
    assert {each.status_code for each in answers.values()} <= legal, (address, answers)
    return " ".join(
        method.upper()
        for method, each in answers.items()
        if each.status_code == 200 or (each.status_code == 302 and "/login/" not in each.url)
    )


def matrix():
    """By address, what each role may send to it."""
    call_command("loaddata", "trackadmin_groups", verbosity=0)
    known = addresses()
    found = {pattern: [] for pattern in known}
    for made in ROLES.values():
        client, user = Client(), made()
        if user is not None:
            client.force_login(user)
        with mock.patch.object(View, "dispatch", opened):
            for pattern, address in known.items():
                found[pattern].append(cell(client, address))
    return found


def page():
    """The text of docs/roles.md."""
    lines = ["| address | " + " | ".join(ROLES) + " |", "| --- " * (len(ROLES) + 1) + "|"]
    for pattern, cells in sorted(matrix().items()):
        shown = " | ".join(each or "–" for each in cells)
        lines.append(f"| `…/{pattern}` | {shown} |")
    return "\n".join([HEAD, *lines]) + "\n"
