"""The catalog of the site: what it offers, finds and says."""

# ruff: noqa: RUF001
# (models for one test need no words for people; full-width letters are what is tested)

import pickle
import re
import threading
from pathlib import Path

import pytest
from django.db import models
from django.test import override_settings
from django.test.utils import isolate_apps
from django.utils.translation import gettext_lazy, override
from hypothesis import given
from hypothesis import strategies as st

from tests.host.models import Everything, Level, Order, Person, Restaurant
from trackadmin.catalog import Catalog, Kind, RefusalCode, StrayCode, catalog, model_of
from trackadmin.catalog import site as site_module
from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.exceptions import DocumentError, SettingError


def facts(label):
    return catalog().get(label)


class TestModels:
    def test_they_come_by_app_and_name(self):
        labels = [(each.app_label, each.name) for each in catalog().models()]
        assert labels == sorted(labels)
        assert {("demo", "Order"), ("host", "Order"), ("auth", "User")} < set(labels)

    def test_what_the_ceiling_keeps_back_is_not_among_them(self):
        with override_settings(TRACKADMIN={"MODELS": ["demo"], "EXCLUDE": ["demo.Order"]}):
            labels = {each.cased_label for each in catalog().models()}
        assert "demo.Product" in labels
        assert not labels & {"demo.Order", "host.Order", "auth.User"}

    @pytest.mark.parametrize(
        "label", ["demo.BuyerProfile", "demo.buyerprofile", "demo.BUYERPROFILE"]
    )
    def test_a_label_is_read_in_any_case(self, label):
        buyer = catalog().get(label)
        assert (buyer.label, buyer.cased_label, buyer.name, buyer.app_label) == (
            "demo.buyerprofile", "demo.BuyerProfile", "BuyerProfile", "demo",
        )  # fmt: skip
        assert (buyer.verbose_name, buyer.ancestors) == ("buyer profile", ())

    @pytest.mark.parametrize(
        "label",
        [
            "", ".", "demo", "demo.", ".Order", "a.b.c", "host.Order_tags", "demo.Nothing",
            "sessions.session", "trackadmin.mapversion",
        ],
    )  # fmt: skip
    def test_anything_else_is_none_with_a_reason(self, label):
        assert catalog().get(label) is None
        assert catalog().why_not(label)

    def test_there_is_no_reason_against_an_offered_one(self):
        assert catalog().why_not("host.Order") is None

    def test_the_reason_offers_the_nearest_model(self):
        assert "Did you mean 'demo.BuyerProfile'?" in str(catalog().why_not("demo.BuyerProfil"))
        assert str(catalog().why_not("zzz.qqq")) == "The site has no model 'zzz.qqq'."

    def test_facts_are_found_out_when_asked_for_and_kept(self):
        fresh = Catalog()
        everything = next(each for each in fresh.models() if each.label == "host.everything")
        assert not {"attributes", "relations", "_found"} & set(vars(everything))
        assert everything.attributes is everything.attributes
        assert fresh.get("host.Everything") is everything
        others = (each for each in fresh.models() if each is not everything)
        assert not any("_found" in vars(each) for each in others)

    def test_a_model_in_another_database_is_like_any_other(self):
        assert set(facts("host.Remote").attributes) == {"id", "name", "person_name"}

    @pytest.mark.django_db
    def test_nothing_is_asked_of_a_database(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            for each in Catalog().models():
                assert each.attributes is not None
                assert each.relations is not None


class TestAttributes:
    def test_of_the_users_model(self):
        assert set(facts("auth.User").attributes) == {
            "id", "username", "first_name", "last_name", "email", "is_staff", "is_active",
            "is_superuser", "last_login", "date_joined",
        }  # fmt: skip

    @pytest.mark.parametrize("name", ["password", "binary", "api_token"])
    def test_refused_ones_stand_apart_with_the_reason(self, name):
        everything = facts("host.Everything")
        assert name not in everything.attributes
        assert everything.refused[name].refused
        assert everything.attribute(name) is everything.refused[name]

    def test_a_foreign_key_is_known_by_both_names(self):
        order = facts("host.Order")
        assert "person" not in order.attributes
        assert order.attribute("person") is order.attribute("person_id")
        assert order.attribute("person").name == order.attribute("person").attname == "person_id"

    def test_facts_of_a_field(self):
        number = facts("host.Order").attributes["number"]
        assert number.kind is Kind.TEXT
        assert number.field is number.target is Order._meta.get_field("number")
        assert (number.unique, number.nullable, number.computed, number.refused) == (
            True, False, False, None,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("name", "expected"),
        [("slug", True), ("small", True), ("uuid", True), ("text", True), ("ip", False),
         ("amount", False), ("flag", False), ("moment", False), ("upload", False),
         ("shout", False), ("data", False)],
    )  # fmt: skip
    def test_which_a_url_can_carry(self, name, expected):
        assert facts("host.Everything").attributes[name].lookupable is expected

    @pytest.mark.parametrize("name", ["password", "api_token", "binary"])
    def test_a_url_carries_nothing_refused(self, name):
        assert not facts("host.Everything").refused[name].lookupable

    def test_choices_are_flat_and_spelled_out(self):
        everything = facts("host.Everything").attributes
        assert everything["level"].choices == [(1, "Low"), (2, "High")]
        assert everything["level"].choices == list(Level.choices)
        assert everything["status"].choices == [("new", "New"), ("paid", "Paid")]
        assert everything["text"].choices == []

    @isolate_apps("tests.host")
    def test_words_for_people_follow_the_active_language(self):
        class Thing(models.Model):
            day = models.DateField(gettext_lazy("username"), help_text=gettext_lazy("password"))

            class Meta:
                app_label = "host"
                verbose_name = gettext_lazy("user")

        thing = ModelFacts(Thing, Ceiling())
        day = thing.attributes["day"]
        assert (thing.verbose_name, day.verbose_name, day.help_text) == (
            "user", "username", "password",
        )  # fmt: skip
        with override("de"):
            assert (thing.verbose_name, day.verbose_name) == ("Benutzer", "Benutzername")

    @isolate_apps("tests.host")
    def test_a_key_of_several_columns_is_refused_and_its_parts_are_not(self):
        class Pair(models.Model):
            pk = models.CompositePrimaryKey("a", "b")
            a = models.IntegerField()
            b = models.IntegerField()

            class Meta:
                app_label = "host"

        pair = ModelFacts(Pair, Ceiling())
        assert list(pair.attributes) == ["a", "b"]
        assert not any(each.unique for each in pair.attributes.values())
        assert "fields that it is made of" in str(pair.refused["pk"].refused)

    @isolate_apps("tests.host")
    def test_a_field_of_a_name_that_python_folds_is_refused(self):
        fields = {"ｐassword": models.TextField(), "ﬁne": models.TextField()}
        attrs = {**fields, "__module__": __name__, "Meta": type("Meta", (), {"app_label": "host"})}
        thing = ModelFacts(type("Thing", (models.Model,), attrs), Ceiling())
        assert list(thing.attributes) == ["id"]
        assert "only look like those of 'password'" in str(thing.attribute("ｐassword").refused)
        assert thing.attribute("password") is None

    def test_a_full_width_spelling_of_a_field_is_no_field(self):
        assert facts("host.Everything").attribute("ｐassword") is None
        assert facts("host.Everything").attribute("ｔext") is None

    def test_a_child_has_what_its_parent_has(self):
        restaurant = facts("host.Restaurant")
        assert set(restaurant.attributes) == {"id", "name", "place_ptr_id", "stars"}
        assert restaurant.ancestors == ("host.place",)
        assert restaurant.attributes["name"].unique


class TestFind:
    @pytest.mark.parametrize("name", ["demo.BuyerProfile", "DEMO.buyerprofile", "BuyerProfile"])
    def test_by_label_in_any_case_or_by_class_name(self, name):
        assert catalog().find(name) == "demo.buyerprofile"

    def test_a_class_name_that_two_models_bear_is_refused_with_both(self):
        with pytest.raises(DocumentError) as error:
            catalog().find("Line")
        (problem,) = error.value.problems
        assert problem.code == "model.ambiguous"
        assert "basket.Line, host.Line" in problem.message
        assert '"model": "basket.Line"' in problem.fix

    def test_one_that_is_not_offered_does_not_count(self):
        with override_settings(TRACKADMIN={"EXCLUDE": ["basket"]}):
            assert catalog().find("Line") == "host.line"

    @pytest.mark.parametrize("name", ["buyerprofile", "BUYERPROFILE", "BuyerProfil"])
    def test_a_class_name_is_read_as_it_is_written(self, name):
        with pytest.raises(DocumentError) as error:
            catalog().find(name)
        (problem,) = error.value.problems
        assert problem.code == "model.unknown"
        assert "Did you mean 'demo.BuyerProfile'?" in problem.message
        assert '"model"' in problem.fix

    def test_two_that_are_both_kept_back_are_refused_with_a_reason(self):
        with override_settings(TRACKADMIN={"MODELS": ["demo"]}), pytest.raises(DocumentError) as e:
            catalog().find("Line")
        assert "MODELS" in str(e.value)

    @pytest.mark.parametrize("name", ["Session", "sessions.Session"])
    def test_one_that_is_kept_back_is_refused_with_the_reason(self, name):
        with pytest.raises(DocumentError, match="internal table of the site"):
            catalog().find(name)

    @given(st.text(max_size=20))
    def test_any_other_text_is_refused_by_name(self, name):
        if name in {each.name for each in catalog().models()} or catalog().get(name):
            return
        with pytest.raises(DocumentError) as error:
            catalog().find(name)
        assert [problem.where for problem in error.value.problems] == [name]


class TestSettings:
    def test_the_catalog_is_kept_while_nothing_changes(self):
        assert catalog() is catalog()

    @pytest.mark.parametrize("setting", ["TRACKADMIN", "INSTALLED_APPS", "AUTH_USER_MODEL"])
    def test_it_is_made_anew_when_a_setting_it_hangs_on_changes(self, setting):
        before = catalog()
        site_module.forget_catalog(setting=setting, value=None, enter=True)
        assert catalog() is not before

    def test_it_is_not_when_another_does(self):
        before = catalog()
        with override_settings(DEBUG=True):
            assert catalog() is before

    def test_settings_count_at_once_and_are_given_back(self):
        assert "text" in facts("host.Everything").attributes
        with override_settings(TRACKADMIN={"EXCLUDE": ["host.Everything.text"]}):
            assert "text" not in facts("host.Everything").attributes
        assert "text" in facts("host.Everything").attributes

    def test_a_setting_of_the_wrong_shape_is_named(self):
        with override_settings(TRACKADMIN=[]), pytest.raises(SettingError, match="must be a dict"):
            catalog()

    def test_entries_that_name_nothing_are_told(self):
        wrong = {
            "MODELS": ["host", "nowhere", "host.Nothing", "host.Order.number"],
            "EXCLUDE": [
                "host.Order",
                "host.Order.nunber",
                "django.contrib.auth",
                "host.Order.tags",
            ],
            "ALLOW": ["host.Everything.api_token", "host", "host.Everything"],
            "COMPUTED": ["auth.User.get_full_name", "auth.User", "auth.User.full_name"],
        }
        with override_settings(TRACKADMIN=wrong):
            assert {(stray.setting, stray.entry) for stray in catalog().strays()} == {
                ("MODELS", "nowhere"), ("MODELS", "host.nothing"), ("MODELS", "host.order.number"),
                ("EXCLUDE", "host.order.nunber"), ("EXCLUDE", "django.contrib.auth"),
                ("ALLOW", "host"), ("COMPUTED", "auth.user"), ("COMPUTED", "auth.user.full_name"),
            }  # fmt: skip

    def test_no_settings_leave_no_strays(self):
        assert catalog().strays() == []


names = st.one_of(
    st.text(max_size=30),
    st.sampled_from(sorted(dir(Everything)) + sorted(dir(Person)) + sorted(dir(Restaurant))),
    st.from_regex(r"\A_{0,2}[a-z]+(_[a-z]+){0,3}_{0,2}\Z"),
)


@given(names, st.sampled_from([Everything, Person, Restaurant, Order]))
def test_any_name_has_an_answer_and_never_an_error(name, model):
    each = catalog().get(model._meta.label)
    found = each.attribute(name)
    if found is None:
        assert name not in each.attributes
    else:
        assert bool(found.refused) == (found.name not in each.attributes)
        assert not (found.refused and found.lookupable)
    assert each.relations.get(name) is None or each.relations[name].accessor == name
    if name.startswith("_") or not name.isascii():
        assert found is None or found.refused


@given(st.text(max_size=30))
def test_any_label_has_an_answer_and_never_an_error(label):
    assert (catalog().get(label) is None) == bool(catalog().why_not(label))


def test_threads_that_start_together_get_the_same_answers():
    site_module.forget_catalog(setting="TRACKADMIN")
    found, start = [], threading.Barrier(8)

    def ask():
        start.wait()
        found.append(tuple(catalog().get("host.Everything").attributes))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_there_is_one_way_from_a_label_to_a_model():
    """B7. ``apps.get_model`` heeds the case of an app's label; maps are written in lower case."""
    package = Path(site_module.__file__).parent.parent
    uses = [
        f"{path.name}: {line.strip()}"
        for path in sorted(package.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"(apps|config)\.get_model\(", line) and '("trackadmin", ' not in line
    ]
    assert uses == ["labels.py: return config.get_model(name)"]


@pytest.mark.parametrize("label", ["host.Order", "HOST.order", "Host.ORDER", "host.order"])
def test_a_label_is_read_in_any_case(label):
    assert model_of(label) is Order


@pytest.mark.parametrize("label", ["", ".", "host", "host.", "host.Nothing", "x.order", "a.b.c"])
def test_what_is_no_label_names_no_model(label):
    assert model_of(label) is None


class TestRefusals:
    @pytest.mark.parametrize(
        ("label", "code"),
        [
            ("zzz.qqq", RefusalCode.UNKNOWN),
            ("auth.Permission", RefusalCode.MACHINERY),
            ("trackadmin.MapVersion", RefusalCode.OWN_TABLE),
        ],
    )
    def test_a_model_is_refused_with_a_code(self, label, code):
        assert catalog().why_not(label).code is code

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("api_token", RefusalCode.SECRET),
            ("save", RefusalCode.DJANGO),
            ("objects", RefusalCode.NO_ATTRIBUTE),
        ],
    )
    def test_an_attribute_is_refused_with_a_code(self, name, code):
        assert facts("host.Everything").attribute(name).refused.code is code

    def test_it_is_said_in_the_language_that_is_active(self):
        """What is found once is shown to people of several languages, also by another process."""
        refusal = pickle.loads(pickle.dumps(catalog().why_not("auth.Permission")))
        english = str(refusal)
        with override("de"):
            german = str(refusal)
            assert str(refusal.sentences) == german
        assert english.endswith("A developer can add 'auth.Permission' to ALLOW.")
        assert german != english
        assert "auth.Permission" in german

    def test_every_code_is_given(self):
        """A reason that nothing gives is dead."""
        folder = Path(site_module.__file__).parent
        source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
        assert all(f"RefusalCode.{code.name}" in source for code in RefusalCode)
        assert all(f"StrayCode.{code.name}" in source for code in StrayCode)
