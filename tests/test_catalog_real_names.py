"""E8, E9: names of fields as real sites have them: which look personal, which hold secrets."""

from itertools import count

import pytest
from django.apps.registry import Apps
from django.db import models

from trackadmin.catalog import catalog
from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.fields import field_facts
from trackadmin.catalog.privacy import name_is_personal
from trackadmin.compiler import compile_map
from trackadmin.document import from_dict


def listed(text):
    return text.split()


class Parcel(models.Model):
    """A model that does not look like a person."""

    class Meta:
        app_label = "names"
        managed = False


PERSONAL = listed("""
email email_address contact_email work_mail phone phone_number mobile mobile_number cell_phone
landline fax street street_address address address_line1 billing_address_line_2 postcode
postal_code zip zip_code plz first_name last_name middle_name maiden_name full_name
display_nickname surname given_name family_name initials username nickname user_name
customer_name contact_name patient_name employee_name recipient_name sender_name owner_name
guest_name birth_date date_of_birth birthday dob place_of_birth country_of_birth age gender
salutation nationality citizenship marital_status spouse_name next_of_kin emergency_contact
emergency_contact_phone ethnicity ethnic_origin race religion religious_belief faith
political_opinion union_membership trade_union union health_status medical_notes medication
diagnosis disease allergies disability disabled pregnancy blood_type vaccination_status
genetic_data biometric_hash_id sexual_orientation sexuality pronouns criminal_record
convictions salary income wage national_insurance_number nin nino national_id identity_number
id_card_number social_security tax_id tax_number tin vat_id steuernummer steuer_id passport
passport_number passport_no driving_licence drivers_license license_plate number_plate
kennzeichen bank_account account_holder account_number sort_code bic routing_number kontonummer
kontoinhaber card_holder paypal_address device_id android_id idfa advertising_id imei imsi
msisdn mac_address ip ip_address last_login_ip user_agent fingerprint visitor_id client_id
cookie_id tracking_id gps_position geolocation coordinates patient_number medical_record
insurance_number health_insurance employee_id employee_number staff_number student_id vorname
nachname anrede geburtsdatum strasse hausnummer postleitzahl wohnort anschrift telefon handy
geschlecht staatsangehoerigkeit familienstand krankheit behinderung gewerkschaft gehalt prenom
date_naissance rue code_postal courriel sexe nationalite maladie salaire apellido
fecha_nacimiento calle codigo_postal correo telefono sexo nacionalidad enfermedad discapacidad
sindicato salario whatsapp_number skype_name house_number
""")

NOT_PERSONAL = listed("""
id uuid slug sku number order_number invoice_number status state kind type category title
subject description name label code color size weight width height length depth price total
subtotal amount currency tax_rate vat_rate discount quantity stock in_stock is_active is_demo
is_staff created created_at updated_at modified published_at deleted_at starts_at ends_at
due_date paid_at shipped_at position rank score rating votes views clicks likes priority level
version language locale country country_code region timezone url website image file document
mime_type width_px email_verified phone_verified_at address_count emails_sent
is_email_confirmed has_phone can_login language_code plan tier seats trial_ends_at renewal_date
interval frequency step stage source medium campaign channel platform browser_version
os_version app_version build branch commit severity latency_ms duration retries attempts
progress percentage ratio threshold limit quota balance points credits warehouse shelf lot
batch supplier_code manufacturer brand model_year material finish voltage barcode ean isbn
""")


def test_most_personal_names_are_seen_and_few_others():
    """Recall and precision on names that were labelled by hand."""
    seen = {name for name in PERSONAL if name_is_personal(name, Parcel)}
    wrong = {name for name in NOT_PERSONAL if name_is_personal(name, Parcel)}
    assert len(PERSONAL) + len(NOT_PERSONAL) >= 300
    assert len(seen) / len(PERSONAL) >= 0.95, sorted(set(PERSONAL) - seen)
    assert len(wrong) / len(NOT_PERSONAL) <= 0.02, sorted(wrong)


def test_site_adds_and_takes_away_words(settings):
    settings.TRACKADMIN = {
        "PERSONAL_WORDS": ["loyalty_card"],
        "NOT_PERSONAL": ["names.Parcel.street_type"],
    }
    assert name_is_personal("loyalty_card_no", Parcel)
    assert not name_is_personal("street_type", Parcel)
    assert name_is_personal("street", Parcel)


# ── Secrets ─────────────────────────────────────────────────────────────────────────────────────


class EncryptedCharField(models.CharField):
    pass


class FernetTextField(models.TextField):
    pass


class PickledObjectField(models.TextField):
    pass


def model(name, **fields):
    meta = type("Meta", (), {"app_label": "names", "managed": False, "apps": Apps()})
    attributes = {"__module__": __name__, "Meta": meta, **fields}
    return type(name, (models.Model,), attributes)


#: Shapes of django-oauth-toolkit, django-allauth, social-auth, django-otp, constance and others.
SECRETS = [
    ("AuthGrant", "code", models.CharField(max_length=255)),
    ("SocialAccount", "extra_data", models.JSONField()),
    ("UserSocialLink", "access_token", models.TextField()),
    ("EmailConfirmation", "key", models.CharField(max_length=64)),
    ("LoginOtpCode", "code", models.CharField(max_length=6)),
    ("InvitationCode", "code", models.CharField(max_length=6)),
    ("SiteSetting", "value", models.TextField()),
    ("ConfigurationEntry", "value", models.TextField()),
    ("Webhook", "signing_secret", models.TextField()),
    ("Webhook", "hmac_key", models.TextField()),
    ("Account", "iban", models.TextField()),
    ("Integration", "apiKey", models.TextField()),
    ("Integration", "credentials", models.JSONField()),
    ("Customer", "nickname", EncryptedCharField(max_length=20)),
    ("Customer", "remark", FernetTextField()),
    ("Job", "state", PickledObjectField()),
    ("Reset", "reset_key", models.TextField()),
    ("Member", "activation_key", models.TextField()),
]


