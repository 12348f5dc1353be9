"""A message as an e-mail, through Django's own backend."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from trackadmin.conf import conf
from trackadmin.outbox import NotTaken, Outgoing
from trackadmin.sinks.sink_reasons import BAD_ADDRESS


def send_message(message: Outgoing) -> None:
    """Send it. An address that the server refuses for good is not tried again."""
    why = _("You get this because the map %(map)s of this site tells you of its changes.")
    paragraphs = [*message.lines, message.link, why % {"map": message.map}]
    mail = EmailMessage(
        message.subject,
        "\n\n".join(paragraphs) + "\n",
        conf.MESSAGES["FROM"],
        [message.address],
        # The same if it is sent twice; and nobody's absence note answers it.
        headers={"X-Trackadmin-Message": message.id, "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except SMTPRecipientsRefused as refused:
        codes = [code for code, _words in refused.recipients.values()]
        if all(code >= 500 for code in codes):
            raise NotTaken(BAD_ADDRESS) from None
        raise
