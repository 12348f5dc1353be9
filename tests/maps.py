"""Short ways to write a document, and one map over all shapes of the test host's models."""

from dataclasses import replace

from trackadmin.document.structure import AttributeEntry, ChildEntry, Document, ModelEntry


def attribute(source, **fields):
    return AttributeEntry(source, **fields)


def tracked(label, attributes=(), children=(), key="", **fields):
    """A tracked model. An attribute is its source or (name, entry); a child is its accessor or
    (accessor, prefix) or (accessor, prefix, alone). Positions follow the order given."""
    pairs = [(a, AttributeEntry(a)) if isinstance(a, str) else a for a in attributes]
    links = [(c, "") if isinstance(c, str) else c for c in children]
    links = [(*link, False)[:3] for link in links]
    return ModelEntry(
        label,
        key=key,
        attributes={
            name: replace(entry, position=position) for position, (name, entry) in enumerate(pairs)
        },
        children={
            accessor: ChildEntry(prefix, position, alone)
            for position, (accessor, prefix, alone) in enumerate(links)
        },
        **fields,
    )


def document(**models):
    """A document of tracked models, positions in the order given."""
    return Document(
        {
            prefix: replace(entry, position=position)
            for position, (prefix, entry) in enumerate(models.items())
        }
    )


def saying(text, **models):
    """A document of which every row says the same, in the table of models and of attributes."""

    def described(entry):
        attributes = {name: replace(a, description=text) for name, a in entry.attributes.items()}
        return replace(entry, description=text, attributes=attributes)

    return document(**{prefix: described(entry) for prefix, entry in models.items()})


def said(a_document):
    """What the rows of such a document say: one text, unless it is torn."""
    entries = a_document.models.values()
    inner = [a for entry in entries for a in entry.attributes.values()]
    return {row.description for row in [*entries, *inner]}


#: The map of the contract's example.
EXAMPLE = document(
    BuyerProfile=tracked("demo.buyerprofile", ["uuid", "ctime"], ["user"], "uuid"),
    User=tracked(
        "auth.user",
        [
            "id",
            "first_name",
            "last_name",
            "email",
            "is_staff",
            "is_active",
            "is_superuser",
            "username",
        ],
        key="id",
    ),
    CompanyAccount=tracked("demo.companyaccount", ["name", "is_demo"], key="name"),
)

EVERY_KIND = (
    "text",
    "long_text",
    "slug",
    "contact",
    "url",
    "ip",
    "small",
    "integer",
    "positive",
    "big",
    "floating",
    "amount",
    "flag",
    "maybe",
    "day",
    "clock",
    "moment",
    "span",
    "uuid",
    "data",
    "upload",
    "status",
    "level",
    "backwards",
)

#: Every shape the test host has: kinds, prefixes, cycles, missing children, inheritance, proxies,
#: to_field, computed attributes, privacy, several databases, managers that hide rows.
HOST = document(
    Everything=tracked(
        "host.everything",
        [
            *EVERY_KIND,
            "shout",
            "double",
            ("contact_secretly", attribute("contact", privacy="pseudonymised")),
            ("number_secretly", attribute("integer", privacy="pseudonymised")),
            ("double_secretly", attribute("double", privacy="pseudonymised")),
            ("gone_url", attribute("url", privacy="dropped")),
            ("asked_ip", attribute("ip", decision="ignored")),
        ],
        key="uuid",
    ),
    Country=tracked("host.country", ["code", "name"], key="code"),
    Address=tracked("host.address", ["street", "country_id"], ["country"], key=""),
    Person=tracked(
        "host.person", ["id", "name", "user_id"], ["profile", ("boss", "Boss"), "user"], key="id"
    ),
    Profile=tracked("host.profile", ["nickname"], ["person"], key="nickname"),
    User=tracked("auth.user", ["id", "username", "date_joined"], key="id"),
    Order=tracked(
        "host.order",
        ["number"],
        [("billing_address", "Bill"), ("shipping_address", "Ship"), ("person", "Customer")],
        key="number",
    ),
    Place=tracked("host.place", ["name"], ["restaurant"], key="name"),
    Restaurant=tracked("host.restaurant", ["name", "stars"], key="name"),
    Hidden=tracked("host.hidden", ["name", "alive"], key="name"),
    Remote=tracked("host.remote", ["name", "person_name"], key="name"),
    Constrained=tracked(
        "host.constrained", ["yes", ("often", attribute("sometimes", lookup=True))], key="yes"
    ),
)
