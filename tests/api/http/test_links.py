"""Below a path of a proxy, which the API does not know of, every link and redirect still leads to
the API."""

import re
from urllib.parse import urljoin

import pytest

OUTSIDE = "https://example.com/otp"
VERIFICATION = f"/verify/VE{'0' * 32}"
HTML = {"Accept": "text/html"}


def links(page: str) -> list[str]:
    return [link for link in re.findall(r'(?:href|src|action)="([^"]*)"', page) if link]


PAGES = [
    *("/", "/?lang=de", VERIFICATION, f"{VERIFICATION}?lang=de", "/docs", "/phone"),
    *("/nothing", "/nothing/", "/a/b/c", "/a%2Fb/c", "/verify/", "/admin/login"),
]


def test_every_link_of_a_page_stays_below_the_path(client, subtests):
    for path in PAGES:
        with subtests.test(path=path):
            found = links(client.get(path, headers=HTML).text)
            files = [link for link in found if "static/" in link]
            assert files
            for link in found:
                outside = urljoin(OUTSIDE + path, link)
                assert outside.startswith(f"{OUTSIDE}/"), link
            for link in files:
                inside = urljoin(OUTSIDE + path, link).removeprefix(OUTSIDE)
                with client.get(inside) as answer:
                    assert answer.status_code == 200, link


@pytest.mark.parametrize("env", [{"OTP_API_KEYS": "shop:" + "k" * 32}])
@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/admin", "/admin/"),
        ("/admin?a=b", "/admin/?a=b"),
        ("/admin/", "/admin/login"),
        ("/admin/stats.json", "/admin/login"),
        ("/phone", "/admin/login"),
        ("/phone/messages", "/admin/login"),
    ],
)
def test_every_redirect_stays_below_the_path(client, path, leads_to):
    answer = client.get(path)
    assert answer.status_code in (303, 308)
    assert urljoin(OUTSIDE + path, answer.location) == OUTSIDE + leads_to


@pytest.mark.parametrize("path", ["//evil.example/admin", "/.//admin", "//admin"])
def test_no_redirect_leads_to_another_site(client, path):
    answer = client.get(path)
    if answer.location:
        assert urljoin(OUTSIDE + path, answer.location).startswith("https://example.com/")


def test_forms_lead_back_below_the_path(client):
    start = client.post("/", data={"phone": "+14155550123", "channel": "sms"})
    outside = urljoin(f"{OUTSIDE}/", start.location)
    assert re.fullmatch(re.escape(OUTSIDE) + r"/verify/VE[0-9a-f]{32}", outside)
    page = outside.removeprefix(OUTSIDE)
    assert urljoin(outside, client.post(page, data={"otp": "1"}).location or "") == outside
    changed = client.post(page, data={"change": ""})
    assert urljoin(outside, changed.location) == f"{OUTSIDE}/"


def test_the_openapi_document_calls_the_api_beside_it(client):
    (server,) = client.get("/openapi.json").json["servers"]
    assert urljoin(f"{OUTSIDE}/openapi.json", server["url"]) == f"{OUTSIDE}/"
