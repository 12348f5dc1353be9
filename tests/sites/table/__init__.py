"""The sites: one file for each theme. What is listed as `SITES` in any of them is walked."""
