"""The manifests of deploy/kubernetes are restricted, and of one piece with each other and with the
settings."""

import re
from collections.abc import Iterator

import pytest

from shared.settings import SECRETS, Settings, SettingsError
from tests.deploy.manifests import (
    BUILDS,
    OVERLAYS,
    ROOT,
    Manifest,
    built,
    of_kind,
    pods,
    settings_file,
)
from worker.rq_worker import GRACE_SECONDS

EACH_OVERLAY = pytest.mark.parametrize("overlay", OVERLAYS)
# https://github.com/kedacore/keda/blob/v2.20.2/pkg/scalers/prometheus_scaler.go
PROMETHEUS_TRIGGER = {
    *("serverAddress", "query", "queryParameters", "threshold", "activationThreshold"),
    *("namespace", "customHeaders", "ignoreNullValues", "unsafeSsl", "timeout"),
}


@pytest.mark.parametrize("name", BUILDS)
def test_all_is_in_one_namespace(name):
    for manifest in built(name):
        if manifest["kind"] != "Namespace":
            assert manifest["metadata"]["namespace"] == "sixpost", manifest["metadata"]["name"]


def test_nobody_needs_to_edit_more_than_the_image():
    images = {pod["spec"]["containers"][0]["image"] for name in BUILDS for _, pod in pods(name)}
    assert len(images) == 1
    assert images == {"ghcr.io/OWNER/sixpost:1.0.0"}


@EACH_OVERLAY
def test_every_setting_exists_and_has_its_secret(overlay):
    given = settings_file()
    (config_map,) = of_kind(overlay, "ConfigMap").values()
    assert config_map["data"] == given
    for name, path in settings_file(with_examples=True).items():
        setting = name.removesuffix("_FILE").lower()
        assert setting in Settings.model_fields
        assert (path == f"/etc/sixpost/{setting}") == (name != setting.upper())
        assert name == setting.upper() or setting in SECRETS
    for _, pod in pods(overlay):
        (container,) = pod["spec"]["containers"]
        assert {each["name"].lower() for each in container["env"]} <= set(Settings.model_fields)


def test_each_example_is_a_valid_value(tmp_path):
    """With all lines of settings.env, as someone has them who uses everything in it."""
    values = {
        "redis_url": "rediss://default:secret@redis.example.com:6379/0",
        "otp_secret_keys": "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
        "otp_admin_password": "p" * 12,
        "otp_api_keys": f"shop:{'s' * 64}",
        "otp_sms_senders": "console://",
        "otp_email_senders": "console://",
    }
    for name, value in values.items():
        (tmp_path / name).write_text(value, encoding="utf-8")
    env = {
        name: value.replace("/etc/sixpost", str(tmp_path))
        for name, value in settings_file(with_examples=True).items()
    }
    settings = Settings.load({**env, "OTP_DATA_DIR": ""}, env_file=None)
    assert settings.otp_trusted_proxies == 1


@pytest.mark.parametrize("name", sorted(set(settings_file()) - {"REDIS_URL_FILE"}))
def test_without_a_line_nothing_is_generated(name, tmp_path):
    """Not even by someone who removes it from settings.env, because pods share no folder."""
    (tmp_path / "secret").write_text(f"k1:{'QUJD' * 16}", encoding="utf-8")
    lines = {each: str(tmp_path / "secret") for each in settings_file() if each != name}
    lines |= {"REDIS_URL": "redis://redis", "REDIS_URL_FILE": ""}
    settings = Settings.load({**lines, "OTP_DATA_DIR": ""}, env_file=None)
    assert getattr(settings, name.removesuffix("_FILE").lower()) is None
    if name == "OTP_SECRET_KEYS_FILE":
        with pytest.raises(SettingsError, match="OTP_SECRET_KEYS is missing"):
            settings.secret_keys()


