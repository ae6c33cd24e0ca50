"""A small shop that has its customers' phones verified by Sixpost:

    OTP_RETURN_URLS=http://localhost:8000 make run
    python docs/example/shop.py                     and open http://localhost:8000

OTP_URL is where Sixpost is, OTP_API_KEY the shop's key to it, PORT the shop's own port.
"""

import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit

OTP_URL = os.environ.get("OTP_URL", "http://localhost:5000")
OTP_API_KEY = os.environ.get("OTP_API_KEY", "")
PORT = int(os.environ.get("PORT", "8000"))
FILES = {"/": ("index.html", "text/html"), "/shop.js": ("shop.js", "text/javascript")}


def otp(path: str, body: dict[str, str] | None = None) -> Any:
    """What the service answers; an error is JSON too, with a `detail` for a person."""
    request = urllib.request.Request(
        f"{OTP_URL}/{path}",
        json.dumps(body).encode() if body else None,
        {"Content-Type": "application/json", "Authorization": f"Bearer {OTP_API_KEY}"},
    )
    try:
        return json.load(urllib.request.urlopen(request, timeout=5))
    except HTTPError as error:
        return json.load(error)


def start() -> dict[str, str]:
    """The shop knows its customer's number, and keeps the id in the customer's session."""
    started = otp("generate-otp", {"phone": "+14155550123"})
    return {name: started[name] for name in ("verification_id", "detail") if name in started}


class Shop(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.answer(json.dumps(start()), "application/json")

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/done":
            # The browser says that it is approved. Only the service knows; and a real shop
            # compares the id with the one in the customer's session.
            [verification_id] = parse_qs(url.query)["verification_id"]
            self.answer(str(otp(f"verifications/{verification_id}")["status"]), "text/plain")
        elif url.path == "/redirect":
            # Without a script: the customer goes to the service's page and comes back to /done.
            started = start()
            if "detail" in started:
                self.answer(started["detail"], "text/plain")
                return
            query = urlencode({"return_url": f"http://{self.headers['Host']}/done"})
            self.send_response(303)
            self.send_header("Location", f"{OTP_URL}/verify/{started['verification_id']}?{query}")
            self.end_headers()
        elif url.path in FILES:
            name, kind = FILES[url.path]
            text = Path(__file__).with_name(name).read_text(encoding="utf-8")
            self.answer(text.replace("http://localhost:5000", OTP_URL), kind)
        else:
            self.send_error(404)

    def answer(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", PORT), Shop).serve_forever()
