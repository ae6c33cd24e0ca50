"""What the owner does about the pumping guard."""

import pytest

from tests.api.admin.conftest import PASSWORD

BLOCKING = {
    "OTP_ADMIN_PASSWORD": PASSWORD,
    "OTP_GUARD": "block",
    "OTP_GUARD_RANGE": "2/1d",
    "OTP_LIMIT_IP": "100/1h",
}
RANGE = {"app": "default", "kind": "range", "subject": "+1415555"}


@pytest.mark.parametrize("env", [BLOCKING])
def test_what_the_guard_holds_is_released_and_exempted_and_that_is_logged(act, look, log, caller):
    numbers = iter(range(100))

    def ask():
        return caller.generate(f"+14155550{next(numbers) + 100}", channel="sms").status_code

    def first():
        return look().json["guarded"][0]

    assert [ask() for _ in range(3)] == [202, 202, 403]
    assert (first()["state"], first()["app"], first()["subject"]) == ("held", "default", "+1415555")
    name = first()["name"]

    assert act("release", guard=name).status_code == 204
    assert [ask() for _ in range(3)] == [202, 202, 403]
    assert act("exempt", guard=name, seconds=3600).status_code == 204
    assert [ask() for _ in range(5)] == [202] * 5
    assert (first()["name"], first()["state"]) == (name, "exempt")
    assert act("end_exemption", guard=name).status_code == 204
    assert ask() == 403
    assert log()[:3] == [
        ("end_exemption", RANGE),
        ("exempt", {**RANGE, "seconds": 3600}),
        ("release", RANGE),
    ]


REFUSED = [
    ("release", {"guard": "default:range:+1*"}),
    ("release", {"guard": "default:app:x"}),
    ("release", {"guard": "range:+1415555"}),
    ("release", {"guard": "default:range:+1415555:x"}),
    ("release", {"guard": "default:country:us\n"}),
    ("exempt", {"guard": "default:range:+1415555"}),
    ("exempt", {"guard": "default:range:+1415555", "seconds": 10**9}),
    ("exempt", {"guard": "default:range:+1415555", "seconds": -1}),
    ("end_exemption", {"guard": ""}),
]


def test_only_a_guard_can_be_released_or_exempted_and_only_for_a_time(act, log, subtests):
    for name, body in REFUSED:
        with subtests.test(name=name, body=body):
            assert act(name, **body).status_code == 422
            assert name not in dict(log())
