"""Ratios, side by side in one run: trackadmin beside what people would use instead."""
