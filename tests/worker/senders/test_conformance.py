"""The conformance kit finds every breach that it says it finds."""

import http.client
import json
import logging
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from worker.senders.base import DeliveryError, Message
from worker.senders.conformance import Broken, Subject, checks, checks_for

ROOT = Path(__file__).parents[3]
URL = "model://hunter22@{server}"


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Model:
    """A sender as somebody else would write it: no library, no kept connection."""

    channels: tuple[Any, ...] = ("sms",)
    timeout = 10.0
    handlers: tuple[type, ...] = (NoRedirects,)

    def __init__(self, url):
        self._url = url
        self.url = f"http://{urlsplit(url).hostname}:{urlsplit(url).port}/"

    def send(self, message: Message) -> str | None:
        try:
            answer = self.post(message)
        except urllib.error.HTTPError as error:
            error.close()
            failure = DeliveryError("refused", f"model_{error.code}")
        except urllib.error.URLError as error:
            refused = isinstance(error.reason, ConnectionRefusedError)
            failure = DeliveryError("transient" if refused else "unknown", "no_answer")
        except (OSError, http.client.HTTPException) as error:
            failure = DeliveryError("unknown", type(error).__name__)
        else:
            return self.given_id(answer)
        raise failure

    def given_id(self, answer: bytes) -> str | None:
        return None

    def post(self, message):
        body = json.dumps({"to": message.to, "text": message.text}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(*self.handlers)
        with opener.open(request, timeout=self.timeout) as answer:
            return answer.read()


class ServesTheMoon(Model):
    channels = ("moon",)


class ShowsItsUrl(Model):
    def __repr__(self):
        return f"ShowsItsUrl({self._url})"


class RepeatsItsUrl(Model):
    def __init__(self, url):
        super().__init__(url)
        if "nonsense" in url:
            raise ValueError(f"cannot read {url}")


class SendsTwice(Model):
    def send(self, message):
        super().send(message)
        super().send(message)


class NeverSends(Model):
    def send(self, message):
        pass


class RefusesEverything(Model):
    def send(self, message):
        raise DeliveryError("refused", "no")


class Mixes(Model):
    def send(self, message):
        self.message = message
        time.sleep(0.005)
        super().send(self.message)


class Raises(Model):
    def send(self, message):
        try:
            super().send(message)
        except DeliveryError as error:
            raise RuntimeError("oh") from error


class HangsTheTextOn(Model):
    def send(self, message):
        try:
            super().send(message)
        except DeliveryError as error:
            error.__context__ = RuntimeError(message.text)
            raise


class NamesTheRecipient(Model):
    def send(self, message):
        try:
            super().send(message)
        except DeliveryError:
            failure = DeliveryError("refused", message.to.lstrip("+"))
        else:
            return
        raise failure


class Chats(Model):
    def send(self, message):
        try:
            super().send(message)
        except DeliveryError:
            failure = DeliveryError("refused", "a long story")
        else:
            return
        raise failure


class Logs(Model):
    def send(self, message):
        logging.getLogger("model").debug("sending", extra={"body": message.text})
        super().send(message)


class TakesAnyAnswer(Model):
    def send(self, message):
        try:
            super().send(message)
        except DeliveryError as error:
            if error.error.startswith("model_"):
                return
            raise


class KeepsAnyId(Model):
    def given_id(self, answer):
        return str(json.loads(answer or b"{}").get("id", "")).replace(" ", "") or None


class FollowsRedirects(Model):
    handlers = ()


class NeverTriesAgain(Model):
    def send(self, message):
        try:
            super().send(message)
        except DeliveryError as error:
            raise DeliveryError("refused", error.error) from None


class Hasty(Model):
    timeout = 0.5


class Guesses(Hasty):
    def send(self, message):
        try:
            super().send(message)
        except DeliveryError:
            failure = DeliveryError("transient", "guess")
        else:
            return
        raise failure


class Waits(Model):
    """Longer than it may, here."""

    timeout = 2.0


class ReadsForEver(Model):
    """With a timeout for each byte."""

    def post(self, message):
        parts = urlsplit(self.url)
        connection = socket.socket()
        connection.settimeout(1)
        connection.connect((parts.hostname, parts.port))
        with connection, connection.makefile("rb") as answer:
            connection.sendall(b"POST / HTTP/1.1\r\n\r\n")
            over_at = time.monotonic() + 3 * checks.DRIP_SECONDS
            while time.monotonic() < over_at and answer.read(1):
                pass
            raise TimeoutError


BREACHES = [
    (ServesTheMoon, checks.declares_its_channels),
    (ShowsItsUrl, checks.keeps_the_secrets_of_its_url),
    (RepeatsItsUrl, checks.keeps_the_secrets_of_its_url),
    (SendsTwice, checks.hands_messages_over),
    (NeverSends, checks.hands_messages_over),
    (RefusesEverything, checks.hands_messages_over),
    (SendsTwice, checks.keeps_no_dead_connection),
    (Mixes, checks.serves_many_threads),
    (Raises, checks.names_every_refusal),
    (HangsTheTextOn, checks.names_every_refusal),
    (NamesTheRecipient, checks.names_every_refusal),
    (Chats, checks.names_every_refusal),
    (Logs, checks.names_every_refusal),
    (TakesAnyAnswer, checks.names_every_refusal),
    (KeepsAnyId, checks.names_every_refusal),
    (FollowsRedirects, checks.follows_no_redirect),
    (NeverTriesAgain, checks.is_transient_when_nobody_listens),
    (NeverTriesAgain, checks.survives_a_provider_that_hangs_up),
    (Waits, checks.does_not_wait_for_ever),
    (Guesses, checks.knows_what_it_does_not_know),
    (ReadsForEver, checks.keeps_its_deadline),
]


@pytest.mark.parametrize(("sender", "finds"), BREACHES)
def test_finds_a_breach(sender, finds):
    with pytest.raises(Broken) as broken:
        finds(Subject(url=URL, make=sender, longest_seconds=1.5))
    assert "739158" not in str(broken.value)
    assert "hunter22" not in str(broken.value)


GOOD = Subject(url=URL, make=Model)
WAITING = (checks.does_not_wait_for_ever, checks.knows_what_it_does_not_know)


@pytest.mark.parametrize("check", checks_for(GOOD), ids=lambda check: check.__name__)
def test_passes_a_good_sender(check):
    check(replace(GOOD, make=Hasty) if check in WAITING else GOOD)


def test_every_check_finds_something():
    assert {finds for _, finds in BREACHES} == set(checks_for(GOOD))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "worker.senders.check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_command_prints_a_line_per_check():
    done = run("console://")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "ok      declares_its_channels",
        "ok      keeps_the_secrets_of_its_url",
        "The URL has no {server}, so the other checks were skipped.",
    ]


def test_command_fails_for_a_broken_sender():
    done = run("twilio://nonsense:hunter22@nowhere")
    assert done.returncode == 1
    assert "BROKEN" in done.stdout
    assert "hunter22" not in done.stdout + done.stderr


def test_every_message_differs():
    messages = [Subject(url="console://").message() for _ in range(50)]
    assert len({m.code for m in messages}) == len({m.to for m in messages}) == 50
    assert all(isinstance(m, Message) for m in messages)
