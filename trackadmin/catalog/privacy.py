"""The guess whether an attribute tells something about a person.

A guess only: it decides where an editor has to think, and never what goes out.

* A field counts as personal where the name of its class, or of a class it is built on, says
  e-mail, phone or address (``EmailField``, ``GenericIPAddressField``, a package's
  ``PhoneNumberField``).
* Else its own name decides, by its words: ``PERSONAL_WORDS`` anywhere; ``name`` after a word for a
  person (``customer_name``).
* ``name`` alone, and the ``ON_PEOPLE`` words, count only on models that look like people: the user
  model, a model with a one-to-one relation to it or a relation called ``user``, or a class whose
  name says so (``Contact``, ``CustomerProfile``). A company's or a product's ``name`` does not.
* Yes or no, a count, and a date other than that of birth are never personal: ``email_verified``,
  ``phone_verified_at``, ``address_count``. Nor is a foreign key, unless what it holds is
  (``to_field="email"``).
"""

from __future__ import annotations

from functools import lru_cache

from django.db import models

from trackadmin.catalog.kinds import AnyField, AnyModel, Kind, final_field, kind_of
from trackadmin.catalog.users import user_model
from trackadmin.catalog.words import listed, phrases, words

PERSONAL_WORDS = listed(
    "email mail phone telephone mobile fax tel street address addr postcode postal zip zipcode "
    "firstname lastname fullname givenname familyname middlename maidenname shortname surname "
    "forename username nickname birthday birthdate birthplace birth born dob ip ipaddr passport "
    "gender"
)
ON_PEOPLE = listed("name displayname city location latitude longitude photo avatar bio")
PERSON_WORDS = listed(
    "person people contact customer client buyer user employee member patient student author "
    "owner guest subscriber recipient sender passenger applicant profile visitor lead"
)
_FIELD_CLASS_WORDS = frozenset({"email", "phone", "address"})
_BIRTH_WORDS = frozenset({"birth", "birthday", "birthdate", "dob", "born"})
_COUNT_WORDS = frozenset({"count", "total", "amount"})
_FLAG_WORDS = frozenset({"is", "has", "can", "was", "should"})


def field_is_personal(field: AnyField, model: AnyModel) -> bool:
    """Whether this concrete field of the model looks personal."""
    if isinstance(field, models.ForeignKey):
        end = final_field(field)
        return end is not None and field_is_personal(end, end.model)
    kind = kind_of(field)
    if kind is Kind.BOOLEAN:
        return False
    if kind in (Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.DURATION):
        return bool(phrases(field.name) & _BIRTH_WORDS)
    field_class: type = type(field)
    return _class_is_personal(field_class) or name_is_personal(field.name, model)


def name_is_personal(name: str, model: AnyModel) -> bool:
    """Whether an attribute of this name looks personal on this model."""
    spoken = words(name)
    if not spoken or spoken[0] in _FLAG_WORDS or spoken[-1] in _COUNT_WORDS:
        return False
    found = phrases(name)
    if found & PERSONAL_WORDS or (spoken[-1] == "name" and set(spoken) & PERSON_WORDS):
        return True
    alone = spoken in (("name",), ("get", "name"))
    return (alone or bool(found & (ON_PEOPLE - {"name"}))) and looks_like_people(model)


def looks_like_people(model: AnyModel) -> bool:
    """Whether the rows of this model look like people."""
    if set(words(model.__name__)) & PERSON_WORDS:
        return True
    user = user_model()
    return user is not None and (issubclass(model, user) or _belongs_to(user, model))


def _belongs_to(user: AnyModel, model: AnyModel) -> bool:
    return any(
        field.related_model is user and (field.one_to_one or field.name == "user")
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey)
    )


@lru_cache(maxsize=256)
def _class_is_personal(field_class: type) -> bool:
    return any(set(words(cls.__name__)) & _FIELD_CLASS_WORDS for cls in field_class.__mro__)
