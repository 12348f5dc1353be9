"""A library that a sink needs and a site may lack, and what its errors are called for people."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from trackadmin.exceptions import SettingError
from trackadmin.texts import gettext as _


def library(module: str, extra: str) -> Any:
    """Import a module of a sink's library. Raises an error that says what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        what = _(
            "This sink needs the package '%(package)s', which is not installed. Install it with "
            "pip install 'trackadmin[%(extra)s]'.",
            package=module.partition(".")[0],
            extra=extra,
        )
        raise SettingError(what) from error


#: Errors of Python and of the clients by their class, as people call them. A name of a class says
#: nothing of what was sent, while the text of an error may.
_WORDS = {
    "SSLCertVerificationError": "certificate not trusted",
    "SSLError": "no secure connection",
    "ProxyError": "proxy not reached",
    "Timeout": "timeout",
    "TimeoutError": "timeout",
    "ConnectionRefusedError": "connection refused",
    "gaierror": "host not found",
    "RemoteDisconnected": "no response",
    "IncompleteRead": "half a response",
    "ChunkedEncodingError": "half a response",
    "HTTPException": "not a response",
    "ConnectionError": "no connection",
}


def reason_of(error: BaseException) -> str:
    """What went wrong, for people; never a text that came with the error."""
    names = [cls.__name__ for cls in type(error).__mro__]
    return next((_WORDS[name] for name in names if name in _WORDS), names[0])
