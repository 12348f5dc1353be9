"""The tracking URL: what a browser calls, what becomes of it, and where it goes."""
