"""The manifests of deploy/kubernetes as kubectl builds them."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "deploy/kubernetes"
OVERLAYS = ("plain", "keda")
# What people apply.
BUILDS = (*OVERLAYS, "doctor")
# The oldest Kubernetes that is supported.
OLDEST = "1.31.0"
# The one in the environment, because others on the PATH may be old.
KUBECTL = f"{sys.prefix}/bin/kubectl"

Manifest = Mapping[str, Any]


def run(command: Sequence[str]) -> str:
    """What a command in the project's folder prints, if it succeeds and warns of nothing."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@cache
def built(name: str) -> tuple[Manifest, ...]:
    """Everything that `kubectl apply -k deploy/kubernetes/NAME` would apply."""
    return tuple(yaml.safe_load_all(run([KUBECTL, "kustomize", str(FOLDER / name)])))


def of_kind(name: str, kind: str) -> dict[str, Manifest]:
    """The manifests of a kind, by their names."""
    return {m["metadata"]["name"]: m for m in built(name) if m["kind"] == kind}


def pods(name: str) -> Iterator[tuple[str, Manifest]]:
    """The name of each Deployment and Job, and the template of its pods."""
    for manifest in built(name):
        if manifest["kind"] in {"Deployment", "Job"}:
            yield manifest["metadata"]["name"], manifest["spec"]["template"]


def settings_file(*, with_examples: bool = False) -> dict[str, str]:
    """The settings in settings.env, and on request those that are commented out there."""
    lines = (FOLDER / "settings/settings.env").read_text(encoding="utf-8").splitlines()
    if with_examples:
        lines = [line.removeprefix("#") for line in lines if not line.startswith("# ")]
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
