"""The TypeScript compiler: run by the Node that playwright brings, fetched once with npm."""

import os
import shutil
import subprocess
from pathlib import Path

import playwright
import pytest

VERSION = "5.9.3"
FOLDER = Path(__file__).resolve().parent.parent / ".typescript"
NODE = Path(playwright.__file__).parent / "driver" / "node"


def compiler():
    """The compiler's file; without it the test is left out, or fails where CI is set."""
    found = FOLDER / VERSION / "package" / "lib" / "tsc.js"
    if not found.exists() and (npm := shutil.which("npm")):
        found.parents[2].mkdir(parents=True, exist_ok=True)
        packed = [npm, "pack", "--silent", f"typescript@{VERSION}"]
        subprocess.run(packed, cwd=FOLDER / VERSION, check=False, timeout=120)
        for archive in (FOLDER / VERSION).glob("*.tgz"):
            subprocess.run(["tar", "xzf", archive.name], cwd=archive.parent, check=True)
    if not found.exists():
        missing = "TypeScript is not there, and npm cannot fetch it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return found


def errors_in(path):
    """What the compiler says about a file; empty for nothing."""
    strict = ["--noEmit", "--strict", "--target", "es2022"]
    done = subprocess.run(
        [NODE, compiler(), *strict, path], capture_output=True, text=True, timeout=120
    )
    return done.stdout
