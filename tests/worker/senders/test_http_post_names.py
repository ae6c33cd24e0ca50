"""libcurl looks names up through the C library, which only another C library can slow down."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

DEADLINE_SECONDS = 0.8
# What a busy machine may add.
SLACK_SECONDS = 1.5

# slow.invalid takes 20 s. many.invalid has 20 addresses, all of them 127.0.0.1.
LIBRARY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
                struct addrinfo **found) {
    lookup *usual = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || !strstr(name, ".invalid")) return usual(name, port, hints, found);
    if (strstr(name, "slow")) sleep(20);
    struct addrinfo **end = found;
    for (int i = 0; i < 20; i++) {
        int error = usual("127.0.0.1", port, hints, end);
        if (error) return error;
        while (*end) end = &(*end)->ai_next;
    }
    return 0;
}
"""
PROGRAM = """
import os, sys, time
from worker.senders.base import DeliveryError
from worker.senders.http_post import Poster
from worker.senders.sockets import bounded

begun = time.monotonic()
try:
    with bounded(float(sys.argv[2])):
        Poster().post(sys.argv[1], b"x", {})
except DeliveryError as error:
    print(error.failure, error.error, time.monotonic() - begun, flush=True)
# Not by the usual way, which waits for the lookup.
os._exit(0)
"""


@pytest.fixture(scope="module")
def post(tmp_path_factory) -> Callable[[str], tuple[str, str, float]]:
    """Post from a process with that library: the failure, the error and the seconds."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler is installed, which makes the library")
    folder = tmp_path_factory.mktemp("lookup")
    source, library = folder / "lookup.c", folder / "lookup.so"
    source.write_text(LIBRARY)
    command = [compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True, capture_output=True)

    def run(url: str) -> tuple[str, str, float]:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, url, str(DEADLINE_SECONDS)],
            cwd=Path(__file__).parents[3],
            env={"LD_PRELOAD": str(library)},
            capture_output=True,
            text=True,
            check=True,
        )
        failure, error, seconds = done.stdout.split()
        return failure, error, float(seconds)

    return run


def test_a_name_server_that_does_not_answer_is_waited_for_until_the_deadline(post):
    failure, error, seconds = post("http://slow.invalid/")
    assert (failure, error) == ("transient", "TimeoutError")
    assert seconds < DEADLINE_SECONDS + SLACK_SECONDS


def test_many_addresses_that_do_not_answer_share_one_deadline(post):
    """A host whose queue of connections is full answers no other one."""
    with socket.socket() as full, ExitStack() as others:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            other = others.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(full.getsockname())
        failure, error, seconds = post(f"http://many.invalid:{full.getsockname()[1]}/")
    assert (failure, error) == ("transient", "TimeoutError")
    assert seconds < DEADLINE_SECONDS + SLACK_SECONDS
