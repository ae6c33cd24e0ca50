"""What the documentation, the alerts and the dashboard name is what /metrics has, and promtool of
Prometheus accepts all of it."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from redis import Redis

from tests.api.metrics.conftest import METRICS, bearer
from tests.test_security_doc import ROOT, tables

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((ROOT / "deploy/grafana/sixpost.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
MONITORING = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")

_SELECTED = re.compile(r"\b(otp_[a-z_]+)(?:\{([^}]*)\})?")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"\bby \(([^)]*)\)")


def promtool(*words: str, said: str = "") -> str:
    """What promtool says. Fails the test if it finds something wrong."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("no promtool: apt install prometheus")
    ended = subprocess.run(
        [program, *words],
        check=False,
        cwd=PROMETHEUS,
        input=said,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def queries() -> Iterator[tuple[str, str]]:
    """Everything that is asked of Prometheus, by where it is."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "5m").replace("$app", "shop")
            yield panel["title"], expression
    for page, text in (("runbook.md", RUNBOOK), ("monitoring.md", MONITORING)):
        for code in re.findall(r"`([^`\n]*\botp_[^`\n]*)`", text):
            yield page, code


@pytest.fixture
def redis(real_redis) -> Redis:
    return real_redis


@pytest.fixture
def env(env) -> dict[str, str]:
    return env | {
        "OTP_BUDGET": "sms:100",
        "OTP_GUARD": "monitor",
        "OTP_GUARD_RANGE": "2/24h",
        "OTP_GUARD_PERCENT": "90",
    }


@pytest.fixture
def shown(use, open_breaker, samples, sender, caller, headers, run_worker):
    """The labels of each metric of a service in which everything has happened."""
    found = []
    caller.generate("+14155550177", headers=headers)
    sender.during = lambda message: found.extend(samples())
    run_worker()
    use()
    open_breaker()
    found += samples()
    return {sample.name: set(sample.labels) for sample in found}


def test_every_metric_and_label_that_is_named_exists(client, shown):
    row = [line for table in tables(MONITORING) if table[0][0] == "metric" for line in table[1:]]
    listed = {name.strip("`"): set(re.findall(r"`(\w+)`", labels)) for name, labels, _ in row}
    whole = {name.removesuffix("_bucket"): of for name, of in shown.items()}
    parts = {f"{name}_{part}" for name in listed for part in ("count", "sum")}
    assert listed == {name: of for name, of in whole.items() if name not in parts}

    for where, query in queries():
        known: set[str] = set()
        for name, selected in _SELECTED.findall(query):
            labels = shown.get(name, whole.get(name))
            assert labels is not None, f"{where}: {name}"
            assert {*_LABEL.findall(selected)} <= labels, f"{where}: {query}"
            known |= labels
        for grouped in _GROUPED.findall(query):
            assert {*map(str.strip, grouped.split(","))} <= known, f"{where}: {query}"

    metrics = client.get("/metrics", headers=bearer(METRICS)).text
    assert promtool("check", "metrics", said=metrics) == ""


def test_the_alerts_are_valid_and_fire_when_they_should():
    assert f"SUCCESS: {len(RULES)} rules found" in promtool("check", "rules", "alerts.yaml")
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yaml")


def test_each_alert_has_a_test():
    tested = (PROMETHEUS / "alerts_test.yaml").read_text(encoding="utf-8")
    assert {*re.findall(r'alertname="(\w+)"', tested)} == {rule["alert"] for rule in RULES}


def test_each_alert_has_a_section_in_the_runbook():
    sections = re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert sorted(name for name, _ in sections) == sorted(rule["alert"] for rule in RULES)
    for name, text in sections:
        asked = re.findall(r"^\*\*(.+?):\*\*", text, re.MULTILINE)
        assert asked == ["People notice", "Confirm", "Do"], name
    for rule in RULES:
        assert rule["annotations"]["runbook_url"].endswith(f"/runbook.md#{rule['alert'].lower()}")
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_configuration_of_prometheus_is_valid():
    said = promtool("check", "config", "--syntax-only", "prometheus.yaml")
    assert "SUCCESS" in said


def test_prometheus_understands_each_query_of_the_dashboard(tmp_path: Path):
    rules = [
        {"record": f"query:{number}", "expr": query}
        for number, query in enumerate(query for _, query in queries())
        if "..." not in query
    ]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    promtool("check", "rules", str(path))


def test_the_dashboard_asks_for_its_source_of_data():
    """Grafana replaces nothing when a file is put into its folder of dashboards."""
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    sources = [panel["datasource"] for panel in PANELS] + [variables["app"]["datasource"]]
    sources += [target["datasource"] for panel in PANELS for target in panel["targets"]]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_the_panels_of_the_dashboard_fill_rows_without_gaps_or_overlaps():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len({*ids}) == len(ids)
    taken = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    height = max(y for _, y in taken) + 1
    assert sorted(taken) == [(x, y) for x in range(24) for y in range(height)]


def test_each_query_of_the_dashboard_names_what_its_legend_shows():
    for panel in PANELS:
        assert panel["description"], panel["title"]
        for target in panel["targets"]:
            grouped = {
                label.strip()
                for group in _GROUPED.findall(target["expr"])
                for label in group.split(",")
            }
            shown = {*re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])}
            assert shown <= grouped, panel["title"]