@pytest.mark.parametrize("name", BUILDS)
def test_each_pod_is_restricted(name):
    """The Pod Security Standard "restricted", and what it leaves open.
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    for _, pod in pods(name):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "serviceAccountName"}
        user = spec["securityContext"]
        assert user["runAsNonRoot"] is True
        assert {user["runAsUser"], user["runAsGroup"], user["fsGroup"]} == {10001}
        assert user["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {*container["resources"]["requests"]} == {"cpu", "memory"}
        assert {*container["resources"]["limits"]} == {"memory"}
        volumes = {v["name"]: v for v in spec["volumes"]}
        assert set(volumes) == {mount["name"] for mount in container["volumeMounts"]}
        assert volumes["tmp"]["emptyDir"]["sizeLimit"]
        # For the group, which is that of the user.
        assert volumes["secrets"]["secret"] == {"secretName": "sixpost", "defaultMode": 0o440}
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "USER 10001:10001" in dockerfile


def test_the_doctor_sees_what_the_api_sees():
    (doctor,) = (pod["spec"] for _, pod in pods("doctor"))
    api = dict(pods("plain"))["sixpost-api"]["spec"]
    own = {"restartPolicy", "containers", "terminationGracePeriodSeconds"}
    for name in (api.keys() | doctor.keys()) - own - {"topologySpreadConstraints"}:
        assert doctor[name] == api[name], name
    (of_doctor,), (of_api,) = doctor["containers"], api["containers"]
    for name in ("image", "env", "envFrom", "volumeMounts", "securityContext"):
        assert of_doctor[name] == of_api[name], name
    assert of_doctor["command"] == ["python", "-m", "api.doctor"]
    assert of_kind("doctor", "ConfigMap") == of_kind("plain", "ConfigMap")


def matches(selector: Manifest, labels: Manifest) -> bool:
    assert {*selector} <= {"matchLabels"}
    return selector.get("matchLabels", {}).items() <= labels.items()


@EACH_OVERLAY
def test_selectors_find_what_they_are_meant_for(overlay):
    templates = dict(pods(overlay))
    labels = {name: pod["metadata"]["labels"] for name, pod in templates.items()}
    assert set(labels) == {"sixpost-api", "sixpost-worker"}
    for kind in ("Deployment", "PodDisruptionBudget"):
        for name, manifest in of_kind(overlay, kind).items():
            selector = manifest["spec"]["selector"]
            assert [each for each in labels if matches(selector, labels[each])] == [name]
    for name, pod in templates.items():
        for spread in pod["spec"]["topologySpreadConstraints"]:
            assert [each for each in labels if matches(spread["labelSelector"], labels[each])] == [
                name
            ]
    (service,) = of_kind(overlay, "Service").values()
    selector = {"matchLabels": service["spec"]["selector"]}
    assert [each for each in labels if matches(selector, labels[each])] == ["sixpost-api"]


@EACH_OVERLAY
def test_one_port_leads_from_the_service_to_the_process(overlay):
    (service,) = of_kind(overlay, "Service").values()
    (port,) = service["spec"]["ports"]
    (container,) = dict(pods(overlay))["sixpost-api"]["spec"]["containers"]
    (listening,) = container["ports"]
    assert port["targetPort"] == listening["name"]
    assert f"PORT={listening['containerPort']}" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (ingress,) = of_kind(overlay, "NetworkPolicy")["api-from-clients"]["spec"]["ingress"]
    assert ingress["ports"] == [{"protocol": "TCP", "port": listening["name"]}]


def test_prometheus_finds_the_service():
    (monitor,) = of_kind("keda", "ServiceMonitor").values()
    (service,) = of_kind("keda", "Service").values()
    assert matches(monitor["spec"]["selector"], service["metadata"]["labels"])
    (endpoint,) = monitor["spec"]["endpoints"]
    (port,) = service["spec"]["ports"]
    assert endpoint["port"] == port["name"]
    (address,) = (r for r in endpoint["relabelings"] if r.get("targetLabel") == "__address__")
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    assert address["replacement"] == f"{name}.{namespace}.svc:{port['port']}"


def targets(overlay: str) -> Iterator[tuple[str, int, int]]:
    """What is scaled, and between which numbers."""
    for scaler in of_kind(overlay, "HorizontalPodAutoscaler").values():
        spec = scaler["spec"]
        yield spec["scaleTargetRef"]["name"], spec["minReplicas"], spec["maxReplicas"]
    for scaler in of_kind(overlay, "ScaledObject").values():
        spec = scaler["spec"]
        yield spec["scaleTargetRef"]["name"], spec["minReplicaCount"], spec["maxReplicaCount"]


@EACH_OVERLAY
def test_each_deployment_is_scaled_by_one_autoscaler_and_has_two_pods_at_least(overlay):
    found = sorted(targets(overlay))
    assert [name for name, *_ in found] == ["sixpost-api", "sixpost-worker"]
    assert all(2 <= least < most for _, least, most in found)
    for deployment in of_kind(overlay, "Deployment").values():
        assert "replicas" not in deployment["spec"]


@EACH_OVERLAY
def test_a_pod_has_the_time_to_stop(overlay):
    drain = Settings.model_fields["otp_drain_seconds"].default
    for name, pod in pods(overlay):
        needed = GRACE_SECONDS + (drain if name == "sixpost-api" else 0)
        assert pod["spec"]["terminationGracePeriodSeconds"] >= needed + 5


@EACH_OVERLAY
def test_an_update_and_a_drained_node_leave_pods_that_serve(overlay):
    for deployment in of_kind(overlay, "Deployment").values():
        update = deployment["spec"]["strategy"]["rollingUpdate"]
        assert (update["maxSurge"], update["maxUnavailable"]) == (1, 0)
    budgets = of_kind(overlay, "PodDisruptionBudget").values()
    assert [budget["spec"]["maxUnavailable"] for budget in budgets] == [1, 1]


def test_keda_reads_a_metric_with_a_fallback():
    (scaled,) = of_kind("keda", "ScaledObject").values()
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["type"] == "prometheus"
    assert trigger["metadata"].keys() <= PROMETHEUS_TRIGGER
    assert {"serverAddress", "query", "threshold"} <= trigger["metadata"].keys()
    assert re.findall(r"otp_\w+", trigger["metadata"]["query"]) == ["otp_oldest_send_seconds"]
    fallback = scaled["spec"]["fallback"]
    assert scaled["spec"]["minReplicaCount"] <= fallback["replicas"]
    # Otherwise no metric at all would look like no backlog, and need no fallback.
    assert trigger["metadata"]["ignoreNullValues"] == "false"


@EACH_OVERLAY
def test_the_network_is_closed_except_for_what_is_named(overlay):
    policies = {name: each["spec"] for name, each in of_kind(overlay, "NetworkPolicy").items()}
    assert policies.pop("deny-all") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert set(policies) == {"api-from-clients", "dns", "redis", "providers"}
    for policy in policies.values():
        (rule,) = policy.get("ingress", []) + policy.get("egress", [])
        assert rule["ports"]
    egress = {name: each["egress"][0] for name, each in policies.items() if "egress" in each}
    open_to_all = [name for name, rule in egress.items() if "to" not in rule]
    assert open_to_all == ["redis"]
    (rule,) = policies["providers"]["egress"]
    closed_blocks = {block for to in rule["to"] for block in to["ipBlock"]["except"]}
    # Cloud providers hand out credentials at 169.254.169.254.
    assert {"169.254.0.0/16", "10.0.0.0/8", "fc00::/7"} <= closed_blocks
