"""The pages `/`, `/verify/{verification_id}` and `/docs`, and `/llms.txt` for coding assistants."""

from flask import Blueprint, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from api.http import errors
from api.page.page import Page
from api.verify_v2 import errors as v2_errors


def endpoints(page: Page) -> Blueprint:
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def index() -> ResponseReturnValue:
        return page.address()

    @pages.get("/verify/<verification_id>")
    def verification(verification_id: str) -> ResponseReturnValue:
        return page.verification(verification_id)

    @pages.get("/docs")
    def docs() -> str:
        v2 = {code: (kind.status, kind.when) for code, kind in v2_errors.KINDS.items()}
        return render_template("docs/index.html", errors=errors.documented(), v2_errors=v2)

    @pages.get("/llms.txt")
    def llms() -> Response:
        return current_app.send_static_file("llms.txt")

    return pages
