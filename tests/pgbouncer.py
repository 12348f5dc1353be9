"""A pool of connections before a PostgreSQL server: PgBouncer, on a free port of this machine."""

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from tests.postgresql import START_SECONDS, accepts, free_port


def find():
    """The program, or None. Debian puts it where only root looks."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def running(database, mode, sessions):
    """Gives the port. ``database`` is one of Django's; the pool has so many sessions with it."""
    port = free_port()
    lines = [
        "[databases]",
        f"* = host={database['HOST']} port={database['PORT']}",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "auth_type = any",
        f"pool_mode = {mode}",
        f"default_pool_size = {sessions}",
        "server_round_robin = 1",
    ]
    # "any" logs everybody in as one role.
    lines[1] += f" user={database['USER']}"
    with tempfile.TemporaryDirectory(prefix="trackadmin-pgbouncer-") as folder:
        file = Path(folder) / "pgbouncer.ini"
        file.write_text("\n".join(lines))
        Path(folder).chmod(0o755)
        # It refuses to run as root.
        user = "postgres" if os.getuid() == 0 else None
        process = subprocess.Popen([find(), "-q", file], user=user)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not accepts(port):
                assert process.poll() is None, "PgBouncer did not start"
                assert time.monotonic() < deadline, "PgBouncer does not answer"
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)
