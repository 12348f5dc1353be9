"""The demo's settings with one sink more, which posts to a receiver of the test."""

import os

from demo.settings import *  # noqa: F403 as settings are extended
from demo.settings import TRACKADMIN as OF_DEMO

WEBHOOK = {"BACKEND": "tests.receiver.PostSink", "OPTIONS": {"url": os.environ["RECEIVER_URL"]}}
TRACKADMIN = {**OF_DEMO, "SINKS": {**OF_DEMO["SINKS"], "webhook": WEBHOOK}}
