"""The bootstrap file: a published document on disk, for a start without the database."""

from __future__ import annotations

import json
from pathlib import Path

from trackadmin.exceptions import DocumentError
from trackadmin.runtime.place import ONLY, Place, home
from trackadmin.runtime.store import Published
from trackadmin.texts import gettext as _
from trackadmin.texts import joined


def bootstrap_text(slug: str, number: int, digest: str, document: str) -> str:
    """The text of a bootstrap file for ``BOOTSTRAP_FILE``: one line of JSON with its line end.

    ``document`` is a version's canonical text, and ``digest`` its SHA-256, both as published. On a
    site with tenants the file is for the current one.
    """
    content: dict[str, object] = {"map": slug, "number": number}
    content |= {"digest": digest, "document": document}
    if home() != ONLY:
        content["place"] = _words(home())
    return json.dumps(content) + "\n"


def read_bootstrap(path: str, slug: str) -> Published | None:
    """The version in the file, unchecked; ``None`` if it is of another map or tenant.

    Raises ``OSError`` if the file cannot be read, :class:`DocumentError` if it is another file.
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DocumentError(
            joined(_("The file %(path)s is not JSON.", path=repr(path)), _HOW)
        ) from error
    match content:
        case {"number": int(number), "digest": str(digest), "document": str(document)}:
            found = Published(number, digest, document)
            own = slug, _words(home())
            is_own = (content.get("map", slug), content.get("place", _words(ONLY))) == own
            return found if is_own else None
    raise DocumentError(
        joined(_("The file %(path)s is not a bootstrap file.", path=repr(path)), _HOW)
    )


def _words(place: Place) -> list[str | None]:
    return [None if part is None else str(part) for part in place]


_HOW = _("Write it with 'manage.py trackadmin export --format bootstrap'.")
