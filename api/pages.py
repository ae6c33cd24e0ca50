"""The web page, and the page to try the API with."""

from collections.abc import Callable

from flask import Blueprint, render_template

from shared.settings import Settings


def endpoints(settings: Settings, phone_is_open: Callable[[], bool]) -> Blueprint:
    pages = Blueprint("pages", __name__)
    policy = settings.policy()

    @pages.get("/")
    def index() -> str:
        return render_template(
            "index.html",
            app_name=settings.otp_app_name,
            code_length=policy.code_length,
            channels=policy.channels,
            phone_is_open=phone_is_open(),
        )

    @pages.get("/docs")
    def docs() -> str:
        return render_template("docs.html", app_name=settings.otp_app_name)

    return pages
