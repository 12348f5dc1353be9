"""The role matrix: every address × method × role, as the page in the docs has it."""

from tests import role_matrix, screens

pytestmark = screens.MARKS


def test_the_page_is_up_to_date():
    """docs/roles.md: ``python -m tests.roles`` writes it."""
    assert role_matrix.PAGE.read_text() == role_matrix.page()
