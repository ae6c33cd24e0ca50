"""What attackers do, through the interfaces that they have. docs/security.md has the table of the
attacks: test_a1_… is a test of attack A1."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

# pytest finds a fixture where its name is.
from tests.e2e.conftest import start_service  # noqa: F401


@pytest.fixture
def post(client) -> Callable[..., TestResponse]:
    """POST a JSON body from an address."""

    def post(path: str, *, ip: str = "192.0.2.1", headers=None, **body: object) -> TestResponse:
        return client.post(path, json=body, headers=headers, environ_overrides={"REMOTE_ADDR": ip})

    return post
