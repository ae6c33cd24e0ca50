"""A container of a pod, run by bubblewrap as Kubernetes would run it: as its user, on a read-only
root with the mounts of the pod, in its own PID namespace with the command as process 1, without
capabilities, and with the environment that Kubernetes gives it. It shares this machine's network.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests.deploy.manifests import ROOT, Manifest
from tests.redis_servers import free_port

# For each Service of the namespace, and for the API server, which no setting turns off.
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICES = {"KUBERNETES": ("10.96.0.1", 443, "HTTPS"), "SIXPOST_API": ("10.96.12.7", 80, "HTTP")}
# What the programs of this machine need, which an image would hold.
_PROGRAMS = {Path("/usr"), Path(sys.base_prefix)}
# Where the pod has the machine's network.
_NETWORK = [Path("/etc", name) for name in ("hosts", "nsswitch.conf", "resolv.conf")]


def injected() -> dict[str, str]:
    """What Kubernetes adds to the environment, also where enableServiceLinks is on."""
    env = {"HOSTNAME": "sixpost-api-5d8f7c9b6-x2x7k"}
    for name, (host, port, port_name) in _SERVICES.items():
        url, with_port = f"tcp://{host}:{port}", f"{name}_PORT_{port}_TCP"
        env |= {
            f"{name}_SERVICE_HOST": host,
            f"{name}_SERVICE_PORT": str(port),
            f"{name}_SERVICE_PORT_{port_name}": str(port),
            f"{name}_PORT": url,
            with_port: url,
            f"{with_port}_PROTO": "tcp",
            f"{with_port}_PORT": str(port),
            f"{with_port}_ADDR": host,
        }
    return env


def of_image() -> dict[str, str]:
    """The environment that the Dockerfile sets."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (block,) = re.findall(r"^ENV (.*(?:\\\n.*)*)", text, re.MULTILINE)
    return dict(re.findall(r"(\w+)=(\S+)", block))


class Container:
    """One that runs. Its output is in `log`."""

    def __init__(
        self,
        pod: Manifest,
        config_map: Mapping[str, str],
        volumes: Mapping[str, Path],
        log: Path,
    ) -> None:
        """`volumes` are the folders that are mounted read-only, by their volumes. Another port
        replaces the image's, because other tests run on this machine."""
        (self.spec,) = pod["spec"]["containers"]
        self.log = log
        self.port = free_port()
        self._grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
        self._env = {
            **of_image(),
            **injected(),
            **config_map,
            **{each["name"]: each["value"] for each in self.spec["env"]},
            "PORT": str(self.port),
            "PATH": "/venv/bin:/usr/bin",
        }
        sandbox = _sandbox(pod, self.spec, volumes, self._env)
        reading, writing = os.pipe()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*sandbox, "--info-fd", str(writing), *self.spec["command"]],
                pass_fds=[writing],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        os.close(writing)
        with os.fdopen(reading) as info:
            text = info.read()
        assert text, log.read_text(encoding="utf-8")
        self._pid = json.loads(text)["child-pid"]

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def probe(self, kind: str) -> bool:
        """Whether a probe of the pod succeeds, once."""
        probe = self.spec[kind]
        if "exec" in probe:
            return self.run(probe["exec"]["command"], probe["timeoutSeconds"]).returncode == 0
        (port,) = self.spec["ports"]
        assert probe["httpGet"]["port"] == port["name"]
        connection = HTTPConnection("127.0.0.1", self.port, timeout=probe["timeoutSeconds"])
        try:
            connection.request(
                "GET", probe["httpGet"]["path"], headers={"User-Agent": "kube-probe"}
            )
            return 200 <= connection.getresponse().status < 400
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def wait_until(self, kind: str) -> None:
        """Ask a probe until it succeeds."""
        deadline = time.monotonic() + 60
        while not self.probe(kind):
            assert self._process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.1)

    def run(self, command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
        """A command in the container, as `kubectl exec` runs it."""
        enter = ["nsenter", "--target", str(self._pid), "--user", "--mount", "--pid"]
        return subprocess.run(
            [*enter, "--preserve-credentials", "--wdns=/app", *command],
            check=False,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def stop(self) -> int:
        """The exit status after SIGTERM. Raises TimeoutExpired after the grace period."""
        os.kill(self._pid, signal.SIGTERM)
        return self._process.wait(self._grace)

    def wait_for_end(self) -> int:
        return self._process.wait(60)

    def kill(self) -> None:
        # All processes of the PID namespace end with the first one.
        if self._process.poll() is None:
            os.kill(self._pid, signal.SIGKILL)
            self._process.wait()


def _sandbox(
    pod: Manifest, container: Manifest, volumes: Mapping[str, Path], env: Mapping[str, str]
) -> list[str]:
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed, which runs a container without Docker")
    user = pod["spec"]["securityContext"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    arguments = ["bwrap", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL", "--clearenv"]
    arguments += ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    arguments += ["--uid", str(user["runAsUser"]), "--gid", str(user["runAsGroup"])]
    for folder in sorted({*_PROGRAMS, *_NETWORK}):
        arguments += ["--ro-bind", str(folder), str(folder)]
    for name in ("bin", "lib", "lib64"):
        arguments += ["--symlink", f"usr/{name}", f"/{name}"]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    kinds = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
    for mount in container["volumeMounts"]:
        if "emptyDir" in kinds[mount["name"]]:
            arguments += ["--tmpfs", mount["mountPath"]]
        else:
            assert mount["readOnly"]
            arguments += ["--ro-bind", str(volumes[mount["name"]]), mount["mountPath"]]
    arguments += ["--ro-bind", sys.prefix, "/venv", "--ro-bind", str(ROOT), "/app"]
    arguments += ["--remount-ro", "/", "--chdir", "/app"]
    for name, value in env.items():
        arguments += ["--setenv", name, value]
    return arguments
