"""The TypeScript client as it is packed, and its adapters, against the running service."""

import base64
import json
import re
import shutil
import subprocess
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.request import Request, urlopen

import pytest

from tests import node
from tests.clock import clock_of
from tests.e2e.conftest import PATIENCE_SECONDS, ROOT, Service, wait_for
from tests.redis_servers import free_port
from worker.senders.conformance.servers import HttpServer, Reply, serving
from worker.senders.conformance.servers import Request as Received

CLIENTS = ROOT / "clients"
KEY = "shop0123456789" * 4
ISSUER = "https://otp.example.com"
ADAPTER = pytest.mark.parametrize("name", ["authjs", "better-auth"])
SECRET = "whsec_" + base64.b64encode(b"0" * 24).decode()


@pytest.fixture(scope="module")
def env(start_service) -> Iterator[dict[str, str]]:
    """What the tests need to know. At OTP_CONTROL they get the next code that was sent to an
    address, and the last event, and let time go by."""
    events: list[Received] = []
    read: Counter[str] = Counter()

    def answer(request: Received) -> Reply:
        match request.path.split("/")[1:]:
            case ["events"]:
                events.append(request)
            case ["event"]:
                return Reply(body=json.dumps(told(wait_for(lambda: events)[-1])).encode())
            case ["code", to]:
                code = wait_for(lambda: codes_of(service, unquote(to))[read[to] :])[0]
                read[to] += 1
                return Reply(body=code.encode())
            case ["later", seconds]:
                with clock_of(service.redis) as clock:
                    clock.shift(int(seconds))
        return Reply()

    with serving(HttpServer(answer)) as address:
        service = start_service(
            OTP_API_KEYS=f"shop:{KEY}",
            OTP_PUBLIC_URL=ISSUER,
            OTP_APPS=f'[shop]\nreceipt = true\nwebhook_secret = "{SECRET}"\n'
            f'webhook_url = "http://{address}/events"\n',
            OTP_WEBHOOK_ALLOW="127.0.0.1",
        )
        yield {
            "OTP_URL": service.url,
            "OTP_KEY": KEY,
            "OTP_ISSUER": ISSUER,
            "OTP_CONTROL": f"http://{address}",
        }


