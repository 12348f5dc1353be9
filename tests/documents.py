"""Documents and data of every sort, for Hypothesis."""

from dataclasses import replace

from hypothesis import strategies as st

from trackadmin.document import (
    DECISIONS,
    PRIVACIES,
    SENT,
    TRACKED,
    ActionEntry,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    ParameterEntry,
    why_not_a_name,
)
from trackadmin.document.structure import (
    CHOICE,
    COUNT,
    FUNCTIONS,
    HANDLINGS,
    LATEST,
    MOST_CONDITIONS,
    NEEDS,
    PARAMETER_KINDS,
    STATES,
)

names = st.from_regex(r"\A[A-Za-z](_?[A-Za-z0-9]){0,8}\Z").filter(lambda n: not why_not_a_name(n))
few_names = st.sampled_from(["a", "b", "a_b", "c", "User", "User_a", "Order"])
labels = st.from_regex(r"\A[a-z_][a-z0-9_]{0,8}\.[a-z_][a-z0-9_]{0,8}\Z")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
#: Texts of one line, without spaces around them.
lines = texts.filter(lambda text: [text] == text.strip().splitlines())
positions = st.integers(0, 2**31 - 1)
attributes = st.builds(
    AttributeEntry,
    source=names,
    decision=st.sampled_from(DECISIONS),
    lookup=st.booleans(),
    privacy=st.sampled_from(PRIVACIES),
    description=texts,
    position=positions,
    successor=st.just("") | names,
    until=st.just("") | st.dates().map(str),
)
dates = st.just("") | st.dates().map(str)
children = st.builds(
    ChildEntry,
    prefix=st.just("") | names,
    position=positions,
    alone=st.booleans(),
    former_prefix=st.just("") | names,
    until=dates,
)
conditions = st.dictionaries(
    names, texts | st.booleans() | st.integers(-(2**63), 2**63 - 1), max_size=MOST_CONDITIONS
)


@st.composite
def aggregates(draw):
    """Sound by themselves: with a field and ``by`` where the function needs them."""
    function = draw(st.sampled_from(FUNCTIONS))
    return AggregateEntry(
        relation=draw(names),
        function=function,
        field="" if function == COUNT else draw(names),
        by=draw(names) if function == LATEST else "",
        where=draw(conditions),
        decision=draw(st.sampled_from(DECISIONS)),
        privacy=draw(st.sampled_from(PRIVACIES)),
        description=draw(texts),
        position=draw(positions),
    )


@st.composite
def parameters(draw):
    """Sound: only those of the kind ``choice`` have choices."""
    kind = draw(st.sampled_from(PARAMETER_KINDS))
    choices = st.lists(lines, min_size=1, max_size=3, unique=True)
    return ParameterEntry(
        kind=kind,
        required=draw(st.booleans()),
        choices=draw(choices) if kind == CHOICE else [],
        privacy=draw(st.sampled_from(PRIVACIES)),
        description=draw(texts),
        position=draw(positions),
    )


def actions(prefixes=names):
    """Actions that may bring these prefixes."""
    return st.builds(
        ActionEntry,
        description=texts,
        owner=texts,
        state=st.sampled_from(STATES),
        brings=st.dictionaries(prefixes, st.sampled_from(NEEDS), max_size=3),
        position=positions,
        parameters=st.dictionaries(
            names.filter(lambda n: n not in ("action", "map")), parameters(), max_size=3
        ),
    )


handlings = st.sampled_from(HANDLINGS)


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
        aggregates=st.dictionaries(keys, aggregates(), max_size=2),
        former_prefix=st.just("") | names,
        until=dates,
    )


#: Of sound shape and names; the model of an entry or the name of a key may be wrong all the same.
documents = st.builds(
    Document,
    st.dictionaries(names, models(), max_size=4),
    st.dictionaries(names, actions(), max_size=2),
    handlings,
    handlings,
)
#: Few names, so that two documents have some in common.
near_documents = st.builds(
    Document,
    st.dictionaries(few_names, models(few_names), max_size=3),
    st.dictionaries(few_names, actions(few_names), max_size=2),
    handlings,
    handlings,
)


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
        counts = [n for n in draw(st.lists(names, unique=True, max_size=2)) if n not in own]
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
            {
                name: replace(draw(children), position=number, former_prefix="", until="")
                for number, name in enumerate(along)
            },
            {
                name: replace(draw(aggregates()), position=number)
                for number, name in enumerate(counts)
            },
        )
    return Document(found, draw(sound_actions([*found])), draw(handlings), draw(handlings))


@st.composite
def sound_actions(draw, prefixes):
    """Actions that bring only these prefixes, their positions counted from 0."""
    found = {}
    chosen = st.sampled_from(prefixes or [""])
    for place, name in enumerate(draw(st.lists(names, unique=True, max_size=2))):
        action = draw(actions(chosen))
        placed = {
            each: replace(parameter, position=number)
            for number, (each, parameter) in enumerate(action.parameters.items())
        }
        brings = action.brings if prefixes else {}
        found[name] = replace(action, position=place, parameters=placed, brings=brings)
    return found


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
