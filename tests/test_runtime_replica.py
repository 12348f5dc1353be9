"""A3: a lagging replica and an emptied table, with two real databases and a router."""

from tests.test_runtime_processes import PUBLISHED, SITE, run

#: The site of test_runtime_processes, which reads from a copy of its database.
REPLICA = (
    SITE.replace(
        "settings.configure(",
        """
FOLDER = tempfile.mkdtemp()
def file(name):
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(FOLDER, name)}
class Router:
    reads = "default"
    def db_for_read(self, model, **hints):
        return Router.reads
    def db_for_write(self, model, **hints):
        return "default"
sys.modules["router_of_this_site"] = sys.modules["__main__"]
settings.configure(
    DATABASE_ROUTERS=["router_of_this_site.Router"],
""",
    ).replace(
        SITE[SITE.index("    DATABASES={") : SITE.index("    INSTALLED_APPS")],
        '    DATABASES={"default": file("default"), "replica": file("replica")},\n',
    )
    + PUBLISHED
    + """
import shutil
from trackadmin.runtime import current_map, fault_counts, tracking_values

def catch_up():
    connections.close_all()
    shutil.copy(os.path.join(FOLDER, "default"), os.path.join(FOLDER, "replica"))

def empty():
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM trackadmin_mapversion")
    connections.close_all()

def shown():
    return current_map().number, len(tracking_values(User(id=1)))

Router.reads = "replica"
catch_up()
"""
)


def test_replica_that_lags_takes_no_process_back():
    script = """
print(*shown())
old = open(os.path.join(FOLDER, "replica"), "rb").read()
publish(2, ["id", "username"])
print(*shown())
catch_up()
print(*shown())
connections.close_all()
open(os.path.join(FOLDER, "replica"), "wb").write(old)
for _ in range(10):
    print(*shown())
print("map.older" in fault_counts(), "map.reset" in fault_counts())
publish(3, ["id"])
print(*shown())
catch_up()
print(*shown())
"""
    lines = run(REPLICA + script)
    assert lines[:6] == ["1", "1", "1", "1", "2", "2"]
    assert lines[6:26] == ["2", "2"] * 10
    assert lines[26:28] == ["True", "False"]
    assert lines[28:30] in (["2", "2"], ["3", "1"]), "the writing database may be asked just then"
    assert lines[30:] == ["3", "1"]


def test_emptied_table_is_seen_through_a_replica():
    script = """
publish(2, ["id", "username"])
publish(3, ["id", "username", "email"])
catch_up()
print(*shown())
empty()
publish(1, ["id", "email"])
print(*shown())
catch_up()
print(*shown())
empty()
catch_up()
print(len(tracking_values(User(id=1))))
publish(1, ["id"])
catch_up()
print(*shown())
"""
    assert run(REPLICA + script) == ["3", "3", "3", "3", "1", "2", "0", "1", "1"]
