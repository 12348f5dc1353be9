"""A site of 54 models as real ones are: everything leads to an account, a country, a parent.

Installed only where a test asks for it (``tests.sprawling``); it has no tables.
"""

from django.db import models

#: Each model with its foreign keys: the field, and the model it leads to. ``!`` is one-to-one.
SITE = {
    "Account": [],
    "Profile": ["account!Account", "photo:Media", "country:Country"],
    "Country": ["currency:Currency"],
    "Currency": [],
    "Address": ["country:Country", "account:Account"],
    "Company": ["parent:Company", "billing_address:Address", "owner:Account"],
    "Employee": ["account:Account", "company:Company", "manager:Employee"],
    "Media": ["uploaded_by:Account"],
    "Brand": ["logo:Media", "company:Company"],
    "Category": ["parent:Category", "image:Media"],
    "Product": ["brand:Brand", "category:Category", "image:Media", "created_by:Account"],
    "Variant": ["product:Product", "image:Media", "tax_class:TaxClass"],
    "TaxClass": ["country:Country"],
    "Warehouse": ["address:Address", "manager:Employee"],
    "StockRecord": ["variant:Variant", "warehouse:Warehouse"],
    "Cart": ["account:Account", "currency:Currency", "voucher:Voucher"],
    "CartLine": ["cart:Cart", "variant:Variant"],
    "Voucher": ["created_by:Account", "category:Category"],
    "Order": [
        "customer:Account",
        "billing_address:Address",
        "shipping_address:Address",
        "currency:Currency",
        "cart:Cart",
        "previous:Order",
    ],
    "OrderLine": ["order:Order", "variant:Variant", "stock:StockRecord"],
    "Payment": ["order:Order", "currency:Currency", "method:PaymentMethod"],
    "PaymentMethod": ["account:Account", "billing_address:Address"],
    "Refund": ["payment:Payment", "approved_by:Employee", "requested_by:Account"],
    "Shipment": ["order:Order", "warehouse:Warehouse", "carrier:Carrier", "address:Address"],
    "Carrier": ["company:Company", "country:Country"],
    "Return": ["shipment:Shipment", "order_line:OrderLine", "refund:Refund"],
    "Review": ["product:Product", "author:Account", "moderator:Account"],
    "Question": ["product:Product", "author:Account"],
    "Answer": ["question:Question", "author:Account"],
    "Page": ["parent:Page", "author:Account", "site:Site", "image:Media"],
    "Site": ["country:Country", "currency:Currency", "company:Company"],
    "Menu": ["site:Site"],
    "MenuItem": ["menu:Menu", "page:Page", "parent:MenuItem"],
    "Campaign": ["owner:Employee", "site:Site", "brand:Brand"],
    "Advert": ["campaign:Campaign", "image:Media", "page:Page"],
    "Click": ["advert:Advert", "account:Account", "session:Visit"],
    "Visit": ["account:Account", "site:Site", "country:Country"],
    "Newsletter": ["site:Site", "created_by:Employee"],
    "Subscriber": ["newsletter:Newsletter", "account:Account"],
    "Ticket": ["account:Account", "order:Order", "assignee:Employee", "merged_into:Ticket"],
    "Message": ["ticket:Ticket", "author:Account", "reply_to:Message"],
    "Attachment": ["message:Message", "media:Media"],
    "Contract": ["company:Company", "signed_by:Employee", "currency:Currency"],
    "Invoice": ["contract:Contract", "order:Order", "billing_address:Address"],
    "InvoiceLine": ["invoice:Invoice", "tax_class:TaxClass"],
    "Supplier": ["company:Company", "contact:Employee", "currency:Currency"],
    "Purchase": ["supplier:Supplier", "warehouse:Warehouse", "approved_by:Employee"],
    "PurchaseLine": ["purchase:Purchase", "variant:Variant"],
    "Event": ["venue:Address", "organizer:Company", "image:Media"],
    "Registration": ["event:Event", "attendee:Account", "invoice:Invoice"],
    "Course": ["teacher:Employee", "category:Category"],
    "Lesson": ["course:Course", "video:Media"],
    "Enrolment": ["course:Course", "student:Account", "order_line:OrderLine"],
    "Audit": ["actor:Account", "employee:Employee", "site:Site"],
}


def _relation(text):
    one_to_one = "!" in text
    name, target = text.replace("!", ":").split(":")
    if one_to_one:
        return name, models.OneToOneField(target, models.CASCADE)
    return name, models.ForeignKey(target, models.CASCADE, null=True, related_name="+")


for _name, _relations in SITE.items():
    _fields = {
        "code": models.CharField(max_length=20, unique=True),
        "title": models.CharField(max_length=50),
        "status": models.CharField(max_length=10),
        "created": models.DateTimeField(null=True),
        "weight": models.IntegerField(default=0),
        **dict(_relation(text) for text in _relations),
    }
    globals()[_name] = type(_name, (models.Model,), {"__module__": __name__, **_fields})
