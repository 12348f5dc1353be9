"""Documents and data of every sort, for Hypothesis."""

from dataclasses import replace

from hypothesis import strategies as st

from trackadmin.document import (
    DECISIONS,
    PRIVACIES,
    SENT,
    TRACKED,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    why_not_a_name,
)

names = st.from_regex(r"\A[A-Za-z](_?[A-Za-z0-9]){0,8}\Z").filter(lambda n: not why_not_a_name(n))
few_names = st.sampled_from(["a", "b", "a_b", "c", "User", "User_a", "Order"])
labels = st.from_regex(r"\A[a-z_][a-z0-9_]{0,8}\.[a-z_][a-z0-9_]{0,8}\Z")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
positions = st.integers(0, 2**31 - 1)
attributes = st.builds(
    AttributeEntry,
    source=names,
    decision=st.sampled_from(DECISIONS),
    lookup=st.booleans(),
    privacy=st.sampled_from(PRIVACIES),
    description=texts,
    position=positions,
)
children = st.builds(
    ChildEntry, prefix=st.just("") | names, position=positions, alone=st.booleans()
)


def models(keys=names, positions=positions):
    """Tracked models; names may collide and keys may name nothing."""
    return st.builds(
        ModelEntry,
        model=labels,
        key=st.just("") | keys,
        owner=texts,
        description=texts,
        position=positions,
        attributes=st.dictionaries(keys, attributes, max_size=4),
        children=st.dictionaries(keys, children, max_size=3),
    )


#: Of sound shape and names; the model of an entry or the name of a key may be wrong all the same.
documents = st.builds(Document, st.dictionaries(names, models(), max_size=4))
#: Few names, so that two documents have some in common.
near_documents = st.builds(Document, st.dictionaries(few_names, models(few_names), max_size=3))


@st.composite
def sound_documents(draw):
    """Documents without an error, their positions counted from 0."""
    found = {}
    for place, prefix in enumerate(draw(st.lists(names, unique_by=str.lower, max_size=4))):
        # A position of its own in the prefix keeps the names of two models apart.
        prefix = f"{prefix}{place}x"
        own = draw(st.lists(names, unique=True, max_size=4))
        key = draw(st.sampled_from(["", *own]))
        entries = [draw(attributes) for _ in own]
        if key:
            entries[own.index(key)] = AttributeEntry("id", TRACKED, False, SENT)
        along = draw(st.lists(names, unique=True, max_size=3))
        found[prefix] = ModelEntry(
            f"host.model{place}",
            key,
            draw(texts),
            draw(texts),
            place,
            {
                name: AttributeEntry(
                    e.source,
                    e.decision,
                    e.lookup and e.decision == TRACKED and e.privacy not in PRIVACIES[3:],
                    e.privacy,
                    e.description,
                    number,
                )
                for number, (name, e) in enumerate(zip(own, entries, strict=True))
            },
            {name: replace(draw(children), position=number) for number, name in enumerate(along)},
        )
    return Document(found)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["uuid", "demo.User", "personal", "sent"])
)
keys = st.text(max_size=5) | st.sampled_from(
    ["format", "models", "model", "attributes", "children", "key", "source", "name", "position"]
)
#: Whatever JSON can hold, with the words of a document strewn in.
json_data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)
