"""Supabase Auth, as v2.196.0 calls its hooks (internal/hooks/hookshttp and v0hooks)."""

import base64
import json
import time
from typing import Any

from shared import signatures

KEYS = [bytes([n]) * 32 for n in range(3)]
SECRETS = [f"v1,whsec_{base64.b64encode(key).decode()}" for key in KEYS]
SMS, EMAIL = "/hooks/supabase/sms", "/hooks/supabase/email"
USER = {
    "id": "6481a5c1-3d37-4a56-9f6a-bee08c554965",
    "aud": "authenticated",
    "role": "authenticated",
    "email": "",
    "phone": "14155550123",
    "app_metadata": {"provider": "phone", "providers": ["phone"]},
    "user_metadata": {},
    "identities": [],
    "created_at": "2026-08-13T11:45:33.7738Z",
    "updated_at": "2026-08-14T12:31:52.475622Z",
    "is_anonymous": False,
}
METADATA = {
    "uuid": "0b5e6f4e-8d84-4f0e-9d29-6f9e4f9d1d0a",
    "time": "2026-08-14T12:31:52.8Z",
    "name": "send-sms",
    "ip_address": "203.0.113.7",
}
EMAIL_DATA = {
    "token": "305805",
    "token_hash": "7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0",
    "redirect_to": "http://localhost:3000/",
    "email_action_type": "signup",
    "site_url": "http://localhost:9999",
    "token_new": "",
    "token_hash_new": "",
    "old_email": "",
    "old_phone": "",
    "provider": "",
    "factor_type": "",
}


def sms(otp: str = "561166", phone: str = "14155550123", **user: Any) -> dict[str, Any]:
    return {"metadata": METADATA, "user": {**USER, **user}, "sms": {"otp": otp, "phone": phone}}


def email(address: str = "ada@example.com", new: str | None = None, **data: Any) -> dict[str, Any]:
    user = {**USER, "phone": "", "email": address, **({"new_email": new} if new else {})}
    return {"metadata": METADATA, "user": user, "email_data": {**EMAIL_DATA, **data}}


def signed(
    content: bytes, keys: list[bytes], *, message_id: str = "msg_1", age: float = 0
) -> dict[str, str]:
    """The headers. Supabase signs with each of its secrets, and puts commas between them."""
    timestamp = str(int(time.time() - age))
    given = [signatures.standard_webhook(key, message_id, timestamp, content) for key in keys]
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": ", ".join(given),
    }


def encoded(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()
