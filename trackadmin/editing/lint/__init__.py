"""The rules of lint: each is a function over a document and the catalog."""
