"""The document says what the service does."""

import re

import pytest
from flask import Flask
from jsonschema_rs import validator_for

from api import create_app
from api.http import errors
from tests.user import wrong

# Pages and files are for people; the document does not describe itself. The compatible API has a
# document of its own, by who made it up.
NOT_DESCRIBED = (
    *("static", "pages.", "forms.", "openapi.", "phone.", "receipts.", "admin."),
    "verify_v2.",
    # Their bodies are described by the systems that send them.
    *("hooks.send_logto_code", "hooks.send_fusionauth_code"),
)


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


def test_no_url_holds_more_than_an_id(app, document):
    rules = [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/v2/")]
    held = {name for rule in rules for name in rule.arguments}
    assert held == {"verification_id", "sender", "filename"}
    parameters = [p for o in operations(document).values() for p in o.get("parameters", ())]
    assert all(parameter["in"] != "query" for parameter in parameters)


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


@pytest.fixture
def check(document):
    """An answer's status and media type are in the document, and its body fits the schema."""
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

    return check


def test_answers_are_as_described(caller, check, run_worker):
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


@pytest.mark.parametrize("env", [{"OTP_ADMIN_PASSWORD": "correct horse"}])
def test_answers_to_the_owner_are_as_described(client, check):
    def erase(password: str, **body: str):
        return client.delete("/recipients", json=body, auth=("admin", password))

    seen = [check("DELETE", "/recipients", erase("correct horse", phone="+14155550123"))]
    seen += [check("DELETE", "/recipients", erase("correct horse"))]
    seen += [check("DELETE", "/recipients", erase("wrong")) for _ in range(11)]
    assert seen == [200, 422, *[401] * 10, 429]


def test_without_a_password_the_answer_is_as_described(client, check):
    assert check("DELETE", "/recipients", client.delete("/recipients")) == 403


@pytest.mark.parametrize("path", ["/metrics", "/health/live", "/verifications/VE" + "0" * 32])
def test_an_answer_to_another_host_is_as_described(client, check, path):
    answer = client.get(path, base_url="http://rebound.example")
    assert check("GET", re.sub("VE0+", "{verification_id}", path), answer) == 403


def test_a_problem_has_one_of_the_codes_in_the_table(document):
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert codes == list(errors.documented())
    for operation in operations(document).values():
        for status, response in operation["responses"].items():
            told = re.findall(r"^`([a-z_]+)`: ", response["description"], re.MULTILINE)
            assert all(errors.documented()[code][0] == int(status) for code in told)
            assert bool(told) is (int(status) >= 400)


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
    for name in ("GenerateOtp", "VerifyOtp", "EraseRecipient"):
        assert document["components"]["schemas"][name]["additionalProperties"] is False
