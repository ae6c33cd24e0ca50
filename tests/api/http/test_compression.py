"""Files and pages are compressed for whoever takes that; answers of the API never."""

import gzip

import pytest

from tests.user import PHONE

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("path", ["/", "/docs", "/static/script.js", "/static/style.css"])
def test_a_page_and_its_files_are_compressed(client, path):
    with client.get(path) as plain, client.get(path, headers=GZIP) as small:
        assert "Content-Encoding" not in plain.headers
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.data) == plain.data
        assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data)
        assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding"


def test_a_file_that_has_not_changed_is_not_sent_again(client):
    for headers in GZIP, {}:
        with client.get("/static/style.css", headers=headers) as first:
            known = {**headers, "If-None-Match": first.headers["ETag"]}
        with client.get("/static/style.css", headers=known) as again:
            assert (again.status_code, again.data) == (304, b"")


def test_a_picture_stays_as_it_is(client):
    with client.get("/static/vendor/intl-tel-input/img/flags.webp", headers=GZIP) as answer:
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers


def test_a_part_of_a_file_is_a_part_of_the_file(client):
    headers = {**GZIP, "Range": "bytes=0-9"}
    with (
        client.get("/static/style.css", headers=headers) as part,
        client.get("/static/style.css") as whole,
    ):
        assert part.status_code == 206
        assert part.data == whole.data[:10]


def test_answers_that_may_hold_a_secret_are_not_compressed(client):
    started = client.post("/generate-otp", json={"phone": PHONE}, headers=GZIP)
    form = client.post("/", data={"phone": "x" * 900}, headers=GZIP)
    for answer in started, form:
        assert "Content-Encoding" not in answer.headers
