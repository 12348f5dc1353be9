# Everything a newcomer needs: `make demo` and `make test`. Needs Python 3.11+ and make.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
IN_VENV := $(VENV)/bin/python

.PHONY: demo test coverage bench torture pictures format messages clean

# Sets up and serves the demo shop; the second time it starts in seconds and keeps its data.
demo: $(VENV)/.installed
	@$(IN_VENV) manage.py demo --port $(PORT)

# Runs everything this machine can run, and says what it could not and why.
test: $(VENV)/.installed-sites
	@$(IN_VENV) -m tests.suite

# Which lines and branches the tests on SQLite reach.
coverage: $(VENV)/.installed-sites
	@$(VENV)/bin/pytest -q -m "not browser and not install" --cov --cov-report=term

# Measures trackadmin beside what people would use instead; writes docs/performance.md.
bench: $(VENV)/.installed-bench
	@$(IN_VENV) -m bench

# Injects faults for minutes and says what was lost: nothing may be.
torture: $(VENV)/.installed-sites
	@$(IN_VENV) -m tests.suite --torture

# Makes every picture of the docs from the demo. Look at them before you commit them.
pictures: $(VENV)/.installed
	@$(IN_VENV) -m tests.pictures

format: $(VENV)/.installed
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

# Collects the sentences of code and pages into the catalogs, compiles these, lists what to translate.
messages: $(VENV)/.installed
	@DJANGO_SETTINGS_MODULE=tests.settings $(IN_VENV) -m tests.messages

clean:
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .coverage* demo/db.sqlite3* demo/events.log

# A virtual environment that was cut off half-way has no stamp and is made anew. As root on Debian
# the module venv may be missing from Python itself: then it is installed.
$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -q && apt-get install -y -q python3-venv && $(PYTHON) -m venv $(VENV); } \
		|| { echo "The Python module venv is missing: install your system's python3-venv."; exit 1; }
	@$(IN_VENV) -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-sites: $(VENV)/.installed requirements-sites.txt
	@$(IN_VENV) -m pip install -q --disable-pip-version-check -r requirements-sites.txt
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed requirements-bench.txt
	@$(IN_VENV) -m pip install -q --disable-pip-version-check -r requirements-bench.txt
	@touch $@
