"""Signatures by the examples of those who made them."""

import base64

from shared import signatures


def test_signs_like_twilio():
    """The example of Twilio's own libraries."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    signed = signatures.twilio("12345", url, form.items())
    assert signed == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert signatures.twilio("12345", url, reversed(form.items())) == signed


def test_signs_a_repeated_field_of_twilio_once_per_value():
    url = "https://mycompany.com/"
    once = signatures.twilio("12345", url, [("a", "1"), ("a", "2")])
    assert signatures.twilio("12345", url, [("a", "2"), ("a", "1"), ("a", "2")]) == once
    assert signatures.twilio("12345", url, [("a", "1")]) != once


def test_signs_like_standard_webhooks():
    """The example of the Standard Webhooks libraries."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signatures.standard_webhook(
        key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
