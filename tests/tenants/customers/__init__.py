"""The tenants themselves, as django-tenants wants them."""
