"""The shop's page, the button that buys, and the events that the page shows."""

import json
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from demo.models import Address, BuyerProfile, CompanyAccount, Order, Product, TrackedEvent
from trackadmin.runtime import is_ready, tracking_query

PRODUCTS_A_PAGE = 6
ORDERS_SHOWN = 4
#: The newest events that a freshly opened page shows.
EVENTS_SHOWN = 12
#: The most events in one answer to a page that waits for more.
EVENTS_A_POLL = 50


@require_GET
@never_cache
def shop(request: HttpRequest) -> HttpResponse:
    """The page; ``buyer`` (uuid) and ``company`` (id) say who is shopping."""
    buyers = BuyerProfile.objects.select_related("user").order_by("pk")
    companies = CompanyAccount.objects.order_by("pk")
    buyer = chosen(buyers, "uuid", request.GET.get("buyer", ""))
    products = Product.objects.select_related("manufacturer").order_by(F("in_stock").desc(), "pk")
    orders = Order.objects.filter(buyer=buyer).select_related("product").order_by("-placed_at")
    context = {
        "buyers": buyers,
        "companies": companies,
        "buyer": buyer,
        "company": chosen(companies, "pk", request.GET.get("company", "")),
        "page": Paginator(products, PRODUCTS_A_PAGE).get_page(request.GET.get("page")),
        "orders": orders[:ORDERS_SHOWN],
        "ready": is_ready(),
    }
    return render(request, "demo/shop.html", context)


def chosen(rows: Any, name: str, text: str) -> Any:
    """The row whose field ``name`` reads ``text``; else the first, or None where there is none."""
    rows = list(rows)
    found = [row for row in rows if str(getattr(row, name)) == text]
    return (found or rows or [None])[0]


@require_POST
def buy(request: HttpRequest) -> JsonResponse:
    """Place an order; the answer holds its number and the tracking URL to fire."""
    product = get_object_or_404(Product, sku=request.POST.get("product"), in_stock=True)
    company = get_object_or_404(CompanyAccount, name=request.POST.get("company"))
    buyer = chosen(BuyerProfile.objects.all(), "uuid", request.POST.get("buyer", ""))
    address = company.address or Address.objects.first()
    if buyer is None or address is None:
        raise Http404("The shop has no buyer, or no address to send the order to.")
    order = place_order(buyer, company, product, address)
    query = tracking_query(order, action="order_placed", channel="shop")
    url = f"{reverse('trackadmin:collect')}?{query}"
    return JsonResponse({"number": order.number, "track": url})


def place_order(
    buyer: BuyerProfile, company: CompanyAccount, product: Product, address: Address
) -> Order:
    """A new order of one piece, under the next number."""
    last = Order.objects.order_by("pk").last()
    return Order.objects.create(
        number=f"SO-{1001 + (last.pk if last else 0)}",
        buyer=buyer,
        company=company,
        product=product,
        total=product.price,
        billing_address=address,
        shipping_address=address,
    )


@require_GET
@never_cache
def events(request: HttpRequest) -> JsonResponse:
    """Events after the id ``after``, oldest first; without it the newest ones.

    Shape: ``{"ready": bool, "events": [{"id", "at", "version", "sent", "became", "wrong"}]}``,
    where ``became`` is a list of ``[name, value]`` in the order of the event, and ``wrong`` a list
    of ``{"code", "name"}``.
    """
    after = request.GET.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 19:  # digits of a 64-bit id
        found = list(TrackedEvent.objects.filter(pk__gt=int(after)).order_by("pk")[:EVENTS_A_POLL])
    else:
        found = list(TrackedEvent.objects.order_by("-pk")[:EVENTS_SHOWN])[::-1]
    return JsonResponse({"ready": is_ready(), "events": [as_data(event) for event in found]})


def as_data(event: TrackedEvent) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": event.received_at.isoformat(),
        "version": event.version,
        "sent": event.sent,
        "became": list(json.loads(event.became).items()),
        "wrong": json.loads(event.wrong),
    }
