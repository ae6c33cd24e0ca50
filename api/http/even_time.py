"""A refused check is answered a fixed time after it came.

A pending code costs check.lua some writes that a missing one does not, and thousands of answers
would tell the difference. So each refused check waits for the same moment. An approved check waits
for nothing, because its answer says that the code was right.
"""

import time

from flask import Flask, Response, g, request

# Longer than nearly every check takes, and too short for a person.
SECONDS = 0.005
_CHECKS = ("otp.verify_otp", "hosted.check", "forms.verification")
_REFUSED = (400, 404, 429)


def register(app: Flask) -> None:
    """Before all else that is done to answers: Flask calls what was registered last first."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def wait(response: Response) -> Response:
        if request.endpoint in _CHECKS and response.status_code in _REFUSED:
            time.sleep(max(0.0, g.began + SECONDS - time.monotonic()))
        return response
