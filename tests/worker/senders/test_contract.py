"""Every shipped sender keeps to the contract. The checks wait for time-outs, so all run at once."""

import json
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.providers import aws, infobip, telnyx, vonage
from worker.senders import BUILT_IN
from worker.senders.conformance import Check, Subject, checks_for
from worker.senders.conformance.attempts import all_logs
from worker.senders.conformance.checks import does_not_wait_for_ever, knows_what_it_does_not_know

TWILIO = "twilio://AC0123456789abcdef0123456789abcdef:hunter22@{}?api=http://{{server}}"
SUBJECTS = {
    "aws": Subject(
        url=f"aws://{aws.ACCESS_KEY}:hunter22@{aws.REGION}?api=http://{{server}}",
        accepted=json.dumps(aws.accepted()),
    ),
    "console": Subject(url="console://"),
    "infobip": Subject(
        url="infobip://hunter22@xyz12?from=+15005550006&api=http://{server}",
        accepted=json.dumps(infobip.accepted()),
    ),
    "smtp": Subject(url="smtp://{server}?from=otp@example.com&tls=none"),
    "smtp-login": Subject(url="smtp://otp:hunter22@{server}?from=otp@example.com&tls=none"),
    "telnyx": Subject(
        url="telnyx://hunter22@+15005550006?api=http://{server}",
        accepted=json.dumps(telnyx.accepted()),
    ),
    "twilio-sms": Subject(url=TWILIO.format("+15005550006")),
    "twilio-whatsapp": Subject(url=TWILIO.format("+15005550006"), channel="whatsapp"),
    "twilio-call": Subject(url=TWILIO.format("+15005550006"), channel="call"),
    "vonage-account": Subject(
        url=f"vonage://{vonage.ACCOUNT}@+15005550006?api=http://{{server}}",
        accepted=json.dumps(vonage.accepted()),
    ),
    "vonage-application": Subject(
        url=f"vonage://{vonage.APPLICATION}@+15005550006?private_key={vonage.PRIVATE_KEY}"
        "&api=http://{server}",
        accepted=json.dumps(vonage.accepted()),
    ),
    "webhook": Subject(url="webhook://whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw@{server}/?tls=none"),
    "whatsapp": Subject(
        url="whatsapp://hunter22@106540352242922?template=code&api=http://{server}",
        accepted='{"messages": [{"id": "wamid.x"}]}',
    ),
    "smsgate": Subject(
        url="smsgate://otp:hunter22@{server}/message?tls=none", accepted='{"id": "kit-1"}'
    ),
    "telegram": Subject(
        url="telegram://hunter22@gateway?api=http://{server}",
        accepted='{"ok": true, "result": {"request_id": "kit-1"}}',
        code_length=8,
    ),
    "apprise-sms": Subject(url="apprise+json://otp:hunter22@{server}/sms?:to={to}"),
    "apprise-email": Subject(
        url="apprise+json://otp:hunter22@{server}/mail?:to={to}", channel="email"
    ),
}
# Each waits for a provider that does not answer. They begin first, and the others run meanwhile.
WAITING = {does_not_wait_for_ever, knows_what_it_does_not_know}
CASES = [(name, check) for name, subject in SUBJECTS.items() for check in checks_for(subject)]
CASES.sort(key=lambda case: case[1] not in WAITING)
pytestmark = pytest.mark.alone
Results = dict[tuple[str, Check], Future[None]]


@pytest.fixture(scope="module")
def results() -> Results:
    with all_logs(), ThreadPoolExecutor(64) as pool:
        # Leaving the pool waits for them.
        return {(name, check): pool.submit(check, SUBJECTS[name]) for name, check in CASES}


@pytest.mark.parametrize(("name", "check"), CASES, ids=lambda of: getattr(of, "__name__", of))
def test_keeps_to_the_contract(results, name, check):
    results[name, check].result()


def test_no_sender_is_left_out():
    # smtps differs from smtp in the connection only; test_smtp.py makes it over TLS.
    assert {name.partition("-")[0] for name in SUBJECTS} == set(BUILT_IN) - {"smtps"}
