"""Small sites around trackadmin, each walked through in a process of its own.

To add a fault that somebody met on their site: choose a file of `tests/sites/table/` (or add one),
add a `Site` with the settings or models that show it, and assert in `after` what must hold. The
rest is done for every site: the checks, the migrations, each of our pages as two people, an edit,
a publish, a tracking URL and its event, the commands. Run one site with

    .venv/bin/pytest tests/sites -k name_of_the_site
"""
