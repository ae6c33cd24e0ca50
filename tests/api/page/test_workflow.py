"""The page of a service with a workflow, in a browser without JavaScript."""

import re
from urllib.parse import urljoin

import pytest

from api import FRONTEND
from tests.user import PHONE

LANGUAGES = [path.stem for path in sorted((FRONTEND / "texts").glob("*.toml"))]


@pytest.fixture
def env():
    return {"OTP_WORKFLOW": "whatsapp 40s, call"}


@pytest.fixture
def send(client, clock):
    """Send a form and return the page that it leads to, while time stands still."""

    def send(path: str = "/", query: str = "", **typed: str) -> str:
        sent = client.post(path, data=typed)
        assert sent.status_code == 303
        return client.get(urljoin(path, sent.location) + query).get_data(as_text=True)

    return send


def button(page: str) -> str | None:
    """What the button that starts the next step sends."""
    shown = re.search(r'<div id="next">.*?id="get-now".*? value="(\w+)"', page, re.DOTALL)
    return shown and shown[1]


def test_without_a_chosen_channel_the_workflow_starts(client, send):
    form = client.get("/").get_data(as_text=True)
    assert re.search(r'name="channel" id="channel-automatic" value="" .*checked', form)
    page = send(phone=PHONE, channel="")
    assert "Check WhatsApp on" in page
    assert "Next: a call in 0:40" in page
    assert button(page) == "call"
    assert 'data-channel="call" hidden>Call me instead' in page


def test_the_button_starts_the_next_step_now(client, send):
    path = f"/{client.post('/', data={'phone': PHONE}).location}"
    assert button(client.get(path).get_data(as_text=True)) == "call"
    page = send(path, resend="call")
    assert "Answer our call to" in page
    assert button(page) is None


@pytest.mark.parametrize("typed", [{"phone": PHONE, "channel": "sms"}, {"email": "a@example.com"}])
def test_a_chosen_channel_and_an_email_address_start_no_workflow(send, typed):
    page = send(**typed, kind="email" if "email" in typed else "phone")
    assert button(page) is None
    assert '<div id="next" hidden>' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_what_is_next_and_when(send, language):
    page = send(query=f"?lang={language}", phone=PHONE, channel="")
    told = re.search(r'id="next-in"[^>]*>([^<]+)<', page)[1]
    assert "0:40" in told
    assert told != "Next: a call in 0:40" or language == "en"


@pytest.mark.parametrize("env", [{}])
def test_without_a_workflow_a_channel_has_to_be_chosen(client):
    assert "channel-automatic" not in client.get("/").get_data(as_text=True)
    answer = client.post("/", data={"phone": PHONE, "channel": ""})
    assert answer.status_code == 403
