"""What this API answers: every key is always present, and times are in whole seconds of UTC."""

from datetime import UTC, datetime
from typing import Any

from api.http import links
from api.verify_v2.access import calling
from shared.storage import reading
from shared.verification.model import Asked, Checked, Started
from shared.verification.records import Verification
from shared.verify_v2.attempts import attempt_sid
from shared.verify_v2.services import Service


def time(unix_seconds: float | None) -> str | None:
    """Returns None if the time is unreadable."""
    if unix_seconds is None:
        return None
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def service(service: Service) -> dict[str, Any]:
    url = links.absolute(f"/v2/Services/{service.sid}")
    return {
        "sid": service.sid,
        "account_sid": calling().sid,
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


def verification(service: Service, to: str, one: Started | Verification) -> dict[str, Any]:
    status: str = "pending"
    if isinstance(one, Started):
        asked, updated_at = one.asked, one.asked[-1].at
    else:
        status, updated_at = one.status, one.updated_at
        asked = tuple(Asked(send.channel, send.asked_at) for send in one.sends)
    return {
        "sid": one.verification_id,
        "service_sid": service.sid,
        "account_sid": calling().sid,
        "to": to,
        "channel": one.channel,
        "status": status,
        "valid": status == "approved",
        "lookup": {},
        "amount": None,
        "payee": None,
        "send_code_attempts": [
            {
                "time": time(send.at),
                "channel": send.channel,
                "attempt_sid": attempt_sid(one.verification_id, number),
            }
            for number, send in enumerate(asked, 1)
        ],
        "date_created": time(one.created_at),
        "date_updated": time(updated_at),
        "sna": None,
        "url": links.absolute(f"/v2/Services/{service.sid}/Verifications/{one.verification_id}"),
    }


def check(service: Service, checked: Checked) -> dict[str, Any]:
    return {
        "sid": checked.verification_id,
        "service_sid": service.sid,
        "account_sid": calling().sid,
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
