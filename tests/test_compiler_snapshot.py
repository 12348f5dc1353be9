"""A snapshot: the compiled model of an object, and what the snapshot says as a whole."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.test.utils import isolate_apps
from django.utils.functional import SimpleLazyObject

from tests.host.models import Address, Country, Person, Place, PlaceProxy, Restaurant
from tests.maps import EXAMPLE, HOST, attribute, document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.costs import Cost, CostCode
from trackadmin.compiler.model import MAX_RENAMED
from trackadmin.document import from_dict
from trackadmin.exceptions import DocumentError


@pytest.fixture
def host():
    return compile_map(HOST, catalog(), slug="shop", number=7, digest="abc")


def test_it_says_which_version_it_is(host):
    assert (host.slug, host.number, host.digest, host.document) == ("shop", 7, "abc", HOST)
    assert "shop" in repr(host)
    assert "7" in repr(host)


def test_instances_classes_and_lazy_objects_find_their_model(host):
    for what in (Country, Country(), SimpleLazyObject(Country)):
        assert host.find(what) is host.by_prefix["Country"]


def test_a_descendant_is_found_as_its_nearest_tracked_ancestor(host):
    assert host.find(PlaceProxy).prefix == "Place"
    assert host.find(PlaceProxy).model is PlaceProxy
    assert host.find(Restaurant) is host.by_prefix["Restaurant"]
    only_place = compile_map(document(Place=HOST.models["Place"]), catalog())
    assert only_place.find(Restaurant).prefix == "Place"
    only_proxy = compile_map(document(P=tracked("host.placeproxy", ["loud_name"])), catalog())
    assert only_proxy.find(PlaceProxy).prefix == "P"
    assert only_proxy.find(Place) is None


def test_a_proxy_of_its_own_gives_what_it_is_tracked_for():
    snapshot = compile_map(document(P=tracked("host.placeproxy", ["name", "loud_name"])), catalog())
    values = snapshot.find(PlaceProxy).flatten(PlaceProxy(name="Inn"), pytest.fail)
    assert values == {"P_name": "Inn", "P_loud_name": "INN"}


@pytest.mark.parametrize(
    "what", [None, 1, "Country", object(), int, AnonymousUser(), SimpleLazyObject(AnonymousUser)]
)
def test_what_is_not_tracked_is_not_found(host, what):
    assert host.find(what) is None


def test_a_lazy_object_that_fails_says_so(host):
    """So that a caller can tell it from an object that is not tracked."""

    def fail():
        raise RuntimeError("no user today")

    with pytest.raises(RuntimeError, match="no user today"):
        host.find(SimpleLazyObject(fail))


def test_a_relation_to_an_untracked_descendant_comes_along_as_its_ancestor():
    """The nearest tracked ancestor of the related class decides what comes."""
    snapshot = compile_map(
        document(
            Place=tracked("host.place", ["name"], [("restaurant", "Inside")]),
        ),
        catalog(),
    )
    restaurant = Restaurant(name="Inn")
    place = Place(name="Inn")
    place._state.fields_cache["restaurant"] = restaurant
    values = snapshot.find(place).flatten(place, pytest.fail)
    assert values == {"Place_name": "Inn", "Inside_name": "Inn"}


@isolate_apps("tests.host")
def test_classes_made_later_are_found_and_kept(host):
    class Later(Country):
        class Meta:
            proxy = True
            app_label = "host"

    assert host.find(Later) is host.find(Later()) is host.find(Later)
    assert host.find(Later).prefix == "Country"


@isolate_apps("tests.host")
def test_an_abstract_parent_changes_nothing(host):
    class Mixin(models.Model):
        class Meta:
            abstract = True
            app_label = "host"

    class Mixed(Mixin, Place):
        class Meta:
            app_label = "host"

    assert host.find(Mixed).prefix == "Place"


def test_as_dict_is_the_form_that_people_write():
    assert compile_map(EXAMPLE, catalog()).as_dict() == {
        "BuyerProfile": {
            "model": "demo.BuyerProfile",
            "attributes": ["uuid", "ctime"],
            "children": ["user"],
            "key": "uuid",
        },
        "User": {
            "model": "auth.User",
            "attributes": [
                "id",
                "first_name",
                "last_name",
                "email",
                "is_staff",
                "is_active",
                "is_superuser",
                "username",
            ],
            "children": [],
            "key": "id",
        },
        "CompanyAccount": {
            "model": "demo.CompanyAccount",
            "attributes": ["name", "is_demo"],
            "children": [],
            "key": "name",
        },
    }


def test_as_dict_compiles_to_the_same_code(host):
    again = compile_map(from_dict(host.as_dict(), catalog().find), catalog())
    assert again.source == host.source


def test_as_dict_of_a_map_with_drift_still_names_what_is_gone():
    drifted = document(Ghost=tracked("host.ghost", ["name"]))
    assert compile_map(drifted, catalog()).as_dict()["Ghost"]["model"] == "host.ghost"


@pytest.mark.parametrize("code", CostCode)
def test_each_cost_has_a_sentence(code):
    text = str(Cost(code, "Order.buyer"))
    assert "Order.buyer" in text
    assert text.endswith(".")


def test_the_source_of_all_models_is_one_text(host):
    for compiled in host.by_prefix.values():
        assert compiled.source in host.source


def test_what_may_cost_queries_is_told_in_words(host):
    """``double`` is read once for its two names."""
    assert host.by_prefix["Everything"].costs == tuple(
        Cost(CostCode.COMPUTED, f"Everything_{name}") for name in ("shout", "double")
    )
    (cost,) = host.by_prefix["Address"].costs
    assert cost == Cost(CostCode.NOT_LOADED, "Address.country")
    assert str(cost) == "Address.country costs a query where it is not loaded yet."
    assert host.by_prefix["Country"].costs == ()
    assert host.by_prefix["Address"].related == ("country",)


def test_a_document_that_could_not_have_been_published_is_refused():
    twice = document(A=tracked("host.country", ["code"]), B=tracked("host.country", ["code"]))
    with pytest.raises(DocumentError) as caught:
        compile_map(twice, catalog())
    assert [problem.code for problem in caught.value.problems] == ["model.twice"]


def test_only_so_many_keywords_are_kept_compiled(host):
    country = host.by_prefix["Country"]
    first = country.renamed("first")
    for number in range(MAX_RENAMED):
        country.renamed(f"keyword{number}")
    assert country.renamed("first") is not first
    assert country.renamed("first").names == first.names


def test_a_renamed_descendant_is_still_read_as_what_it_is(host):
    renamed = host.find(PlaceProxy).renamed("inn")
    assert renamed.model is PlaceProxy
    assert renamed.names[0] == "inn_name"


def test_by_prefix_is_a_mapping_of_what_the_host_offers(host):
    assert list(host.by_prefix) == list(HOST.models)
    assert len(host.by_prefix) == len(HOST.models)
    assert "Nothing" not in host.by_prefix
    assert host.by_prefix["User"].model is User
    assert host.by_prefix["Person"].model is Person
    assert host.by_prefix["Address"].model is Address


def test_the_default_names_of_an_attribute_and_of_its_source_are_two_things():
    snapshot = compile_map(
        document(Country=tracked("host.country", [("iso", attribute("code"))], key="iso")),
        catalog(),
    )
    assert snapshot.by_prefix["Country"].names == ("Country_iso",)
    assert snapshot.lookup("Country__iso").source == "code"
    assert snapshot.lookup("Country__code") is None
