"""/v2/Services/…/RateLimits, and the Buckets of each."""

import re
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from api.http import body
from api.verify_v2 import paging
from api.verify_v2.access import calling
from api.verify_v2.errors import BAD_LIMIT_NAME, V2Error, invalid
from api.verify_v2.form import Form
from api.verify_v2.services import found
from api.verify_v2.shapes import Shapes, time
from shared.verification.model import ExtraLimit
from shared.verify_v2.rate_limits import Bucket, RateLimit, RateLimits
from shared.verify_v2.services import Services

_NAME = re.compile("[A-Za-z0-9._-]{1,64}")
_LONGEST_DESCRIPTION = 255
# What Redis is to remember of a value: so many times, for a week.
_MOST = 100_000
_LONGEST_INTERVAL = 7 * 86400


def register(v2: Blueprint, services: Services, limits: RateLimits, shapes: Shapes) -> None:
    _routes_of_limits(v2, services, limits, shapes)
    _routes_of_buckets(v2, services, limits, shapes)


def _routes_of_limits(
    v2: Blueprint, services: Services, limits: RateLimits, shapes: Shapes
) -> None:
    path = "/Services/<service>/RateLimits"

    @v2.post(path)
    def create_rate_limit(service: str) -> tuple[Response, int]:
        found(services, service)
        form = Form.of(request)
        name = form.required("UniqueName")
        if not _NAME.fullmatch(name):
            raise V2Error(BAD_LIMIT_NAME)
        limit = limits.add(service, name, _description(form) or "")
        return jsonify(_limit(shapes, service, limit)), 201

    @v2.get(path)
    def list_rate_limits(service: str) -> Response:
        found(services, service)
        return jsonify(
            paging.page(
                request,
                shapes.base,
                "rate_limits",
                limits.of(service),
                lambda limit: _limit(shapes, service, limit),
            )
        )

    @v2.get(f"{path}/<sid>")
    def get_rate_limit(service: str, sid: str) -> Response:
        found(services, service)
        return jsonify(_limit(shapes, service, limits.find(service, sid)))

    @v2.post(f"{path}/<sid>")
    def update_rate_limit(service: str, sid: str) -> Response:
        found(services, service)
        description = _description(Form.of(request))
        if description is None:
            limit = limits.find(service, sid)
        else:
            limit = limits.describe(service, sid, description)
        return jsonify(_limit(shapes, service, limit))

    @v2.delete(f"{path}/<sid>")
    def delete_rate_limit(service: str, sid: str) -> tuple[str, int]:
        found(services, service)
        limits.remove(service, sid)
        return "", 204


def _routes_of_buckets(
    v2: Blueprint, services: Services, limits: RateLimits, shapes: Shapes
) -> None:
    path = "/Services/<service>/RateLimits/<limit>/Buckets"

    @v2.post(path)
    def create_bucket(service: str, limit: str) -> tuple[Response, int]:
        found(services, service)
        form = Form.of(request)
        form.required("Max")
        form.required("Interval")
        most, interval = _sizes(form)
        bucket = limits.add_bucket(service, limit, most or 0, interval or 0)
        return jsonify(_bucket(shapes, service, limit, bucket)), 201

    @v2.get(path)
    def list_buckets(service: str, limit: str) -> Response:
        found(services, service)
        return jsonify(
            paging.page(
                request,
                shapes.base,
                "buckets",
                limits.find(service, limit).buckets,
                lambda bucket: _bucket(shapes, service, limit, bucket),
            )
        )

    @v2.get(f"{path}/<sid>")
    def get_bucket(service: str, limit: str, sid: str) -> Response:
        found(services, service)
        bucket = limits.find(service, limit).bucket(sid)
        return jsonify(_bucket(shapes, service, limit, bucket))

    @v2.post(f"{path}/<sid>")
    def update_bucket(service: str, limit: str, sid: str) -> Response:
        found(services, service)
        most, interval = _sizes(Form.of(request))
        bucket = limits.change_bucket(service, limit, sid, most, interval)
        return jsonify(_bucket(shapes, service, limit, bucket))

    @v2.delete(f"{path}/<sid>")
    def delete_bucket(service: str, limit: str, sid: str) -> tuple[str, int]:
        found(services, service)
        limits.remove_bucket(service, limit, sid)
        return "", 204


def counting(form: Form, limits: Sequence[RateLimit]) -> list[ExtraLimit]:
    """What a start counts for: {"end_user_ip": "198.51.100.7"}. Raises V2Error, also for the name
    of no limit: a slip of the pen must not leave a door open."""
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


def _limit(shapes: Shapes, service: str, limit: RateLimit) -> dict[str, Any]:
    url = f"{shapes.base}/v2/Services/{service}/RateLimits/{limit.sid}"
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


def _bucket(shapes: Shapes, service: str, limit: str, bucket: Bucket) -> dict[str, Any]:
    return {
        "sid": bucket.sid,
        "rate_limit_sid": limit,
        "service_sid": service,
        "account_sid": calling().sid,
        "max": bucket.max,
        "interval": bucket.interval,
        "date_created": time(bucket.created_at),
        "date_updated": time(bucket.updated_at),
        "url": f"{shapes.base}/v2/Services/{service}/RateLimits/{limit}/Buckets/{bucket.sid}",
    }
