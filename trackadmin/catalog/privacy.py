"""Guesses whether an attribute says something about a person.

The guess decides where an editor has to think, never what is sent.

* A field counts as personal where the name of its class, or of a class it is built on, says
  e-mail, phone or address (``EmailField``, ``GenericIPAddressField``, a package's
  ``PhoneNumberField``).
* Otherwise the words of its name decide: ``PERSONAL_WORDS``, ``IDENTIFIERS``, ``SPECIAL_WORDS``
  and the words that the site adds anywhere; ``name`` after a word for a
  person (``customer_name``).
* ``name`` alone, and the ``ON_PEOPLE`` words, count only on models that look like people: the user
  model, a model with a one-to-one relation to it or a relation called ``user``, or a class whose
  name says so (``Contact``, ``CustomerProfile``). A company's or a product's ``name`` does not.
* Yes or no (except for the special categories), a count, and a date other than that of birth are
  never personal: ``email_verified``, ``phone_verified_at``, ``address_count``. Nor is a foreign
  key, unless what it holds is (``to_field="email"``).
"""

from __future__ import annotations

from functools import lru_cache

from django.db import models

from trackadmin.catalog.kinds import KINDS, AnyField, AnyModel, Personal, final_field, kind_of
from trackadmin.catalog.users import user_model
from trackadmin.catalog.words import listed, phrases, words
from trackadmin.conf import conf

#: Names of people and ways to reach them, in English, German, French and Spanish.
PERSONAL_WORDS = listed(
    "email mail phone telephone mobile fax tel street address addr postcode postal zip zipcode "
    "firstname lastname fullname givenname familyname middlename maidenname shortname surname "
    "forename username nickname birthday birthdate birthplace birth born dob ip ipaddr passport "
    "gender contactname initials salutation landline cellphone whatsapp "
    "skype suburb housenumber zipplus countryofbirth placeofbirth age nationality citizenship "
    "maritalstatus spouse nextofkin emergencycontact dependants "
    "vorname nachname anrede geburtsdatum geburtstag geburtsort geburtsname strasse hausnummer plz "
    "postleitzahl wohnort anschrift adresse telefon handy mobil geschlecht staatsangehoerigkeit "
    "familienstand prenom nomdefamille datedenaissance naissance rue codepostal courriel "
    "sexe nationalite apellido apellidos fechanacimiento calle codigopostal correo "
    "telefono movil sexo nacionalidad"
)
#: Numbers and marks by which a person, an account or a device can be recognised.
IDENTIFIERS = listed(
    "nin nino nationalinsurance nationalinsurancenumber nationalid nationalidnumber idcard "
    "identitycard identitynumber socialsecurity socialinsurance ssn taxid taxnumber "
    "taxidentificationnumber tin vatid utr steuernummer steuerid sozialversicherungsnummer "
    "personalausweis ausweisnummer reisepass passportnumber drivinglicence driverslicense "
    "drivinglicense licenceplate licenseplate numberplate kennzeichen bankaccount accountholder "
    "accountnumber bankdetails sortcode routingnumber bic swift iban kontonummer kontoinhaber "
    "creditcard cardholder paypal deviceid deviceuuid androidid idfa idfv gaid advertisingid imei "
    "imsi msisdn simnumber macaddress macaddr useragent browserfingerprint fingerprint visitorid "
    "clientid cookieid sessionid trackingid geolocation gps coordinates geopoint "
    "patientnumber medicalrecord healthinsurance insurancenumber membershipnumber employeenumber "
    "employeeid staffnumber studentnumber studentid matriculation dni nif curp numerodesecurite"
)
#: The special categories of Article 9 of the GDPR, and criminal convictions (Article 10).
SPECIAL_WORDS = listed(
    "ethnicity ethnic race racial religion religious faith belief denomination confession "
    "konfession political politics unionmember unionmembership tradeunion union health "
    "medical medication diagnosis disease illness allergy allergies disability disabled handicap "
    "pregnancy pregnant bloodtype bloodgroup vaccination vaccinated genetic dna biometric retina "
    "faceid voiceprint sexuality sexualorientation sexlife pronouns transgender "
    "criminal conviction convictions crime criminalrecord offence offense gesundheit krankheit "
    "behinderung gewerkschaft ethnie religionszugehoerigkeit sante maladie handicape syndicat "
    "salud enfermedad discapacidad sindicato salary wage wages income gehalt salaire salario"
)
ON_PEOPLE = listed("name displayname city location latitude longitude photo avatar bio")
PERSON_WORDS = listed(
    "person people contact customer client buyer user employee member patient student author "
    "owner guest subscriber recipient sender passenger applicant profile visitor lead"
)
_BUILT_IN = PERSONAL_WORDS | IDENTIFIERS | SPECIAL_WORDS
_FIELD_CLASS_WORDS = frozenset({"email", "phone", "address", "encrypted", "fernet"})
_BIRTH_WORDS = frozenset({"birth", "birthday", "birthdate", "dob", "born"})
_COUNT_WORDS = frozenset({"count", "total", "amount"})
_FLAG_WORDS = frozenset({"is", "has", "can", "was", "should"})


