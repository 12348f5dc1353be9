"""Runs a command beside a PostgreSQL server of its own: python -m tests.postgresql COMMAND …

The server listens on a free port of this machine, keeps its data in a temporary folder and is
stopped by process id when the command ends. It forgets on a crash: it is only for tests.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30


def find_server():
    """The newest installed server's folder of programs, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))
    if folders:
        return folders[-1]
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def server():
    """A running server; gives its port. Its one role is "trackadmin", trusted from this machine."""
    programs = find_server()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    # The server refuses to run as root.
    user = "postgres" if os.getuid() == 0 else None
    data = Path(tempfile.mkdtemp(prefix="trackadmin-postgresql-"))
    if user:
        os.chown(data, pwd.getpwnam(user).pw_uid, -1)
    port = free_port()
    as_user = {"user": user, "cwd": data, "env": {**os.environ, "LC_ALL": "C.UTF-8"}}
    initdb = [
        programs / "initdb",
        "-D",
        data / "db",
        "-U",
        "trackadmin",
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **as_user)
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": data,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": 200,
    }
    arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data / "db", *arguments],
            stdout=log,
            stderr=log,
            **as_user,
        )
        try:
            wait_for(process, port, data / "log")
            for name in ("trackadmin_default", "trackadmin_other"):
                createdb = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port)]
                subprocess.run([*createdb, "-U", "trackadmin", name], check=True, **as_user)
            yield port
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: connections are cut
            process.wait(timeout=30)
            shutil.rmtree(data, ignore_errors=True)


def wait_for(process, port, log):
    deadline = time.monotonic() + START_SECONDS
    while not accepts(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.05)


def main():
    with server() as port:
        environment = {**os.environ, "TRACKADMIN_TEST_POSTGRESQL_PORT": str(port)}
        return subprocess.run(sys.argv[1:], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
