"""A Redis server for tests: on a free port, in a folder, to be killed, frozen and started again."""

import shutil
import signal
import subprocess
import time

import redis

from tests.postgresql import free_port

START_SECONDS, STOP_SECONDS = 20, 10


class RedisServer:
    """Without a disk, unless it is to append; stays on its port when it is started again."""

    def __init__(self, folder, *, appends=False):
        self.folder, self.port, self.process = folder, free_port(), None
        self.appends = "yes" if appends else "no"
        self.url = f"redis://127.0.0.1:{self.port}"
        self.client = redis.Redis.from_url(self.url)

    def start(self):
        program = shutil.which("redis-server")
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        with (self.folder / "redis.log").open("a") as log:
            self.process = subprocess.Popen(
                [program, *where, "--save", "", "--appendonly", self.appends],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "redis.log").read_text()
            assert time.monotonic() < deadline, (self.folder / "redis.log").read_text()
            time.sleep(0.02)

    def stop(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(STOP_SECONDS)

    def _answers(self):
        try:
            return self.client.ping()
        except redis.ConnectionError:
            return False
