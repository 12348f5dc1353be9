"""tracking_values(buyer, company), relations loaded, beside seven ways to write it oneself."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import attrs
import cattrs
import marshmallow
import pydantic
from django.contrib.auth.models import User
from django.forms.models import model_to_dict
from rest_framework import serializers

from bench.data import MAP, USER_FIELDS, Data
from bench.timing import Row, compare, fastest, in_turn
from demo.models import BuyerProfile, CompanyAccount
from trackadmin.runtime import tracking_values

LIBRARIES = ["Django REST framework", "pydantic", "marshmallow", "model_to_dict", "cattrs"]


def by_hand(buyer: BuyerProfile, company: CompanyAccount) -> dict[str, Any]:
    """The literal that a careful engineer would write."""
    user = buyer.user
    return {
        "BuyerProfile_uuid": str(buyer.uuid),
        "BuyerProfile_ctime": buyer.ctime.isoformat(),
        "User_id": user.id,
        "User_first_name": user.first_name,
        "User_last_name": user.last_name,
        "User_email": user.email,
        "User_is_staff": user.is_staff,
        "User_is_active": user.is_active,
        "User_is_superuser": user.is_superuser,
        "User_username": user.username,
        "CompanyAccount_name": company.name,
        "CompanyAccount_is_demo": company.is_demo,
    }


def naive(*objects: Any) -> dict[str, Any]:
    """The loop over a dict that most sites start with."""
    values: dict[str, Any] = {}
    for obj in objects:
        name = type(obj).__name__
        entry = MAP[name]
        for attribute in entry["attributes"]:
            value = getattr(obj, attribute)
            if isinstance(value, uuid.UUID):
                value = str(value)
            elif isinstance(value, datetime.datetime):
                value = value.isoformat()
            values[f"{name}_{attribute}"] = value
        for child in entry.get("children", ()):
            values.update(naive(getattr(obj, child)))
    return values


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = USER_FIELDS


class BuyerSerializer(serializers.ModelSerializer):
    user = UserSerializer()

    class Meta:
        model = BuyerProfile
        fields = ["uuid", "ctime", "user"]


class CompanySerializer(serializers.ModelSerializer):
    class Meta:
        model = CompanyAccount
        fields = ["name", "is_demo"]


BUYER_SERIALIZER, COMPANY_SERIALIZER = BuyerSerializer(), CompanySerializer()


def rest_framework(buyer: BuyerProfile, company: CompanyAccount) -> list[Any]:
    """Views make a serializer for each answer, which takes far longer than to use it."""
    return [
        BUYER_SERIALIZER.to_representation(buyer),
        COMPANY_SERIALIZER.to_representation(company),
    ]


class PydanticUser(pydantic.BaseModel, from_attributes=True):
    id: int
    first_name: str
    last_name: str
    email: str
    is_staff: bool
    is_active: bool
    is_superuser: bool
    username: str


class PydanticBuyer(pydantic.BaseModel, from_attributes=True):
    uuid: uuid.UUID
    ctime: datetime.datetime
    user: PydanticUser


class PydanticCompany(pydantic.BaseModel, from_attributes=True):
    name: str
    is_demo: bool


def pydantic_dump(buyer: BuyerProfile, company: CompanyAccount) -> list[Any]:
    return [
        PydanticBuyer.model_validate(buyer).model_dump(mode="json"),
        PydanticCompany.model_validate(company).model_dump(mode="json"),
    ]


class MarshmallowUser(marshmallow.Schema):
    id = marshmallow.fields.Integer()
    first_name = marshmallow.fields.String()
    last_name = marshmallow.fields.String()
    email = marshmallow.fields.String()
    is_staff = marshmallow.fields.Boolean()
    is_active = marshmallow.fields.Boolean()
    is_superuser = marshmallow.fields.Boolean()
    username = marshmallow.fields.String()


class MarshmallowBuyer(marshmallow.Schema):
    uuid = marshmallow.fields.UUID()
    ctime = marshmallow.fields.DateTime()
    user = marshmallow.fields.Nested(MarshmallowUser)


class MarshmallowCompany(marshmallow.Schema):
    name = marshmallow.fields.String()
    is_demo = marshmallow.fields.Boolean()


BUYER_SCHEMA, COMPANY_SCHEMA = MarshmallowBuyer(), MarshmallowCompany()


def marshmallow_dump(buyer: BuyerProfile, company: CompanyAccount) -> list[Any]:
    return [BUYER_SCHEMA.dump(buyer), COMPANY_SCHEMA.dump(company)]


def django_model_to_dict(buyer: BuyerProfile, company: CompanyAccount) -> list[Any]:
    """It leaves out fields that are not editable, and converts nothing."""
    return [
        model_to_dict(buyer, ["uuid", "ctime"]),
        model_to_dict(buyer.user, USER_FIELDS),
        model_to_dict(company, ["name", "is_demo"]),
    ]


@attrs.define
class AttrsUser:
    id: int
    first_name: str
    last_name: str
    email: str
    is_staff: bool
    is_active: bool
    is_superuser: bool
    username: str


@attrs.define
class AttrsBuyer:
    uuid: uuid.UUID
    ctime: datetime.datetime
    user: AttrsUser


@attrs.define
class AttrsCompany:
    name: str
    is_demo: bool


CONVERTER = cattrs.Converter()
CONVERTER.register_unstructure_hook(uuid.UUID, str)
CONVERTER.register_unstructure_hook(datetime.datetime, datetime.datetime.isoformat)


def cattrs_unstructure(buyer: BuyerProfile, company: CompanyAccount) -> list[Any]:
    """It knows attrs classes only, so the rows are copied into such first."""
    user = AttrsUser(*(getattr(buyer.user, name) for name in USER_FIELDS))
    return [
        CONVERTER.unstructure(AttrsBuyer(buyer.uuid, buyer.ctime, user)),
        CONVERTER.unstructure(AttrsCompany(company.name, company.is_demo)),
    ]


def run(data: Data, database: str) -> tuple[list[Row], dict[str, list[float]]]:
    """The rows of the table, and every contestant's seconds per call for the plot."""
    buyer, company = data.buyer, data.company
    assert tracking_values(buyer, company) == by_hand(buyer, company) == naive(buyer, company)
    ways = {
        "trackadmin": tracking_values,
        "by hand": by_hand,
        "naive loop": naive,
        "Django REST framework": rest_framework,
        "pydantic": pydantic_dump,
        "marshmallow": marshmallow_dump,
        "model_to_dict": django_model_to_dict,
        "cattrs": cattrs_unstructure,
    }
    calls = {name: (lambda way=way: way(buyer, company)) for name, way in ways.items()}
    seconds = in_turn(calls)
    common = {"work": "tracking_values(buyer, company)", "database": database, "ours": "trackadmin"}
    rows = [
        compare(seconds, **common, theirs="by hand", at_most=1.10),
        compare(seconds, **common, theirs="naive loop", at_most=0.5),
    ]
    # Every library is shown; the fastest of them is the one that counts.
    best = fastest(seconds, LIBRARIES)
    others = [name for name in LIBRARIES if name != best]
    rows += [
        compare(seconds, **common, theirs=name, at_most=0.5) for name in [best, *sorted(others)]
    ]
    return rows, seconds
