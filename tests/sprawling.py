"""Maps as people write them for a real site: each model with its columns and foreign keys."""

import random
from contextlib import contextmanager

from django.test import modify_settings

from trackadmin.catalog import catalog

APP = "tests.sprawl"


@contextmanager
def sprawl():
    """The site of ``tests.sprawl``, installed for a while."""
    with modify_settings(INSTALLED_APPS={"append": APP}):
        yield


def map_of(number, seed=0):
    """A map file of ``number`` models that tracks the direct relations of each to the others."""
    models = [facts for facts in catalog().models() if facts.app_label == "sprawl"]
    chosen = random.Random(seed).sample(models, number)
    labels = {facts.label for facts in chosen}
    return {
        facts.name: {
            "model": facts.cased_label,
            "attributes": ["code", "title", "status", "created"],
            "children": [a for a, relation in facts.relations.items() if relation.target in labels],
            "key": "code",
        }
        for facts in chosen
    }