@pytest.mark.parametrize("case", range(len(SECRETS)), ids=lambda n: ".".join(SECRETS[n][:2]))
def test_secrets_of_packages_are_not_offered(case):
    name, source, field = SECRETS[case]
    made = model(name, **{source: field})
    facts = field_facts(made._meta.get_field(source), made, Ceiling())
    assert facts.refused
    assert "ALLOW" in str(facts.refused) or source == "iban" or "password" in source


@pytest.mark.parametrize("name", ["TOTPDevice", "StaticDevice", "BackupCode", "Authenticator"])
def test_tables_of_second_factors_are_left_out(name):
    made = model(name)
    assert "ALLOW" in str(Ceiling().why_not_model(made))


def test_site_may_allow_what_only_looks_like_a_secret(settings):
    made = model("PriceSetting", value=models.DecimalField(max_digits=5, decimal_places=2))
    field = made._meta.get_field("value")
    assert field_facts(field, made, Ceiling()).refused
    settings.TRACKADMIN = {"ALLOW": ["names.PriceSetting.value"]}
    assert not field_facts(field, made, Ceiling()).refused


def test_old_version_with_a_name_that_is_denied_since_serves_the_rest(monkeypatch):
    """Later words never make a published version unreadable: the entry alone is left out."""
    data = {"Country": {"model": "host.Country", "attributes": ["code", "name"], "key": "code"}}
    document = from_dict(data, catalog().find)
    from trackadmin.catalog import deny, site

    monkeypatch.setattr(deny, "_added_later", lambda source: source * (source == "name"))
    monkeypatch.setattr(site, "_current", [])
    snapshot = compile_map(document, site.Catalog())
    assert snapshot.by_prefix["Country"].names == ("Country_code",)
    assert [problem.code for problem in snapshot.drift] == ["attribute.refused"]


# ── Code of packages (D4, D5, E7) ───────────────────────────────────────────────────────────────


class ShownAsText(models.IntegerField):
    def from_db_value(self, value, expression, connection):
        return f"no-{value}"

    def get_prep_value(self, value):
        return int(str(value).removeprefix("no-"))


class Reversed(models.CharField):
    def from_db_value(self, value, expression, connection):
        return value[::-1]

    def get_prep_value(self, value):
        return value[::-1]


NUMBERS = count()


class Random(models.CharField):
    def get_db_prep_save(self, value, connection):
        return f"{next(NUMBERS)}{value}"

    def from_db_value(self, value, expression, connection):
        return value[-3:]


class Lower(models.CharField):
    def get_prep_value(self, value):
        return str(value).lower()


@pytest.mark.parametrize(
    ("field", "lookupable"),
    [
        (models.CharField(max_length=9, unique=True), True),
        (ShownAsText(unique=True), False),
        (Random(max_length=99, unique=True), False),
        (Reversed(max_length=9, unique=True), True),
        (Lower(max_length=9, unique=True), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_field_that_does_not_read_back_is_no_lookup(field, lookupable):
    """D4: it was offered as a key, published, and never found."""
    made = model(f"With{type(field).__name__}", it=field)
    facts = field_facts(made._meta.get_field("it"), made, Ceiling())
    assert facts.lookupable is lookupable


class Translated:
    """As packages put it in place of a name that is not a field."""

    def __get__(self, obj, cls=None):
        return self if obj is None else "Titel"


class MakesARow:
    def __init__(self, real):
        self.real = real

    def __get__(self, obj, cls=None):
        raise AssertionError("a visitor's GET must not run this")


def test_descriptor_of_a_package_is_offered_where_it_is_listed(settings, monkeypatch):
    """E7: COMPUTED did nothing, silently; the refusal names it."""
    from tests.host.models import Country
    from trackadmin.catalog.site import Catalog

    monkeypatch.setattr(Country, "title", Translated(), raising=False)
    refused = Catalog().get("host.Country").attribute("title").refused
    assert "COMPUTED" in str(refused)
    settings.TRACKADMIN = {"COMPUTED": ["host.Country.title"]}
    facts = Catalog().get("host.Country")
    assert facts.attributes["title"].computed
    snapshot = compile_map(
        from_dict({"Country": {"model": "host.Country", "attributes": ["title"]}}, Catalog().find),
        Catalog(),
    )
    assert snapshot.find(Country).flatten(Country(), pytest.fail) == {"Country_title": "Titel"}


def test_relation_behind_code_of_the_host_needs_its_mark(settings, monkeypatch):
    """D5: a descriptor may make the missing row when it is read."""
    from tests.host.models import Profile
    from trackadmin.catalog.site import Catalog

    monkeypatch.setattr(Profile, "person", MakesARow(Profile.person))
    facts = Catalog().get("host.Profile")
    assert "person" not in facts.relations
    assert "person_id" in facts.attributes
    settings.TRACKADMIN = {"COMPUTED": ["host.Profile.person"]}
    assert "person" in Catalog().get("host.Profile").relations
