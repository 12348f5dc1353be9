"""The deny list: names that look like secrets are refused, whatever else is said."""

# ruff: noqa: RUF001
# (full-width letters are what is tested)

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from trackadmin.catalog import built_in_denied, denied
from trackadmin.catalog.deny import DENY_PARTS, DENY_WORDS, denied_model
from trackadmin.catalog.words import phrases, words

identifiers = st.from_regex(r"\A[A-Za-z](_?[A-Za-z0-9])*\Z")


@pytest.mark.parametrize(
    "name",
    [
        "password", "password_hash", "userpassword", "PasswordHash", "oldPassword2", "PASSWORD",
        "pwd", "api_token", "apiToken", "tokens", "reset_token_hash", "APIKey", "api_key", "apikey",
        "stripe_secret", "client_secrets", "otp", "otp_device", "totp2", "session", "session_key",
        "sessions", "sessionid_cookie", "csrf_token", "salt", "nonce", "credentials", "credential",
        "pin", "pin_code", "cvv", "cvc2", "ssn", "iban", "card_number", "hashes", "private_key",
        "get_session_auth_hash", "get_password_display",
        "ｐassword", "ｔｏｋｅｎ", "ᵖassword", "pass_word_password",
    ],
)  # fmt: skip
def test_secrets_are_denied(name):
    assert "looks like a secret" in str(denied(name))
    assert built_in_denied(name)


@pytest.mark.parametrize(
    "name",
    [
        "shipping", "pinned", "opinion", "secretary", "tokenised", "hashtag", "obsession",
        "sessional", "saltwater", "company", "key", "public_key", "name", "email", "basalt",
        "passenger", "passed", "author", "authority", "id", "pk", "user_id", "email_digest", "",
        "_", "…", "\0",
    ],
)  # fmt: skip
def test_innocent_names_are_not_denied(name):
    assert denied(name) is None
    assert not built_in_denied(name)


@given(identifiers, st.sampled_from(sorted(DENY_WORDS)), identifiers)
def test_a_listed_word_is_denied_between_any_others(before, word, after):
    for name in (word, f"{before}_{word}", f"{word}_{after}", f"{before}_{word}_{after}"):
        assert built_in_denied(name)


@given(st.text(max_size=20), st.sampled_from(DENY_PARTS), st.text(max_size=20))
def test_a_listed_part_is_denied_inside_anything(before, part, after):
    name = before + part + after
    if part in "".join(words(name)):
        assert built_in_denied(name)


@given(st.text(max_size=60))
def test_any_text_has_one_answer_and_never_an_error(name):
    assert denied(name) == denied(name)
    assert bool(denied(name)) == built_in_denied(name)
    assert built_in_denied(name.replace("_", "__")) == built_in_denied(name)


@override_settings(TRACKADMIN={"DENY_WORDS": ["margin", "costPrice"]})
@pytest.mark.parametrize("name", ["margin", "gross_margin", "margins", "cost_price", "costprice"])
def test_a_site_adds_words_of_its_own(name):
    assert "looks like a secret" in str(denied(name))
    assert not built_in_denied(name)


@override_settings(TRACKADMIN={"DENY_WORDS": ["margin"]})
def test_a_sites_words_do_not_replace_the_built_in_ones():
    assert denied("api_token")
    assert not denied("total")


class TestAllow:
    """ALLOW lifts exactly the field it names."""

    settings = override_settings(
        TRACKADMIN={
            "ALLOW": ["Shop.Order.session_minutes", "shop.Order.password_hint", "shop.Order"],
            "DENY_WORDS": ["minutes"],
        }
    )

    def test_it_lifts_the_named_field(self):
        with self.settings:
            assert denied("session_minutes", "shop.order") is None
            assert denied("session_minutes", "shop.Order") is None
            assert not built_in_denied("session_minutes", "shop.order")

    @pytest.mark.parametrize("label", ["", "shop.line", "basket.order", "shop"])
    def test_it_does_not_lift_the_field_of_another_model(self, label):
        with self.settings:
            assert denied("session_minutes", label)

    @pytest.mark.parametrize("name", ["session", "session_seconds", "Session_minutes"])
    def test_it_does_not_lift_another_field(self, name):
        with self.settings:
            assert denied(name, "shop.order")

    def test_it_never_lifts_a_password(self):
        with self.settings:
            assert denied("password_hint", "shop.order")
            assert "ALLOW" not in str(denied("password_hint", "shop.order"))

    def test_the_reason_tells_the_way_out(self):
        assert "add 'shop.order.session_minutes' to ALLOW" in str(
            denied("session_minutes", "shop.order")
        )


@pytest.mark.parametrize("name", ["Token", "AuthToken", "APIKey", "PasswordReset", "TOTPDevice"])
def test_models_that_hold_secrets_are_known_by_their_name(name):
    assert denied_model(name)


@pytest.mark.parametrize("name", ["TrainingSession", "Order", "Secretary", "PinBoard", "Cookie"])
def test_other_models_are_not(name):
    assert denied_model(name) == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("api_key", ("api", "key")),
        ("apiKey2", ("api", "key", "2")),
        ("HTTPServerURL", ("http", "server", "url")),
        ("ｆｕｌｌ_width", ("full", "width")),
        ("___", ()),
    ],
)
def test_words(name, expected):
    assert words(name) == expected


def test_phrases_join_neighbours_only():
    assert phrases("a_b_c_d") == {"a", "b", "c", "d", "ab", "bc", "cd", "abc", "bcd"}
