"""The schema of an error, for the OpenAPI document."""

from api.http.errors import documented

PROBLEM = {
    "type": "object",
    "description": "Error in RFC 9457 format. Use `code` in your program. Show `detail` to a "
    "person.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "Path of the error on the documentation page"},
        "title": {"type": "string", "description": "The code in words"},
        "status": {"type": "integer", "description": "The HTTP status"},
        "detail": {"type": "string", "description": "Message to show to the person"},
        "code": {
            "type": "string",
            "description": "Name of the error",
            "enum": list(documented()),
        },
        "checks_left": {"type": "integer", "description": "Returned with incorrect_code"},
        "scope": {
            "type": "string",
            "description": "Returned with rate_limited",
            "enum": ["resend", "sends", "to", "ip", "app", "country", "range", "global", "budget"],
        },
        "challenge": {
            "type": "object",
            "description": "Returned with proof_of_work_required. The ALTCHA widget solves it",
            "required": ["parameters", "signature"],
            "properties": {"parameters": {"type": "object"}, "signature": {"type": "string"}},
        },
        "errors": {
            "type": "array",
            "description": "Returned with invalid_request",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
