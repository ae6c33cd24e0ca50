"""The owner's browser."""

import re
from urllib.parse import urljoin

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api import create_app

PASSWORD = "correct horse battery"
VIEWER_PASSWORD = "battery of correct horses"
JSON = {"Accept": "application/json"}


@pytest.fixture
def env() -> dict[str, str]:
    return {"OTP_ADMIN_PASSWORD": PASSWORD, "OTP_VIEWER_PASSWORD": VIEWER_PASSWORD}


@pytest.fixture
def app(settings, redis) -> Flask:
    return create_app(settings, redis)


class Browser:
    """Keeps cookies as a browser does over HTTPS, and sends a form's token back with it."""

    def __init__(
        self,
        app: Flask,
        *,
        ip: str = "192.0.2.1",
        url: str = "https://otp.localhost",
        use_cookies: bool = True,
    ) -> None:
        self._client = app.test_client(use_cookies)
        self._environ = {"REMOTE_ADDR": ip}
        self._url = url
        self.token = ""

    def open(self, path: str, method: str = "GET", **options) -> TestResponse:
        answer = self._client.open(
            path,
            method=method,
            base_url=self._url,
            environ_overrides=self._environ,
            **options,
        )
        if shown := re.search(r'name="csrf_token" value="(\w+)"', answer.text):
            self.token = shown[1]
        return answer

    def follow(self, path: str) -> TestResponse:
        """As a browser does: from each page, the way that its redirect says."""
        answer = self.open(path)
        while answer.location:
            path = urljoin(path, answer.location)
            answer = self.open(path)
        return answer

    def send(self, path: str, headers=None, **fields: str) -> TestResponse:
        """Send a form."""
        fields = {"csrf_token": self.token, **fields}
        return self.open(path, "POST", data=fields, headers=headers)

    def log_in(self, password: str = PASSWORD) -> TestResponse:
        self.open("/admin/login")
        return self.send("/admin/login", password=password)

    def log_out(self) -> TestResponse:
        self.open("/admin/")
        return self.send("/admin/logout")

    @property
    def is_logged_in(self) -> bool:
        return self.open("/admin/").status_code == 200

    @property
    def session_id(self) -> str:
        return self._client.get_cookie("__Host-otp-admin", "otp.localhost").value

    @session_id.setter
    def session_id(self, value: str) -> None:
        self._client.set_cookie("__Host-otp-admin", value, domain="otp.localhost", secure=True)


@pytest.fixture
def browser(app) -> Browser:
    return Browser(app)


@pytest.fixture
def owner(browser):
    """The owner's browser, in which the dashboard is open."""
    browser.log_in()
    browser.open("/admin/")
    return browser


@pytest.fixture
def act(owner):
    def act(name, **body):
        headers = {**JSON, "X-CSRF-Token": owner.token}
        return owner.open(f"/admin/{name}", "POST", json=body, headers=headers)

    return act


@pytest.fixture
def look(owner):
    def look(window="minutes"):
        return owner.open(f"/admin/stats.json?window={window}", headers=JSON)

    return look


@pytest.fixture
def log(look):
    return lambda: [(e["action"], e["facts"]) for e in look().json["audit"]]
