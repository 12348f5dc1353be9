"""A read-only door for programs: maps, versions, documents, dictionaries and types. No values."""
