"""From lookups and querysets to values, by statements that the ORM writes."""
