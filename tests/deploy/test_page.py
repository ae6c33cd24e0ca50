"""docs/kubernetes.md names what exists, and its commands do what it says."""

import json
import re

import yaml

from shared.settings import SECRETS
from tests.deploy import page
from tests.deploy.manifests import BUILDS, FOLDER, OLDEST, ROOT, settings_file


def test_it_names_the_oldest_version():
    assert f"Kubernetes {OLDEST.removesuffix('.0')} or newer" in page.TEXT


def test_it_creates_what_the_settings_name():
    files = {path for name, path in settings_file().items() if name.endswith("_FILE")}
    assert {f"/etc/sixpost/{key}" for key in page.secrets()["sixpost"]} == files


def test_it_patches_the_secret_with_settings():
    patches = [json.loads(patch)["stringData"] for patch in page.patches()]
    assert len(patches) == len(page.commands("patch secret")) == 2
    assert all(data.keys() <= SECRETS for data in patches)
    (keys,) = (data["otp_api_keys"] for data in patches if "otp_api_keys" in data)
    assert [pair.partition(":")[0] for pair in keys.split()] == ["shop", "shop", "metrics"]


def test_it_loads_all_alerts():
    alerts = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text(encoding="utf-8"))
    assert page.alerts()["spec"] == alerts


def test_it_applies_what_exists():
    for flag, path in re.findall(r"kubectl apply -([kf]) ([\w./-]+\w)", page.TEXT):
        assert (ROOT / path).exists(), path
        assert flag == "f" or (ROOT / path / "kustomization.yaml").exists(), path
    for path in re.findall(r"`(deploy/kubernetes/[\w./-]+)`", page.TEXT):
        assert (ROOT / path).exists(), path
    folders = {path.name for path in FOLDER.iterdir()}
    assert folders == {*BUILDS, "base", "settings", "monitoring"}
