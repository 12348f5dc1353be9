"""The objects and the map that every bench uses."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from demo.models import (
    Address,
    BuyerProfile,
    CompanyAccount,
    Country,
    Manufacturer,
    Order,
    Product,
)
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.document import from_dict
from trackadmin.models import TrackingMap

USER_FIELDS = [
    "id",
    "first_name",
    "last_name",
    "email",
    "is_staff",
    "is_active",
    "is_superuser",
    "username",
]

MAP = {
    "BuyerProfile": {"attributes": ["uuid", "ctime"], "children": ["user"], "key": "uuid"},
    "User": {
        "model": "auth.User",
        "attributes": USER_FIELDS,
        "key": "id",
    },
    "CompanyAccount": {"attributes": ["name", "is_demo"], "key": "name"},
    "Manufacturer": {"attributes": ["uuid", "slug", "name"], "key": "slug"},
    "Product": {"attributes": ["sku", "name", "price", "in_stock"], "key": "sku"},
    "Order": {
        "attributes": ["number", "status", "quantity", "total", "placed_at"],
        "key": "number",
    },
}


@dataclass
class Data:
    """One object of each tracked model."""

    buyer: BuyerProfile
    company: CompanyAccount
    manufacturer: Manufacturer
    product: Product
    order: Order

    def query(self, references: int) -> str:
        """A tracking URL's query with 2 or 5 references."""
        parts = [
            f"BuyerProfile__uuid={self.buyer.uuid}",
            f"CompanyAccount__name={self.company.name.replace(' ', '%20')}",
            f"Manufacturer__slug={self.manufacturer.slug}",
            f"Product__sku={self.product.sku}",
            f"Order__number={self.order.number}",
        ]
        return "&".join(["action=signup_click", *parts[:references]])


def one_by_hand(obj: Any) -> dict[str, Any]:
    match obj:
        case BuyerProfile():
            user = obj.user
            return {
                "BuyerProfile_uuid": str(obj.uuid),
                "BuyerProfile_ctime": obj.ctime.isoformat(),
                "User_id": user.id,
                "User_first_name": user.first_name,
                "User_last_name": user.last_name,
                "User_email": user.email,
                "User_is_staff": user.is_staff,
                "User_is_active": user.is_active,
                "User_is_superuser": user.is_superuser,
                "User_username": user.username,
            }
        case CompanyAccount():
            return {"CompanyAccount_name": obj.name, "CompanyAccount_is_demo": obj.is_demo}
        case Manufacturer():
            return {
                "Manufacturer_uuid": str(obj.uuid),
                "Manufacturer_slug": obj.slug,
                "Manufacturer_name": obj.name,
            }
        case Product():
            return {
                "Product_sku": obj.sku,
                "Product_name": obj.name,
                "Product_price": str(obj.price),
                "Product_in_stock": obj.in_stock,
            }
    return {
        "Order_number": obj.number,
        "Order_status": obj.status,
        "Order_quantity": obj.quantity,
        "Order_total": str(obj.total),
        "Order_placed_at": obj.placed_at.isoformat(),
    }


def create() -> Data:
    """Make the rows and publish the map; the rows lie among a thousand others."""
    country = Country.objects.create(code="NL", name="Netherlands")
    address = Address.objects.create(street="A 1", city="B", postcode="C", country=country)
    maker = Manufacturer.objects.create(slug="acme", name="Acme", country=country)
    users = User.objects.bulk_create(
        User(
            username=f"user{n}",
            first_name="Test",
            last_name="Person",
            email=f"user{n}@example.com",
        )
        for n in range(1000)
    )
    buyers = BuyerProfile.objects.bulk_create(
        BuyerProfile(user=user, uuid=uuid.UUID(int=n), ctime=datetime(2026, 1, 2, 3, 4, 5, 6, UTC))
        for n, user in enumerate(users)
    )
    companies = CompanyAccount.objects.bulk_create(
        CompanyAccount(name=f"Company {n}") for n in range(1000)
    )
    product = Product.objects.create(
        sku="SKU-1", name="Bolt", price=Decimal("1.50"), manufacturer=maker
    )
    order = Order.objects.create(
        number="O-1",
        buyer=buyers[500],
        company=companies[500],
        product=product,
        total=Decimal("3.00"),
        billing_address=address,
        shipping_address=address,
    )
    publish(MAP)
    return Data(
        buyer=BuyerProfile.objects.select_related("user").get(pk=buyers[500].pk),
        company=companies[500],
        manufacturer=maker,
        product=product,
        order=order,
    )


def publish(data: dict, slug: str = "default") -> None:
    """Make this map the draft and publish it."""
    root = TrackingMap.objects.get(slug=slug)
    editing.import_document(root, from_dict(data, catalog().find))
    editing.publish(root, by=None, note="bench")
