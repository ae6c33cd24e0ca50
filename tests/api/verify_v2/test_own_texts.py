"""An account with its own texts."""

import pytest

from shared.verification.store import Store
from tests.own_texts import SWEDISH, texts_folder

SWEDE = {"Accept-Language": "sv-SE,de;q=0.5"}


@pytest.fixture
def more(tmp_path) -> dict[str, str]:
    return {"OTP_APPS": f"[shop]\ntexts = '{texts_folder(tmp_path / 'texts', sv=SWEDISH)}'"}


def test_the_template_has_the_texts_of_the_account(v2, bank):
    def translations(of) -> dict:
        [template] = of.get("/Templates").json["templates"]
        return template["translations"]

    swedish = translations(v2)["sv"]
    assert swedish["text"] == "{{code}} för {{friendly_name}}, 10 min."
    assert (swedish["locale"], swedish["is_default_translation"]) == ("sv", False)
    assert translations(v2)["de"] == translations(bank)["de"]
    assert "sv" not in translations(bank)


def test_the_page_of_a_service_has_messages_in_the_languages_of_its_account(
    v2, service, bank, client
):
    path = f"/verify/{v2.start(service)['sid']}"
    assert 'data-locale="sv-SE"' in client.get(path, headers=SWEDE).get_data(as_text=True)
    other = f"/verify/{bank.start(bank.service())['sid']}"
    assert 'data-locale="de"' in client.get(other, headers=SWEDE).get_data(as_text=True)


def test_a_resend_without_scripts_is_in_the_language_of_the_page(v2, service, client, scripts):
    sid = v2.start(service)["sid"]
    sent = client.post(f"/verify/{sid}", data={"resend": "sms"}, headers=SWEDE)
    assert sent.status_code == 303
    *_, last = Store(scripts).records(sid).sends
    assert last.fields["locale"] == "sv-SE"
