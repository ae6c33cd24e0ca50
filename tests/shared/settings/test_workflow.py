"""Workflows as text."""

import pytest

from shared.policy import Step
from shared.settings import Settings, SettingsError
from shared.settings.workflow import read


@pytest.mark.parametrize(
    ("text", "workflow"),
    [
        ("whatsapp 30s, sms 45s, call", (Step("whatsapp", 30), Step("sms", 45), Step("call"))),
        ("sms", (Step("sms"),)),
        (" sms  1m ,call ", (Step("sms", 60), Step("call"))),
        ("email 600s, email", (Step("email", 600), Step("email"))),
        ("sms 15s, sms 15s, sms 15s, sms 15s, sms", (Step("sms", 15),) * 4 + (Step("sms"),)),
        ("none", ()),
    ],
)
def test_a_workflow_is_read(text, workflow):
    assert read(text) == workflow


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sms 30s,", "step 2: expected one of"),
        ("pigeon", "step 1: expected one of"),
        ("sms 30, call", "step 1: expected one of"),
        ("SMS", "step 1: expected one of"),
        ("sms 14s, call", "step 1: expected a wait of 15 to 600 seconds"),
        ("sms 601s, call", "step 1: expected a wait of 15 to 600 seconds"),
        ("sms 1h, call", "step 1: expected a wait of 15 to 600 seconds"),
        ("sms, call", "step 1: only the last step has no wait"),
        ("sms 30s, call 30s", "step 2: the last step has no wait"),
        ("sms 30s, email", "step 2: email cannot be"),
        ("email 30s, sms", "step 2: email cannot be"),
        (", ".join(["sms 15s"] * 5 + ["sms"]), "expected 1 to 5 steps"),
    ],
)
@pytest.mark.parametrize("per_app", [False, True])
def test_a_wrong_one_stops_the_start_by_name(text, told, per_app):
    env = {"OTP_APPS": f'[shop]\nworkflow = "{text}"'} if per_app else {"OTP_WORKFLOW": text}
    name = "OTP_APPS: shop: OTP_WORKFLOW" if per_app else "OTP_WORKFLOW"
    with pytest.raises(SettingsError, match=f"{name}: {told}"):
        Settings.load(env, env_file=None)


def test_an_app_can_have_none():
    env = {"OTP_WORKFLOW": "sms 30s, call", "OTP_APPS": '[shop]\nworkflow = "none"'}
    settings = Settings.load(env, env_file=None)
    assert settings.app("shop").policy().workflow == ()
    assert settings.app("other").policy().workflow == (Step("sms", 30), Step("call"))
