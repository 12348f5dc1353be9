"""Runs a statement past Django's cursor where that is safe."""
