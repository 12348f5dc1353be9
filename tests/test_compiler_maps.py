"""Maps that nobody thought of: whatever is published, compiled and oracle agree."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.host.models import Order
from tests.maps import attribute, document, tracked
from tests.test_compiler_flatten import addresses, people, same_as_oracle
from trackadmin.catalog import catalog
from trackadmin.compiler import check, compile_map
from trackadmin.document import validate

ATTRIBUTES = {
    "host.order": ["number", "person_id", "billing_address"],
    "host.address": ["street", "country_id"],
    "host.country": ["code", "name"],
    "host.person": ["id", "name", "user_id", "boss"],
    "host.profile": ["nickname", "person_id"],
    "auth.user": ["id", "username", "is_staff", "date_joined"],
}
CHILDREN = {
    "host.order": {
        "person": "host.person",
        "billing_address": "host.address",
        "shipping_address": "host.address",
    },
    "host.address": {"country": "host.country"},
    "host.person": {"profile": "host.profile", "boss": "host.person", "user": "auth.user"},
    "host.profile": {"person": "host.person"},
}
PREFIXES = st.sampled_from(["", "", "One", "Two", "Three", "Four_five"])


@st.composite
def maps(draw):
    """Any models, any of their attributes and children, under any names and prefixes."""
    labels = draw(st.permutations(list(ATTRIBUTES)))
    labels = ["host.order", *[each for each in labels if each != "host.order"]]
    labels = labels[: draw(st.integers(2, len(labels)))]
    return document(
        **{
            draw(st.sampled_from([label.split(".")[1].title(), f"My_{number}"])): tracked(
                label, draw(attributes(label)), draw(children(label, labels))
            )
            for number, label in enumerate(labels)
        }
    )


@st.composite
def attributes(draw, label):
    sources = draw(st.lists(st.sampled_from(ATTRIBUTES[label]), unique=True))
    privacies = st.sampled_from(["none", "sent", "pseudonymised", "dropped"])
    decisions = st.sampled_from(["tracked", "tracked", "tracked", "ignored"])
    return [
        (
            draw(st.sampled_from([source, f"as_{source}"])),
            attribute(source, privacy=draw(privacies), decision=draw(decisions)),
        )
        for source in sources
    ]


@st.composite
def children(draw, label, labels):
    usable = [a for a, target in CHILDREN.get(label, {}).items() if target in labels]
    if not usable:
        return []
    chosen = draw(st.lists(st.sampled_from(usable), unique=True))
    return [(accessor, draw(PREFIXES), draw(st.booleans())) for accessor in chosen]


@pytest.mark.torture
@settings(
    max_examples=oracle.cases(300),
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(
    tracking_map=maps(),
    person=st.none() | people(1),
    bill=addresses,
    ship=addresses,
    prefix=st.sampled_from(["", "", "keyword"]),
)
def test_any_map_without_errors_yields_what_the_oracle_says(
    tracking_map, person, bill, ship, prefix
):
    assume(not [p for p in check(tracking_map, catalog()) if p.level == "error"])
    snapshot = compile_map(tracking_map, catalog())
    order = Order(number="1", person=person, billing_address=bill, shipping_address=ship)
    same_as_oracle(snapshot, order, prefix)
    for name, compiled in snapshot.by_prefix.items():
        assert list(compiled.names) == oracle.names(tracking_map, name)


@settings(max_examples=200)
@given(tracking_map=maps())
def test_a_map_with_errors_compiles_too_and_no_name_comes_twice(tracking_map):
    """It may have become wrong when the host's code changed, while it was live."""
    snapshot = compile_map(tracking_map, catalog())
    assert [*validate(tracking_map), *snapshot.prove()] == check(tracking_map, catalog())
    for compiled in snapshot.by_prefix.values():
        assert len(set(compiled.names)) == len(compiled.names)
        values = compiled.flatten(compiled.model(), lambda *fault: None)
        assert tuple(values) == compiled.names
