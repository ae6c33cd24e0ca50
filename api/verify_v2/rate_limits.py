"""/v2/Services/…/RateLimits, and the Buckets of each."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Blueprint, request

from api.http import body, links
from api.verify_v2 import paging
from api.verify_v2.access import calling
from api.verify_v2.errors import BAD_LIMIT_NAME, V2Error, invalid
from api.verify_v2.form import Form
from api.verify_v2.services import found
from api.verify_v2.shapes import time
from shared.verification.model import ExtraLimit
from shared.verify_v2.rate_limits import Bucket, RateLimit, RateLimits
from shared.verify_v2.services import Services

_NAME = re.compile("[A-Za-z0-9._-]{1,64}")
_LONGEST_DESCRIPTION = 255
# Redis remembers each time that a value was counted.
_MOST = 100_000
_LONGEST_INTERVAL = 7 * 86400


def endpoints(services: Services, limits: RateLimits) -> Blueprint:
    part = Blueprint("rate_limits", __name__, url_prefix="/Services/<service>/RateLimits")

    @part.before_request
    def refuse_unknown_service() -> None:
        found(services, (request.view_args or {})["service"])

    _routes_of_limits(part, limits)
    _routes_of_buckets(part, limits)
    return part


def _routes_of_limits(part: Blueprint, limits: RateLimits) -> None:
    @part.post("")
    def create_rate_limit(service: str) -> tuple[dict[str, Any], int]:
        form = Form.of(request)
        name = form.required("UniqueName")
        if not _NAME.fullmatch(name):
            raise V2Error(BAD_LIMIT_NAME)
        return _limit(service, limits.add(service, name, _description(form) or "")), 201

    @part.get("")
    def list_rate_limits(service: str) -> dict[str, Any]:
        return paging.page("rate_limits", limits.of(service), partial(_limit, service))

    @part.get("/<sid>")
    def get_rate_limit(service: str, sid: str) -> dict[str, Any]:
        return _limit(service, limits.find(service, sid))

    @part.post("/<sid>")
    def update_rate_limit(service: str, sid: str) -> dict[str, Any]:
        description = _description(Form.of(request))
        if description is None:
            return _limit(service, limits.find(service, sid))
        return _limit(service, limits.describe(service, sid, description))

    @part.delete("/<sid>")
    def delete_rate_limit(service: str, sid: str) -> tuple[str, int]:
        limits.remove(service, sid)
        return "", 204


def _routes_of_buckets(part: Blueprint, limits: RateLimits) -> None:
    @part.post("/<limit>/Buckets")
    def create_bucket(service: str, limit: str) -> tuple[dict[str, Any], int]:
        form = Form.of(request)
        form.required("Max")
        form.required("Interval")
        most, interval = _sizes(form)
        bucket = limits.add_bucket(service, limit, most or 0, interval or 0)
        return _bucket(service, limit, bucket), 201

    @part.get("/<limit>/Buckets")
    def list_buckets(service: str, limit: str) -> dict[str, Any]:
        buckets = limits.find(service, limit).buckets
        return paging.page("buckets", buckets, partial(_bucket, service, limit))

    @part.get("/<limit>/Buckets/<sid>")
    def get_bucket(service: str, limit: str, sid: str) -> dict[str, Any]:
        return _bucket(service, limit, limits.find(service, limit).bucket(sid))

    @part.post("/<limit>/Buckets/<sid>")
    def update_bucket(service: str, limit: str, sid: str) -> dict[str, Any]:
        most, interval = _sizes(Form.of(request))
        return _bucket(service, limit, limits.change_bucket(service, limit, sid, most, interval))

    @part.delete("/<limit>/Buckets/<sid>")
    def delete_bucket(service: str, limit: str, sid: str) -> tuple[str, int]:
        limits.remove_bucket(service, limit, sid)
        return "", 204


def counting(form: Form, limits: Sequence[RateLimit]) -> list[ExtraLimit]:
    """What a start counts for: {"end_user_ip": "198.51.100.7"}. Raises V2Error, also for an unknown
    name, because a typo must not switch a limit off."""
    text = form.text("RateLimits")
    if text is None:
        return []
    try:
        values = body.json_in_form(text)
    except body.MalformedJson:
        raise invalid("RateLimits", "expected a JSON object of names and values") from None
    known = {limit.unique_name: limit for limit in limits}
    for name, value in values.items():
        if name not in known:
            raise invalid("RateLimits", f"the Service has no rate limit {name[:64]!r}")
        if not isinstance(value, str | int | float):
            raise invalid("RateLimits", f"expected a string or number for {name!r}")
    return [known[name].counting(str(value)) for name, value in values.items()]


def _description(form: Form) -> str | None:
    text = form.text("Description")
    if text is not None and len(text) > _LONGEST_DESCRIPTION:
        raise invalid("Description", f"expected up to {_LONGEST_DESCRIPTION} characters")
    return text


def _sizes(form: Form) -> tuple[int | None, int | None]:
    return form.integer("Max", 1, _MOST), form.integer("Interval", 1, _LONGEST_INTERVAL)


def _limit(service: str, limit: RateLimit) -> dict[str, Any]:
    url = links.absolute(f"/v2/Services/{service}/RateLimits/{limit.sid}")
    return {
        "sid": limit.sid,
        "service_sid": service,
        "account_sid": calling().sid,
        "unique_name": limit.unique_name,
        "description": limit.description,
        "date_created": time(limit.created_at),
        "date_updated": time(limit.updated_at),
        "url": url,
        "links": {"buckets": f"{url}/Buckets"},
    }


def _bucket(service: str, limit: str, bucket: Bucket) -> dict[str, Any]:
    path = f"/v2/Services/{service}/RateLimits/{limit}/Buckets/{bucket.sid}"
    return {
        "sid": bucket.sid,
        "rate_limit_sid": limit,
        "service_sid": service,
        "account_sid": calling().sid,
        "max": bucket.max,
        "interval": bucket.interval,
        "date_created": time(bucket.created_at),
        "date_updated": time(bucket.updated_at),
        "url": links.absolute(path),
    }
