"""The manifests of deploy/kubernetes are valid for each Kubernetes that is supported, for KEDA, and
for the Prometheus operator."""

import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from kubernetes_validate.utils import all_versions, validate

from tests.deploy import page
from tests.deploy.manifests import BUILDS, OLDEST, ROOT, Manifest, built, of_kind

# What the oldest and the newest know, those between know as well.
VERSIONS = [OLDEST, *sorted({*all_versions()[-6:]})]
# Of other projects.
CUSTOM = {"PrometheusRule", "ScaledObject", "ServiceMonitor"}


def everything() -> list[Manifest]:
    """Each manifest of all builds, and of the page, once."""
    found = [manifest for name in BUILDS for manifest in built(name)]
    found += page.manifests()
    return list({json.dumps(each, sort_keys=True): each for each in found}.values())


@cache
def custom_schema(kind: str) -> dict[str, Any]:
    """With an error for what Kubernetes would drop without a word."""
    path = ROOT / f"tests/data/kubernetes/{kind.lower()}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    schema["properties"]["metadata"]["x-kubernetes-preserve-unknown-fields"] = True
    return closed(schema)


def closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(value) for name, value in schema.items()}
    if isinstance(schema.get("pattern"), str):
        # Go lets a flag follow the ^.
        found["pattern"] = schema["pattern"].replace("^(?i)", "(?i)^")
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        found["additionalProperties"] = False
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_valid(version):
    known = [each for each in everything() if each["kind"] not in CUSTOM]
    assert len(known) > 12
    for manifest in known:
        validate(manifest, version, strict=True)


def test_what_is_of_other_projects_is_valid():
    custom = [each for each in everything() if each["kind"] in CUSTOM]
    assert {each["kind"] for each in custom} == CUSTOM
    for manifest in custom:
        jsonschema.validate(manifest, custom_schema(manifest["kind"]))


def test_a_misspelled_field_of_another_project_is_found():
    (monitor,) = of_kind("keda", "ServiceMonitor").values()
    endpoints = [{**monitor["spec"]["endpoints"][0], "intervall": "15s"}]
    wrong = {**monitor, "spec": {**monitor["spec"], "endpoints": endpoints}}
    with pytest.raises(jsonschema.ValidationError, match="intervall"):
        jsonschema.validate(wrong, custom_schema("ServiceMonitor"))
