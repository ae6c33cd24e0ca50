"""/v2/Services."""

from typing import Any

from flask import Blueprint, request

from api.verify_v2 import paging, parameters, shapes
from api.verify_v2.access import calling
from api.verify_v2.errors import NOT_FOUND, TOO_MANY_REQUESTS, V2Error
from api.verify_v2.form import Form
from shared.verify_v2.services import Service, Services

_BOOLEANS = {
    "CustomCodeEnabled": "custom_code_enabled",
    "DoNotShareWarningEnabled": "do_not_share_warning_enabled",
    "DtmfInputRequired": "dtmf_input_required",
    "LookupEnabled": "lookup_enabled",
    "SkipSmsToLandlines": "skip_sms_to_landlines",
    "VerifyEventSubscriptionEnabled": "verify_event_subscription_enabled",
}


def register(v2: Blueprint, services: Services) -> None:
    @v2.post("/Services")
    def create_service() -> tuple[dict[str, Any], int]:
        form = Form.of(request)
        form.required("FriendlyName")
        service = services.create(calling().app, **_changes(form))
        if service is None:
            raise V2Error(TOO_MANY_REQUESTS)
        return shapes.service(service), 201

    @v2.get("/Services")
    def list_services() -> dict[str, Any]:
        return paging.page("services", services.all_of(calling().app), shapes.service)

    @v2.get("/Services/<sid>")
    def get_service(sid: str) -> dict[str, Any]:
        return shapes.service(found(services, sid))

    @v2.post("/Services/<sid>")
    def update_service(sid: str) -> dict[str, Any]:
        changes = _changes(Form.of(request))
        service = services.update(found(services, sid), changes)
        if service is None:
            raise V2Error(NOT_FOUND)
        return shapes.service(service)

    @v2.delete("/Services/<sid>")
    def delete_service(sid: str) -> tuple[str, int]:
        services.delete(found(services, sid))
        return "", 204


def found(services: Services, sid: str) -> Service:
    """The caller's Service with this SID. Raises V2Error."""
    service = services.find(calling().app, sid)
    if service is None:
        raise V2Error(NOT_FOUND)
    return service


def _changes(form: Form) -> dict[str, Any]:
    """The fields of a Service that the form sets. Raises V2Error."""
    changes = {
        "friendly_name": parameters.name(form, "FriendlyName"),
        "code_length": form.integer("CodeLength", 4, 10),
        "tts_name": form.text("TtsName"),
        "default_template_sid": parameters.template(form, "DefaultTemplateSid"),
        **{field: form.boolean(parameter) for parameter, field in _BOOLEANS.items()},
    }
    return {field: value for field, value in changes.items() if value is not None}
