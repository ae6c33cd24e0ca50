"""What this API answers: every key always there, times in whole seconds of UTC."""

from datetime import UTC, datetime
from typing import Any

from api.verify_v2.access import Account
from shared.services import Service


def time(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
            "date_created": time(service.created / 1000),
            "date_updated": time(service.updated / 1000),
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
