"""From a plan to the values of an instance: generated code, and the slow path beside it."""
