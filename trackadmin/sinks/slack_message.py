"""A message in the format of Slack's incoming webhooks, which others understand too."""

from __future__ import annotations

from trackadmin.outbox import Outgoing
from trackadmin.sinks.message_post import as_body, post_message

#: Slack takes no longer text in one block.
LONGEST = 3000


def send_message(message: Outgoing) -> None:
    """Send it."""
    subject = _escaped(message.subject)
    lines = "\n".join(_escaped(line) for line in message.lines)
    text = f"*{subject}*\n{lines}"[: LONGEST - len(message.link) - 10]
    block = f"{text}\n<{_escaped(message.link)}>"
    body = {
        # What notifications show.
        "text": subject,
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": block}}],
    }
    post_message(message.address, as_body(body), {})


def _escaped(text: str) -> str:
    """These three begin what Slack reads as a link or a mention, such as ``<!channel>``."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
