"""/v2/Services: make, look at, list, change and delete them."""

import unicodedata
from typing import Any

from flask import Blueprint, Response, jsonify, request

from api.verify_v2 import paging
from api.verify_v2.access import calling
from api.verify_v2.errors import NO_TEMPLATE, NOT_FOUND, V2Error, invalid
from api.verify_v2.form import Form
from api.verify_v2.shapes import Shapes
from shared.services import TEMPLATE_SID, Service, Services

_LONGEST_NAME = 32
_BOOLEANS = {
    "CustomCodeEnabled": "custom_code_enabled",
    "DoNotShareWarningEnabled": "do_not_share_warning_enabled",
    "DtmfInputRequired": "dtmf_input_required",
    "LookupEnabled": "lookup_enabled",
    "SkipSmsToLandlines": "skip_sms_to_landlines",
    "VerifyEventSubscriptionEnabled": "verify_event_subscription_enabled",
}


def register(v2: Blueprint, services: Services, shapes: Shapes) -> None:
    @v2.post("/Services")
    def create_service() -> tuple[Response, int]:
        form, account = Form.of(request), calling()
        form.required("FriendlyName")
        service = services.create(account.app, **_changes(form))
        return jsonify(shapes.service(service, account)), 201

    @v2.get("/Services")
    def list_services() -> Response:
        account = calling()
        return jsonify(
            paging.page(
                request,
                shapes.base,
                "services",
                services.all_of(account.app),
                lambda service: shapes.service(service, account),
            )
        )

    @v2.get("/Services/<sid>")
    def get_service(sid: str) -> Response:
        return jsonify(shapes.service(found(services, sid), calling()))

    @v2.post("/Services/<sid>")
    def update_service(sid: str) -> Response:
        changes = _changes(Form.of(request))
        service = services.update(found(services, sid), changes)
        if service is None:
            raise V2Error(NOT_FOUND)
        return jsonify(shapes.service(service, calling()))

    @v2.delete("/Services/<sid>")
    def delete_service(sid: str) -> tuple[str, int]:
        services.delete(found(services, sid))
        return "", 204


def found(services: Services, sid: str) -> Service:
    """The caller's Service of this SID. Raises V2Error."""
    service = services.find(calling().app, sid)
    if service is None:
        raise V2Error(NOT_FOUND)
    return service


def name(form: Form, parameter: str) -> str | None:
    """A name that messages can have: no address, no number to call. Raises V2Error."""
    text = form.text(parameter)
    if text is not None and not _is_name(text):
        raise invalid(
            parameter,
            f"expected up to {_LONGEST_NAME} letters, spaces, - and _, and 4 digits at most",
        )
    return text


def template(form: Form, parameter: str) -> str | None:
    """Raises V2Error for one that there is not."""
    sid = form.text(parameter)
    if sid not in {None, TEMPLATE_SID}:
        raise V2Error(NO_TEMPLATE)
    return sid


def _is_name(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return (
        bool(text.strip())
        and len(text) <= _LONGEST_NAME
        and digits <= 4
        and all(letter in " -_" or unicodedata.category(letter)[0] in "LMN" for letter in text)
    )


def _changes(form: Form) -> dict[str, Any]:
    """The fields of a Service that the form sets. Raises V2Error."""
    changes = {
        "friendly_name": name(form, "FriendlyName"),
        "code_length": form.integer("CodeLength", 4, 10),
        "tts_name": form.text("TtsName"),
        "default_template_sid": template(form, "DefaultTemplateSid"),
        **{field: form.boolean(parameter) for parameter, field in _BOOLEANS.items()},
    }
    return {field: value for field, value in changes.items() if value is not None}
