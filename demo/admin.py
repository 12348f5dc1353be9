"""The shop's own admin pages; their search fields serve the preview's choice of a sample object."""

from django.contrib import admin  # noqa: TID251 - the ban is for trackadmin, this is a host

from demo.models import (
    Address,
    BuyerProfile,
    CompanyAccount,
    Country,
    Manufacturer,
    Order,
    Product,
)


@admin.register(Country)
class CountryAdmin(admin.ModelAdmin):
    list_display = ["name", "code"]
    search_fields = ["name", "code"]


@admin.register(Address)
class AddressAdmin(admin.ModelAdmin):
    list_display = ["street", "postcode", "city", "country"]
    list_select_related = ["country"]
    search_fields = ["street", "city", "postcode"]


@admin.register(BuyerProfile)
class BuyerProfileAdmin(admin.ModelAdmin):
    list_display = ["user", "uuid", "ctime", "newsletter"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__first_name", "user__last_name", "user__email"]
    autocomplete_fields = ["user"]
    readonly_fields = ["uuid"]
    ordering = ["user__username"]


@admin.register(CompanyAccount)
class CompanyAccountAdmin(admin.ModelAdmin):
    list_display = ["name", "industry", "employees", "is_demo"]
    search_fields = ["name", "industry"]


@admin.register(Manufacturer)
class ManufacturerAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "country"]
    list_select_related = ["country"]
    search_fields = ["name", "slug"]
    readonly_fields = ["uuid"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "sku", "manufacturer", "price", "in_stock"]
    list_filter = ["manufacturer", "in_stock"]
    list_select_related = ["manufacturer"]
    search_fields = ["name", "sku"]


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["number", "placed_at", "buyer", "company", "product", "total", "status"]
    list_filter = ["status"]
    list_select_related = ["buyer__user", "company", "product"]
    search_fields = ["number", "buyer__user__username", "company__name", "product__name"]
    autocomplete_fields = ["buyer", "company", "product", "billing_address", "shipping_address"]
    date_hierarchy = "placed_at"
