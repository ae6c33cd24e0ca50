"""The proxies of the documents, as programs in front of APIs."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, wait_for

# What a file of nginx has around the lines of a document.
NGINX = """
daemon off; user root; worker_processes 1; error_log stderr; pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {lines}
}}
"""


def blocks(page: str, language: str) -> list[str]:
    """The lines of this language in a page of docs/."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def nginx(folder: Path, lines: str) -> list[str]:
    """The command for a file with these lines."""
    return nginx_with(folder, NGINX.format(folder=folder, lines=lines))


def nginx_with(folder: Path, text: str) -> list[str]:
    """The command for this file."""
    config = folder / "nginx.conf"
    config.write_text(text, encoding="utf-8")
    return ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(config)]


def haproxy(folder: Path, text: str) -> list[str]:
    config = folder / "haproxy.cfg"
    config.write_text(text, encoding="utf-8")
    return ["haproxy", "-db", "-f", str(config)]


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """The proxy, from when it listens on the port."""
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} on the PATH")
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(lambda: _listens(port) or process.poll() is not None)
        assert process.poll() is None, Path(log.name).read_text(encoding="utf-8")
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False
