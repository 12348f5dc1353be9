"""A program that kills publishers and editors at random moments: python -m tests.killing …

Its arguments are a database's name, seconds, and a file for what its children were told: a line
for each publish that came back ("published 7"), and for each error. It prints how many it killed,
all by kill -9 and all its own.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import django
from django.db import connections

AT_ONCE = 3
#: Longest life of a child, in seconds.
LIFE = 0.4


def work(name, told):
    """Publish and edit until killed."""
    from tests.maps import saying, tracked
    from trackadmin import editing

    settings = connections["default"].settings_dict
    settings["NAME"] = name
    if connections["default"].vendor == "sqlite":
        settings["OPTIONS"] = {"timeout": 60}
    chance = random.Random()
    while True:
        if chance.random() < 0.5:
            version = editing.publish("default", by=None)
            os.write(told, f"published {version.number}\n".encode())
        else:
            words = f"{os.getpid()} {chance.random()}"
            labels = {"Country": "code", "Place": "name", "Hidden": "name"}
            entries = {
                prefix: tracked(f"host.{prefix.lower()}", [key], key=key)
                for prefix, key in labels.items()
            }
            editing.import_document("default", saying(words, **entries))
            os.write(told, b"edited\n")


def child(name, told):
    pid = os.fork()
    if pid:
        return pid
    try:
        work(name, told)
    except BaseException as error:
        os.write(told, f"error {error!r}\n".encode())
    finally:
        os._exit(1)


def main():
    name, seconds, path = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    django.setup()
    told = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    until, kills = time.monotonic() + seconds, 0
    children = [child(name, told) for _ in range(AT_ONCE)]
    while children:
        time.sleep(random.uniform(0.01, LIFE))
        victim = children.pop(random.randrange(len(children)))
        os.kill(victim, signal.SIGKILL)
        _, status = os.waitpid(victim, 0)
        kills += os.WIFSIGNALED(status)
        if time.monotonic() < until or not has_both(path):
            children.append(child(name, told))
    print(kills)


def has_both(path):
    """Whether a publish and an edit have come back: on a busy machine it may take longer."""
    words = Path(path).read_text()
    return "published" in words and "edited" in words


if __name__ == "__main__":
    main()
