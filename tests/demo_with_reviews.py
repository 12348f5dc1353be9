"""The demo's settings for a team that publishes nothing without an approval."""

from demo.settings import *  # noqa: F403 as settings are extended
from demo.settings import TRACKADMIN

TRACKADMIN = {**TRACKADMIN, "REVIEWS": {"APPROVALS": 1}}
