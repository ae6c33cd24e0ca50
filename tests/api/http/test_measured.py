"""How requests are counted."""

import pytest

from shared.owner.statistics import Statistics
from shared.storage.scripts import Scripts


@pytest.fixture
def requests(app, redis):
    """The requests so far, by method, status and route."""

    def requests() -> dict[tuple[str, ...], int]:
        app.extensions["tally"].flush()
        found = Statistics(Scripts(redis)).totals().everything
        return {
            tuple(name.split(":", 3)[1:]): number
            for name, number in found.items()
            if name.startswith("requests:")
        }

    return requests


@pytest.fixture
def app(client):
    return client.application


def test_a_request_counts_by_the_rule_of_its_path(client, caller, requests):
    for n in range(3):
        client.get(f"/verifications/VE{n:032}")
    caller.generate()
    client.get("/static/style.css").close()
    client.get("/v2/Services/VA1/Verifications/VE1")
    assert requests() == {
        ("GET", "404", "/verifications/<verification_id>"): 3,
        ("POST", "202", "/generate-otp"): 1,
        ("GET", "200", "/static/<path:filename>"): 1,
        ("GET", "401", "/v2/Services/<service_sid>/Verifications/<sid>"): 1,
    }


def test_paths_that_do_not_exist_are_one(client, requests):
    for path in ("/wp-login.php", "/.env", "/generate-otp/x"):
        client.get(path)
    client.open("/generate-otp", method="BREW")
    assert requests() == {("GET", "404", "none"): 3, ("other", "405", "none"): 1}


def test_a_fault_of_the_service_counts(app, client, requests):
    def fail() -> None:
        raise ZeroDivisionError

    app.add_url_rule("/breaks", view_func=fail)
    client.get("/breaks")
    assert requests() == {("GET", "500", "/breaks"): 1}
