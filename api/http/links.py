"""Links within the service. Those for browsers are relative, so they also work where a proxy serves
it below a path, whether or not the proxy says so."""

from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, request
from werkzeug.routing import RequestRedirect


def to(request: Request, path: str) -> str:
    """The relative link from the requested page to a path of this service."""
    # As it was sent, because an escaped slash separates nothing for a browser.
    sent: str = request.environ.get("REQUEST_URI", request.path)
    folders = sent.partition("?")[0].split("/")[1:-1]
    parts = path.lstrip("/").split("/")
    while folders and len(parts) > 1 and folders[0] == parts[0]:
        del folders[0], parts[0]
    return "../" * len(folders) + "/".join(parts) or "./"


def absolute(path: str) -> str:
    """The URL of a path, for programs: never from the Host header, which the client chooses."""
    return f"{current_app.config['BASE_URL']}{path}"


def register(app: Flask) -> None:
    """Give templates the links to `root` and `files`, and make Flask's own redirects relative, such
    as from /admin to /admin/."""

    @app.context_processor
    def ways() -> dict[str, str]:
        return {"root": to(request, "/"), "files": to(request, "/static/")}

    @app.after_request
    def stay_below_the_path(response: Response) -> Response:
        if isinstance(request.routing_exception, RequestRedirect):
            url = urlsplit(request.routing_exception.new_url)
            way = to(request, url.path.removeprefix(request.script_root))
            response.location = f"{way}?{url.query}" if url.query else way
        return response
