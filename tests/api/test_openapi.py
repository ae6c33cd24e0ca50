"""The document says what the service does."""

import re

import pytest
from flask import Flask
from jsonschema_rs import validator_for

from api import create_app
from tests.user import wrong

# Pages and files are for people; the document does not describe itself.
NOT_DESCRIBED = ("static", "pages.", "openapi.", "receipts.", "admin.")


@pytest.fixture
def app(settings, redis) -> Flask:
    return create_app(settings, redis)


@pytest.fixture
def document(client):
    answer = client.get("/openapi.json")
    assert answer.content_type == "application/json"
    return answer.json


def operations(document):
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_every_endpoint_is_described_and_nothing_else(app, document):
    served = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.startswith(NOT_DESCRIBED)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert set(operations(document)) == served


def test_it_is_openapi_3_1_with_names_for_every_operation(document):
    assert document["openapi"] == "3.1.0"
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(document):
    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            here = [node["$ref"]] if "$ref" in node else []
            return here + [r for value in node.values() for r in references(value)]
        return [r for value in node for r in references(value)] if isinstance(node, list) else []

    assert references(document)
    for reference in references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_answers_are_as_described(caller, document, run_worker):
    """Each answer's status and media type are in the document, and its body fits the schema."""
    described = operations(document)

    def check(method: str, path: str, answer) -> int:
        responses = described[method, path]["responses"]
        assert str(answer.status_code) in responses, (method, path, answer.status_code)
        content = responses[str(answer.status_code)].get("content", {})
        if answer.data:
            schema = content[answer.content_type]["schema"]
            validator = validator_for({**schema, "components": document["components"]})
            errors = [error.message for error in validator.iter_errors(answer.json)]
            assert not errors, (method, path, errors)
        return answer.status_code

    one = "/verifications/{verification_id}"
    started = caller.generate()
    url = f"/verifications/{started.json['verification_id']}"
    run_worker()
    code = caller.code(started)
    seen = [
        check("POST", "/generate-otp", started),
        check("POST", "/generate-otp", caller.generate()),
        check("POST", "/generate-otp", caller.generate("nobody")),
        check("POST", "/generate-otp", caller.client.post("/generate-otp", data="x")),
        check("POST", "/verify-otp", caller.verify(wrong(code))),
        check("POST", "/verify-otp", caller.verify("12")),
        check("GET", one, caller.client.get(url)),
        check("POST", "/verify-otp", caller.verify(code)),
        check("POST", "/verify-otp", caller.verify(code)),
        check("GET", one, caller.client.get(url)),
        check("DELETE", one, caller.client.delete(url)),
        check("GET", "/health/live", caller.client.get("/health/live")),
        check("GET", "/health/ready", caller.client.get("/health/ready")),
    ]
    assert seen == [202, 429, 422, 415, 400, 422, 200, 200, 404, 200, 404, 200, 200]


def test_its_examples_are_accepted(client, document):
    def example(model: str, field: str) -> str:
        schema = document["components"]["schemas"][model]["properties"][field]
        return schema.get("anyOf", [schema])[0]["examples"][0]

    for field in ("phone", "email"):
        asked = {field: example("GenerateOtp", field), "locale": example("GenerateOtp", "locale")}
        assert client.post("/generate-otp", json=asked).status_code == 202
        typed = {field: example("VerifyOtp", field), "otp": example("VerifyOtp", "otp")}
        assert client.post("/verify-otp", json=typed).json["code"] in ("incorrect_code", None)


def test_request_schemas_forbid_unknown_fields(document):
    for name in ("GenerateOtp", "VerifyOtp"):
        assert document["components"]["schemas"][name]["additionalProperties"] is False
