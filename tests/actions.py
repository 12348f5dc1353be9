"""A map with actions, for the tests of events, and both ways to send one."""

from trackadmin.runtime import track
from trackadmin.testing import captured_events, override_map

MODELS = {
    "BuyerProfile": {
        "model": "demo.BuyerProfile",
        "attributes": ["uuid"],
        "children": ["user"],
        "key": "uuid",
    },
    "User": {"model": "auth.User", "attributes": ["id", "username"], "key": "id"},
    "CompanyAccount": {"attributes": ["name", "industry"], "key": "name"},
}
ACTIONS = {
    "open_page": {},
    "sign_up": {
        "brings": {"BuyerProfile": "required", "User": "required", "CompanyAccount": "optional"},
        "parameters": {
            "channel": {"kind": "choice", "choices": ["app", "web"], "required": True},
            "age": {"kind": "integer"},
            "score": {"kind": "number"},
            "agreed": {"kind": "boolean"},
            "note": {"kind": "text"},
        },
    },
    "greet": {
        "brings": {"CompanyAccount": "required"},
        "parameters": {
            "email": {"privacy": "pseudonymised"},
            "phone": {"kind": "integer", "privacy": "dropped", "required": True},
        },
    },
    "planned_one": {"state": "planned"},
    "old_one": {"state": "deprecated", "successor": "open_page", "until": "2027-01-01"},
}
BUYER = "6fa459ea-ee8a-3ca4-894e-db77e160355e"


def actions_map(unknown="mark", undeclared="mark", actions=ACTIONS):
    """The map as a file has it."""
    return {
        "models": MODELS,
        "actions": actions,
        "unknown_actions": unknown,
        "undeclared_parameters": undeclared,
    }


def with_actions(*args, **kwargs):
    return override_map(actions_map(*args, **kwargs))


def by_url(client, query):
    """The events that a tracking URL sends."""
    with captured_events() as events:
        assert client.get(f"/t/?{query}").status_code == 204
    return events


def by_track(*args, **kwargs):
    """The events that a call sends."""
    with captured_events() as events:
        track(*args, **kwargs)
    return events
