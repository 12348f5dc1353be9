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
NAMES = ("trackadmin_default", "trackadmin_other")


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


class Server:
    """A server that can be stopped and started again on the same port with the same data."""

    def __init__(self):
        self.programs = find_server()
        if self.programs is None:
            raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
        self.port = free_port()
        self.process = None
        self.data = Path(tempfile.mkdtemp(prefix="trackadmin-postgresql-"))
        # The server refuses to run as root.
        user = "postgres" if os.getuid() == 0 else None
        if user:
            os.chown(self.data, pwd.getpwnam(user).pw_uid, -1)
        self._as_user = {"user": user, "cwd": self.data, "env": {**os.environ, "LC_ALL": "C.UTF-8"}}

    def create(self):
        """Make the folder of data: its one role is "trackadmin", trusted from this machine."""
        form = ["-U", "trackadmin", "-A", "trust", "-E", "UTF8"]
        command = [self.programs / "initdb", "-D", self.data / "db", *form]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._as_user)

    def start(self):
        """Start, and return when a connection can be made."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.data,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 200,
        }
        arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data / "db", *arguments],
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        self._wait()

    def create_databases(self):
        for name in NAMES:
            self._run("createdb", name, check=True)

    def stop(self, how=signal.SIGINT):
        """Stop and wait. SIGINT is a fast shutdown: connections are cut. SIGQUIT is a crash."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=START_SECONDS)

    def remove(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def _wait(self):
        # It listens before it answers: "the database system is starting up".
        deadline = time.monotonic() + START_SECONDS
        while self._run("pg_isready", "-q", "-d", "postgres").returncode:
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = (self.data / "log").read_text()
                raise SystemExit(f"PostgreSQL did not start:\n{log}")
            time.sleep(0.05)

    def _run(self, program, *arguments, check=False):
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "trackadmin"]
        command = [self.programs / program, *where, *arguments]
        return subprocess.run(command, check=check, **self._as_user)


@contextmanager
def running():
    """A running server with its databases."""
    started = Server()
    try:
        started.create()
        started.start()
        started.create_databases()
        yield started
    finally:
        started.remove()


@contextmanager
def server():
    """As :func:`running`; gives the port alone."""
    with running() as started:
        yield started.port


def main():
    with server() as port:
        environment = {**os.environ, "TRACKADMIN_TEST_POSTGRESQL_PORT": str(port)}
        return subprocess.run(sys.argv[1:], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
