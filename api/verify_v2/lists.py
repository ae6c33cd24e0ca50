"""/v2/Templates, which has one entry, and /v2/SafeList/Numbers."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request

from api.http import links
from api.verify_v2 import paging, parameters
from api.verify_v2.access import calling
from api.verify_v2.errors import NOT_FOUND, V2Error
from api.verify_v2.form import Form
from shared.messages.texts import FALLBACK, Texts
from shared.recipient import Addresses, Recipient
from shared.verify_v2.safe_list import SafeList
from shared.verify_v2.services import TEMPLATE_SID

_TEMPLATE_NAME = "Verification code"


def register(
    v2: Blueprint, texts: Callable[[str], Texts], safe_list: SafeList, addresses: Addresses
) -> None:
    @v2.get("/Templates")
    def list_templates() -> dict[str, Any]:
        template = {
            "sid": TEMPLATE_SID,
            "account_sid": calling().sid,
            "friendly_name": _TEMPLATE_NAME,
            "channels": ["sms", "whatsapp", "voice", "email"],
            "translations": _translations(texts(calling().app)),
        }
        wanted = request.args.get("FriendlyName") or _TEMPLATE_NAME
        listed = [template] if wanted == _TEMPLATE_NAME else []
        return paging.page("templates", listed, dict)

    def number_in(text: str) -> Recipient:
        """Raises V2Error."""
        return parameters.recipient(addresses, text, by_email=False, parameter="PhoneNumber")

    @v2.post("/SafeList/Numbers")
    def add_safe_number() -> tuple[dict[str, Any], int]:
        number = number_in(Form.of(request).required("PhoneNumber"))
        return _safe(number, safe_list.add(calling().app, number)), 201

    @v2.get("/SafeList/Numbers/<phone_number>")
    def get_safe_number(phone_number: str) -> dict[str, Any]:
        number = number_in(phone_number)
        sid = safe_list.find(calling().app, number)
        if sid is None:
            raise V2Error(NOT_FOUND)
        return _safe(number, sid)

    @v2.delete("/SafeList/Numbers/<phone_number>")
    def remove_safe_number(phone_number: str) -> tuple[str, int]:
        if not safe_list.remove(calling().app, number_in(phone_number)):
            raise V2Error(NOT_FOUND)
        return "", 204


def _safe(number: Recipient, sid: str) -> dict[str, Any]:
    return {
        "sid": sid,
        "phone_number": number.to,
        "url": links.absolute(f"/v2/SafeList/Numbers/{number.to}"),
    }


def _translations(texts: Texts) -> dict[str, Any]:
    """The text of an SMS in each language, as clients show templates."""
    return {
        language: {
            "is_default_translation": language == FALLBACK,
            "status": "approved",
            "locale": language,
            "text": texts.sms(language, "sms", "{{code}}", 600, "{{friendly_name}}"),
            "date_created": None,
            "date_updated": None,
        }
        for language in texts.languages
    }
