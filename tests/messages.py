"""The catalogs of translations: collected from code and templates, compiled, and read by tests.

``make messages`` calls it after a sentence was added or changed; then translate what is new in
``trackadmin/locale/*/LC_MESSAGES/django.po`` and call it again.
"""

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import django
import polib
from django.core.management import call_command
from django.core.management.commands import makemessages
from django.test import override_settings

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "trackadmin/locale"
#: English needs no catalog: its sentences are in the code.
LANGUAGES = ("de",)


class Collect(makemessages.Command):
    """Django's command without guesses: a sentence that changed is one to translate anew."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]


def catalog(language, locale=LOCALE):
    """The path of a language's catalog."""
    return locale / language / "LC_MESSAGES/django.po"


def collect(language):
    """The text that the language's catalog has after all sentences were collected.

    In a copy, since Django's command writes beside the templates while it reads them.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in ("trackadmin", "templates"):
            shutil.copytree(ROOT / source, folder / source, ignore=_no_catalogs)
        copy = catalog(language, folder / "locale")
        copy.parent.mkdir(parents=True)
        if catalog(language).exists():
            shutil.copy(catalog(language), copy)
        with contextlib.chdir(folder), override_settings(LOCALE_PATHS=[folder / "locale"]):
            options = {"add_location": "file", "no_obsolete": True, "verbosity": 0}
            call_command(Collect(), locale=[language], **options)
        return _without_date(copy.read_text())


def compile_catalog(source, target):
    """Write the compiled catalog; placeholders that differ are an error."""
    command = ["msgfmt", "--check", "-o", target, source]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr)


def untranslated(language):
    """The sentences that the catalog does not translate."""
    return [entry.msgid for entry in polib.pofile(catalog(language)) if not entry.translated()]


def _no_catalogs(folder, names):
    return [name for name in names if name in ("locale", "__pycache__")]


def _without_date(text):
    """Without the time of collecting, which would change the file each time."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('"POT-Creation-Date:'))


def main():
    django.setup()
    for language in LANGUAGES:
        source = catalog(language)
        text = collect(language)
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(text)
        compile_catalog(source, source.with_suffix(".mo"))
        left = untranslated(language)
        print(f"{source.relative_to(ROOT)}: {len(left)} sentences to translate")
        for sentence in left:
            print(f"  {sentence}")


if __name__ == "__main__":
    main()
