"""From a plan to the values of an instance: one rule per kind, generated code, and a slow path."""