def field_is_personal(field: AnyField, model: AnyModel) -> bool:
    """Whether this concrete field of the model looks personal."""
    if isinstance(field, models.ForeignKey):
        end = final_field(field)
        return end is not None and field_is_personal(end, end.model)
    decides = KINDS[kind_of(field)].personal
    if decides is Personal.GROUP:
        # Yes or no says nothing about a person, except whether they belong to such a group.
        plain = set(words(field.name)) - _FLAG_WORDS
        special = phrases(field.name) & SPECIAL_WORDS
        return bool(plain and special) and not _is_said_not_to_be(field.name, model)
    if decides is Personal.BIRTH:
        return bool(phrases(field.name) & _BIRTH_WORDS)
    if _is_said_not_to_be(field.name, model):
        return False
    field_class: type = type(field)
    return _class_is_personal(field_class) or name_is_personal(field.name, model)


def name_is_personal(name: str, model: AnyModel) -> bool:
    """Whether an attribute of this name looks personal on this model."""
    spoken = words(name)
    if not spoken or spoken[0] in _FLAG_WORDS or spoken[-1] in _COUNT_WORDS:
        return False
    if _is_said_not_to_be(name, model):
        return False
    found = phrases(name)
    if (
        found & _BUILT_IN
        or found & _listed_words()
        or (spoken[-1] == "name" and set(spoken) & PERSON_WORDS)
    ):
        return True
    alone = spoken in (("name",), ("get", "name"))
    return (alone or bool(found & (ON_PEOPLE - {"name"}))) and looks_like_people(model)


def says_something_personal(name: str, model: AnyModel) -> bool:
    """Whether a word of the name may speak of a person, whatever the kind and the model.

    This is stricter than the guess above: it is asked where nobody decides.
    """
    spoken = _BUILT_IN | _listed_words() | (ON_PEOPLE - {"name", "displayname"})
    return bool(phrases(name) & spoken) and not _is_said_not_to_be(name, model)


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


def _listed_words() -> frozenset[str]:
    """The words that the site adds, written together: ``national_id`` is nationalid."""
    return frozenset("".join(words(word)) for word in conf.PERSONAL_WORDS)


def _is_said_not_to_be(name: str, model: AnyModel) -> bool:
    """Whether the site says of exactly this field that it is not personal."""
    entries = conf.NOT_PERSONAL
    label = f"{model._meta.label}.{name}".lower() if entries else ""
    return any(entry.lower() == label for entry in entries)


@lru_cache(maxsize=256)
def _class_is_personal(field_class: type) -> bool:
    return any(set(words(cls.__name__)) & _FIELD_CLASS_WORDS for cls in field_class.__mro__)
