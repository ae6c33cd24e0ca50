"""What this API answers: every key always there, times in whole seconds of UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.verify_v2.access import Account
from shared.storage import reading
from shared.verification.model import Asked, Checked, Started, Verification
from shared.verify_v2.attempts import attempt_sid
from shared.verify_v2.services import Service


def time(unix_seconds: float | None) -> str | None:
    """Returns None if the time is unreadable."""
    if unix_seconds is None:
        return None
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is shown of a verification, with its address as it is to be shown. Times are Unix
    seconds."""

    verification_id: str
    to: str
    channel: str
    status: str
    asked: Sequence[Asked]
    created_at: float | None
    updated_at: float | None


def of_start(started: Started, to: str) -> Shown:
    return Shown(
        verification_id=started.verification_id,
        to=to,
        channel=started.channel,
        status="pending",
        asked=started.asked,
        created_at=started.created_at,
        updated_at=started.asked[-1].at,
    )


def of_verification(seen: Verification, to: str) -> Shown:
    return Shown(
        verification_id=seen.verification_id,
        to=to,
        channel=seen.channel,
        status=seen.status,
        asked=[Asked(send.channel, send.asked_at) for send in seen.sends],
        created_at=seen.created_at,
        updated_at=seen.updated_at,
    )


class Shapes:
    """`base` is the address of this service, for the addresses in answers."""

    def __init__(self, base: str) -> None:
        self.base = base

    def service(self, service: Service, account: Account) -> dict[str, Any]:
        url = f"{self.base}/v2/Services/{service.sid}"
        return {
            "sid": service.sid,
            "account_sid": account.sid,
            "friendly_name": service.friendly_name,
            "code_length": service.code_length,
            "lookup_enabled": service.lookup_enabled,
            "psd2_enabled": False,
            "skip_sms_to_landlines": service.skip_sms_to_landlines,
            "dtmf_input_required": service.dtmf_input_required,
            "tts_name": service.tts_name,
            "do_not_share_warning_enabled": service.do_not_share_warning_enabled,
            "custom_code_enabled": service.custom_code_enabled,
            "push": None,
            "totp": None,
            "default_template_sid": service.default_template_sid,
            "whatsapp": None,
            "passkeys": None,
            "verify_event_subscription_enabled": service.verify_event_subscription_enabled,
            "date_created": time(reading.moment(service.created) or 0),
            "date_updated": time(reading.moment(service.updated) or 0),
            "url": url,
            "links": {
                "verification_checks": f"{url}/VerificationCheck",
                "verifications": f"{url}/Verifications",
                "rate_limits": f"{url}/RateLimits",
                "messaging_configurations": f"{url}/MessagingConfigurations",
                "entities": f"{url}/Entities",
                "webhooks": f"{url}/Webhooks",
                "access_tokens": f"{url}/AccessTokens",
            },
        }

    def verification(self, service: Service, account: Account, one: Shown) -> dict[str, Any]:
        return {
            "sid": one.verification_id,
            "service_sid": service.sid,
            "account_sid": account.sid,
            "to": one.to,
            "channel": one.channel,
            "status": one.status,
            "valid": one.status == "approved",
            "lookup": {},
            "amount": None,
            "payee": None,
            "send_code_attempts": [
                {
                    "time": time(send.at),
                    "channel": send.channel,
                    "attempt_sid": attempt_sid(one.verification_id, number),
                }
                for number, send in enumerate(one.asked, 1)
            ],
            "date_created": time(one.created_at),
            "date_updated": time(one.updated_at),
            "sna": None,
            "url": f"{self.base}/v2/Services/{service.sid}/Verifications/{one.verification_id}",
        }


def check(service: Service, account: Account, checked: Checked) -> dict[str, Any]:
    return {
        "sid": checked.verification_id,
        "service_sid": service.sid,
        "account_sid": account.sid,
        "to": checked.clear_to,
        "channel": checked.channel,
        "status": "approved" if checked.approved else "pending",
        "valid": checked.approved,
        "amount": None,
        "payee": None,
        "date_created": time(checked.created_at),
        "date_updated": time(checked.at),
        "sna_attempts_error_codes": [],
    }
