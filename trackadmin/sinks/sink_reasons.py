"""Why events were not taken, in words that are stored for all readers.

They are stored in English and are in the translation catalog, so a page can pass them to gettext.
None of them contains a value of an event, or any part of a receiver's answer.
"""

from __future__ import annotations

from trackadmin.texts import english
from trackadmin.texts import gettext as _

TOO_LARGE = english(_("too large"))
REFUSED = english(_("refused by the receiver"))
WRONG_KEY = english(_("wrong API key"))
QUOTA = english(_("quota used up"))
FEW_REPLICAS = english(_("too few replicas"))
QUEUE_FULL = english(_("queue full"))
NO_REPORT = english(_("no report of the receiver"))
#: The event that a receiver refuses is still searched for.
SEARCH = english(_("the refused event is searched for"))

#: Why a message is not sent to an address.
BAD_ADDRESS = english(_("not an address"))
NOT_HTTPS = english(_("not https"))
INTERNAL = english(_("an address of the site’s own network"))

NO_CONNECTION = english(_("no connection"))
NO_RESPONSE = english(_("no response"))
TIMEOUT = english(_("timeout"))

#: Errors of Python and of the clients by their class, as people call them. A name of a class says
#: nothing of what was sent, while the text of an error may.
_WORDS = {
    "SSLCertVerificationError": english(_("certificate not trusted")),
    "SSLError": english(_("no secure connection")),
    "ProxyError": english(_("proxy not reached")),
    "Timeout": TIMEOUT,
    "TimeoutError": TIMEOUT,
    "ConnectionRefusedError": english(_("connection refused")),
    "gaierror": english(_("host not found")),
    "RemoteDisconnected": NO_RESPONSE,
    "IncompleteRead": english(_("half a response")),
    "ChunkedEncodingError": english(_("half a response")),
    "HTTPException": english(_("not a response")),
    "ConnectionError": NO_CONNECTION,
}


def reason_of(error: BaseException) -> str:
    """What went wrong, for people; never a text that came with the error."""
    names = [cls.__name__ for cls in type(error).__mro__]
    return next((_WORDS[name] for name in names if name in _WORDS), names[0])
