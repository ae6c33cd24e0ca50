"""`python -m worker.senders.whatsapp create-template`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.senders.conformance.servers import Reply, Request

URL = "whatsapp://hunter22@106540352242922?template=sign_in&languages=en_US:de"


@pytest.fixture
def command(tmp_path):
    """Run it without the settings of this machine. Returns the process."""

    def command(*arguments, **env):
        return subprocess.run(
            [sys.executable, "-m", "worker.senders.whatsapp", "create-template", *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return command


def printed(run):
    """The JSON objects that it prints."""
    decoder, text, found = json.JSONDecoder(), run.stdout, []
    while text.strip():
        one, end = decoder.raw_decode(text.lstrip())
        text = text.lstrip()[end:]
        found.append(one)
    return found


def test_prints_the_template_in_each_language(command):
    run = command(OTP_WHATSAPP_SENDERS=URL, OTP_TTL_SECONDS="420")
    assert run.returncode == 0, run.stderr
    english, german = printed(run)
    assert german == {**english, "language": "de"}
    assert english == {
        "name": "sign_in",
        "language": "en_US",
        "category": "authentication",
        "message_send_ttl_seconds": 420,
        "components": [
            {"type": "body", "add_security_recommendation": True},
            {"type": "footer", "code_expiration_minutes": 7},
            {"type": "buttons", "buttons": [{"type": "otp", "otp_type": "copy_code"}]},
        ],
    }
    assert "ttl=420" in run.stderr
    assert "hunter22" not in run.stdout + run.stderr


def test_keeps_to_metas_longest_time(command):
    run = command(OTP_WHATSAPP_SENDERS=URL, OTP_TTL_SECONDS="3600")
    assert {t["message_send_ttl_seconds"] for t in printed(run)} == {900}
    assert printed(run)[0]["components"][1] == {"type": "footer", "code_expiration_minutes": 60}


def test_creates_the_template_in_the_account(command, http_server):
    def as_meta(request: Request) -> Reply:
        assert request.path == "/v23.0/102290129340398/message_templates"
        assert request.headers["Authorization"] == "Bearer hunter22"
        assert json.loads(request.body)["components"][2]["buttons"][0]["type"] == "otp"
        return Reply(body=b'{"id": "594425479261596", "status": "PENDING", "category": "AUTH"}')

    address, server = http_server(as_meta)
    url = f"{URL}&api=http://{address}"
    run = command("--post", "102290129340398", OTP_WHATSAPP_SENDERS=url)
    assert run.returncode == 0, run.stderr
    assert "en_US: HTTP 200, PENDING" in run.stderr
    assert len(server.requests) == 2


def test_says_why_meta_refuses_the_template(command, http_server):
    refusal = b'{"error": {"message": "Invalid OAuth access token", "code": 190}}'
    address, _ = http_server(status=401, body=refusal)
    run = command("--post", "1", OTP_WHATSAPP_SENDERS=f"{URL}&api=http://{address}")
    assert run.returncode == 1
    assert "en_US: HTTP 401, Invalid OAuth access token" in run.stderr


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "OTP_WHATSAPP_SENDERS has no whatsapp:// sender"),
        ({"OTP_WHATSAPP_SENDERS": "whatsapp://hunter22@1?template=a"}, "OTP_WHATSAPP_SENDERS: "),
    ],
)
def test_needs_a_sender_in_the_settings(command, env, said):
    run = command(**env)
    assert run.returncode == 1
    assert said in run.stderr
    assert "hunter22" not in run.stderr


def test_uses_the_sender_of_an_app(command):
    apps = f"[shop]\nttl_seconds = 60\nwhatsapp_senders = '{URL}'"
    run = command("--app", "shop", OTP_APPS=apps)
    assert {t["message_send_ttl_seconds"] for t in printed(run)} == {60}
    assert command("--app", "bank", OTP_APPS=apps).returncode == 1
