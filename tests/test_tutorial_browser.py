"""The tutorial in a real Chromium: every command is run, every step taken as it is written."""

import pytest

from tests.browser import page
from tests.tutorial import Walk

pytestmark = pytest.mark.browser


def test_every_step_of_the_tutorial_can_be_taken(browser, site):
    """A changed label, a changed message or a sentence that nobody can do makes it fail."""
    pictures = []
    with page(browser) as opened:
        done = Walk(opened, site, lambda _page, name: pictures.append(name)).go()
        # It ends where it says: rolled back, and the names of the first version are live.
        assert site.manage("trackadmin", "diff", "1", "3", "--map", "tutorial") == ""
    assert done["command"] == 2
    assert min(done[what] for what in ("Open", "Write", "Click", "Tick", "Untick", "You", "It"))
    assert len(pictures) == len(set(pictures)) == done["picture"]
