"""The deny list: names that look like secrets are not tracked, whatever a map says."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

from trackadmin.catalog.labels import spellings
from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.catalog.words import listed, phrases, words
from trackadmin.conf import conf
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

Words: TypeAlias = frozenset[str] | tuple[str, ...]

#: Denied as a word of the name, or as several words written together (``api_key``).
DENY_WORDS = listed(
    "password passwd pwd pw passphrase passcode secret token jwt hash hashed "
    "otp totp hotp session cookie csrf csrftoken xsrf salt nonce credential cred apikey accesskey "
    "privatekey secretkey signingkey encryptionkey sshkey authkey apisecret recoverycode "
    "backupcode securitycode securityanswer pin pincode cvv cvc ssn socialsecuritynumber iban "
    "cardnumber creditcard"
)
#: Denied anywhere in a name, even inside a word: these have no other meaning.
DENY_PARTS = ("password", "passwd", "passphrase", "apikey", "privatekey", "secretkey", "authtoken")
#: Words that were added later. They work like the others, except that a version published before
#: they were added still loads, without its entries of these names.
SECRET_WORDS = listed(
    "extradata bearer passkey webauthn mnemonic seedphrase activationkey resetkey invitekey "
    "invitationkey licensekey recoverykey otpkey verificationcode confirmationcode activationcode "
    "authcode authorizationcode grantcode resetcode logincode invitecode backupkey masterkey "
    "webhookkey hmac signature geheimnis kennwort passwort contrasena motdepasse"
)
#: On models with such a word in their name, a field called ``code`` or ``key`` gives access.
_GRANTS = listed(
    "grant authorization verification confirmation activation invitation invite recovery backup "
    "login reset otp mfa device authenticator"
)
#: Models of this kind hold the site's settings, including secrets, in a column ``value``.
_SETTINGS = listed("setting settings config configuration constance preference parameter option")
#: Classes of fields that are stored encrypted, or that hold any Python object.
_ENCRYPTED = listed("encrypted encrypt fernet cipher ciphertext vault pickled")
#: A whole model is left out if its class name says that it holds secrets.
DENY_MODEL_WORDS = listed(
    "password secret token accesstoken authtoken apikey totp hotp otp credential "
    "recoverycode backupcode authenticator passkey webauthn staticdevice totpdevice hotpdevice "
    "emaildevice phonedevice smsdevice u2fdevice sshkey pushsubscription"
)


def denied(source: str, label: str = "") -> Refusal | None:
    """Why the deny list refuses this name; ``None`` where it does not.

    The built-in list and ``DENY_WORDS`` act on the words of the name, split at underscores and
    capitals. If the model's label is given, an ``ALLOW`` entry for exactly this field lifts them,
    but never for a name that contains “password”.
    """
    word = _built_in(source) or _added_later(source) or _first(conf.DENY_WORDS, source)
    return None if not word or lifted(source, label) else _refusal(word, source, label)


def denied_field(field: Any, model: Any) -> Refusal | None:
    """Why a field probably holds a secret, by its class or its table; ``None`` where not."""
    why, label = _looks_secret(field, model), model._meta.label
    if why is None or lifted(field.attname, label):
        return None
    return Refusal(RefusalCode.SECRET, why, _way_out(f"{label}.{field.attname}"))


def _looks_secret(field: Any, model: Any) -> Text | None:
    field_class: type = type(field)
    if _is_encrypted(field_class):
        return _("Its field stores the value encrypted, so it looks like a secret.")
    name, model_name = field.name.lower(), model.__name__
    if name in ("code", "key") and _GRANTS.intersection(words(model_name)):
        return _("On %(model)s it looks like a secret that gives access.", model=model_name)
    if name == "value" and _SETTINGS.intersection(words(model_name)):
        return _(
            "%(model)s looks like the site's settings, which may be secrets.", model=model_name
        )
    return None


def _way_out(name: str) -> Text:
    return _("If it is not a secret, a developer can add '%(name)s' to ALLOW.", name=name)


@lru_cache(maxsize=256)  # a site has many fields of few classes
def _is_encrypted(field_class: type) -> bool:
    return any(_ENCRYPTED.intersection(words(cls.__name__)) for cls in field_class.__mro__)


def built_in_denied(source: str, label: str = "") -> bool:
    """Whether trackadmin's own list refuses the name, regardless of the site's ``DENY_WORDS``."""
    return bool(_built_in(source)) and not lifted(source, label)


def lifted(source: str, label: str) -> bool:
    """Whether ``ALLOW`` names exactly this field of this model, and may do so."""
    if not label or "password" in "".join(words(source)):
        return False
    allowed = [entry.rpartition(".") for entry in conf.ALLOW]
    named = {name for entry_label, _, name in allowed if entry_label.lower() == label.lower()}
    return bool(named) and not named.isdisjoint(spellings(source, label))


def denied_model(class_name: str) -> str:
    """The word for which models of this class name are left out by default, or an empty text."""
    return _first(DENY_MODEL_WORDS, class_name)


@lru_cache(maxsize=4096)  # models share many names
def _built_in(source: str) -> str:
    squeezed = "".join(words(source))
    part = next((part for part in DENY_PARTS if part in squeezed), "")
    return part or _first(DENY_WORDS, source)


@lru_cache(maxsize=4096)  # as above
def _added_later(source: str) -> str:
    return _first(SECRET_WORDS, source)


def _first(listed: Words, name: str) -> str:
    """The first listed word, in alphabetical order, that the name contains."""
    if not listed:
        return ""
    found = phrases(name)
    spoken = found | {phrase.removesuffix("s") for phrase in found}
    spoken |= {phrase.removesuffix("es") for phrase in found}
    by_phrase = _by_phrase(listed)
    return min((by_phrase[phrase] for phrase in spoken & by_phrase.keys()), default="")


@lru_cache(maxsize=8)  # the lists above and the site's; a list is asked about every name there is
def _by_phrase(listed: Words) -> dict[str, str]:
    """Each listed word by how :func:`phrases` would write it."""
    return {"".join(words(word)): word for word in sorted(listed, reverse=True)}


def _refusal(word: str, source: str, label: str) -> Refusal:
    why = _("Its name looks like a secret ('%(word)s'), and secrets are not tracked.", word=word)
    final = "password" in "".join(words(source))
    remedy = None if final else _way_out(f"{label or '…'}.{source}")
    return Refusal(RefusalCode.SECRET, why, remedy)