def told(event: Received) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in event.headers.items()}
    signed = {name: value for name, value in headers.items() if name.startswith("webhook-")}
    return {"headers": signed, "body": event.body.decode(), "secret": SECRET}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder that has nothing but the packed client, and its tests."""
    folder = tmp_path_factory.mktemp("installed")
    if not (CLIENTS / "typescript/node_modules/typescript").is_dir():
        pytest.skip("no compiler: npm ci --prefix clients/typescript")
    npm = node.program("npm")
    node.run([npm, "pack", f"--pack-destination={folder}"], CLIENTS / "typescript")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    [package] = folder.glob("*.tgz")
    node.run([npm, "install", "--offline", f"./{package.name}"], folder)
    shutil.copytree(CLIENTS / "typescript/tests", folder / "tests")
    return folder


def test_the_packed_client_works_in_node(installed, env, figure):
    files = [f"tests/{name}.test.mjs" for name in ("client", "receipt", "service", "webhook")]
    count = node.run_tests(installed, *files, env=env)
    figure("tests of the TypeScript client", count)


def test_the_packed_client_works_in_deno(installed, env):
    files = [f"tests/{name}.test.mjs" for name in ("receipt", "service", "webhook")]
    deno = [node.program("deno"), "test", "--no-check", "--no-lock", "--node-modules-dir=manual"]
    told = node.run([*deno, "--allow-all", *files], installed, {**env, "NO_COLOR": "1"})
    assert re.search(r"^ok \| [1-9]\d* passed \| 0 failed", told, re.MULTILINE)


def test_the_client_works_in_an_edge_runtime(env):
    folder = CLIENTS / "typescript"
    if not (folder / "node_modules/@edge-runtime").is_dir():
        pytest.skip("no edge runtime: npm ci --prefix clients/typescript")
    options = {"NODE_OPTIONS": "--experimental-vm-modules --no-warnings"}
    assert node.run_tests(folder, "tests/edge.test.mjs", env=env | options) == "1"


def test_the_package_holds_what_is_needed(installed):
    package = installed / "node_modules/sixpost"
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    assert not manifest.keys() & {"dependencies", "peerDependencies", "optionalDependencies"}
    assert {path.name for path in package.iterdir()} == {
        *("package.json", "dist", "README.md", "CHANGELOG.md", "LICENSE")
    }
    for script in (package / "dist").glob("*.js"):
        assert not re.search(r"\b(node:|require\(|process\.|Buffer\b)", script.read_text("utf-8"))


@ADAPTER
def test_an_adapter_works_with_the_real_library(name, env, figure):
    folder = CLIENTS / name
    if not (folder / "dist").is_dir():
        pytest.skip(f"not built: npm ci --prefix clients/{name}")
    count = node.run_tests(folder, f"tests/{name}.test.mjs", env=env)
    figure(f"tests of the adapter for {name}", count)


@ADAPTER
def test_the_pages_of_an_adapter_show_the_configuration_that_is_tested(name):
    lines = (CLIENTS / name / "example/auth.mjs").read_text(encoding="utf-8")
    page = ROOT / "docs/integrations" / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    assert textwrap.indent(lines, "   ") in text
    assert lines in (CLIENTS / name / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80


@ADAPTER
def test_an_adapter_is_short(name):
    sources = [path.read_text(encoding="utf-8") for path in (CLIENTS / name / "src").iterdir()]
    assert 0 < sum(len(text.splitlines()) for text in sources) <= 200


def test_the_client_is_short():
    sources = (CLIENTS / "typescript/src").glob("*.ts")
    texts = [path.read_text(encoding="utf-8") for path in sources]
    written = [text for text in texts if not text.startswith("// Generated by make docs")]
    assert 0 < len(written) < len(texts)
    assert sum(len(text.splitlines()) for text in written) <= 300


def test_the_lines_of_the_readmes_verify_a_code(installed, service):
    readmes = [ROOT / "README.md", CLIENTS / "typescript/README.md"]
    lines, same = (block for page in readmes for block in blocks(page) if "sixpost.start(" in block)
    assert re.sub(r" // .*", "", lines) == same
    [number] = re.findall(r'phone: "([^"]+)"', lines)
    program = installed / "verify.mjs"
    program.write_text(lines.replace("http://localhost:5000", service.url), encoding="utf-8")
    before = len(codes_of(service, number))
    with subprocess.Popen(
        [node.program("node"), program.name],
        cwd=installed,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        code = wait_for(lambda: codes_of(service, number)[before:])[0]
        told, _ = running.communicate(f"{code}\n", timeout=PATIENCE_SECONDS)
    assert "verified: true" in told


def test_the_lines_of_the_page_about_events_check_one(installed, env):
    [lines] = [block for block in blocks(ROOT / "docs/events.md") if "verifyWebhook" in block]
    port = free_port()
    written = lines.replace("whsec_…", SECRET).replace("8000", f'{port}, "127.0.0.1"')
    (installed / "events.mjs").write_text(written, encoding="utf-8")
    start = Request(
        f"{env['OTP_URL']}/generate-otp",
        json.dumps({"phone": "+14155576000"}).encode(),
        {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    with urlopen(start), urlopen(f"{env['OTP_CONTROL']}/event") as answer:
        event = json.load(answer)

    def status_of(body: str) -> int | None:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        with closing(connection), suppress(ConnectionRefusedError):
            connection.request("POST", "/", body, event["headers"])
            return connection.getresponse().status
        return None

    with subprocess.Popen([node.program("node"), "events.mjs"], cwd=installed) as running:
        try:
            assert wait_for(lambda: status_of(event["body"])) == 204
            assert status_of(event["body"] + " ") == 400
        finally:
            running.kill()


def blocks(page: Path) -> list[str]:
    """The blocks of TypeScript in a page."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```ts\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def codes_of(service: Service, to: str) -> list[str]:
    return [sent["code"] for sent in service.sent() if sent["to"] == to]
