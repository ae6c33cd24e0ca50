"""Signature Version 4 against AWS's test suite and against botocore."""

from datetime import UTC, datetime

import pytest

from worker.senders.sigv4 import Signer

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def sign(url: str, body: bytes, headers: dict[str, str], region: str, service: str):
    signer = Signer(access_key="AKIDEXAMPLE", secret_key=SECRET_KEY, region=region, service=service)
    return signer.headers(url, body, headers, NOW)


@pytest.mark.parametrize(
    ("body", "headers", "names", "signature"),
    [
        # post-vanilla and post-x-www-form-urlencoded of AWS's test suite, which botocore runs.
        (
            b"",
            {},
            "host;x-amz-date",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            b"Param1=value1",
            {"Content-Type": "application/x-www-form-urlencoded"},
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
)
def test_signs_the_requests_of_awss_test_suite(body, headers, names, signature):
    signed = sign("https://example.amazonaws.com/", body, headers, "us-east-1", "service")
    assert signed == {
        **headers,
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": "AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}",
    }


def test_signs_a_message_as_botocore_does():
    """The signature is that of botocore 1.44.5."""
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "PinpointSMSVoiceV2.SendTextMessage",
    }
    body = b'{"DestinationPhoneNumber": "+14155550123"}'
    url = "https://sms-voice.eu-west-1.amazonaws.com/"
    signed = sign(url, body, headers, "eu-west-1", "sms-voice")["Authorization"]
    assert signed.endswith(
        "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
        "Signature=f990a90e63a95bf992c1d0b14224bd9ba6a45243c878bd7f2ce9d34aeaa69e44"
    )


def test_shows_no_secret():
    signer = Signer(
        access_key="AKIDEXAMPLE", secret_key=SECRET_KEY, region="eu-west-1", service="sms-voice"
    )
    assert SECRET_KEY not in repr(signer)
