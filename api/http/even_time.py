"""Refused checks take equally long to answer.

A pending code costs check.lua some writes that a missing one does not, and thousands of answers
would show the difference. So every refused check waits for the same moment, and then for a random
part of a few milliseconds. That hides what the wait leaves: after more work, an answer still comes
10 to 20 µs later, however long the wait is. An approved check does not wait, because its answer
says that the code was right.
"""

import time
from random import SystemRandom

from flask import Flask, Response, g, request

# Longer than nearly every check takes, and too short for a person to notice.
SECONDS = 0.005
SPREAD_SECONDS = 0.003
_CHECKS = ("otp.verify_otp", "hosted.check", "forms.verification")
_REFUSED = (400, 404, 429)


def register(app: Flask) -> None:
    """Register this first, because Flask calls the last registered first."""
    random = SystemRandom()

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()

    @app.after_request
    def wait(response: Response) -> Response:
        if request.endpoint in _CHECKS and response.status_code in _REFUSED:
            until = g.began + SECONDS + random.uniform(0, SPREAD_SECONDS)
            time.sleep(max(0.0, until - time.monotonic()))
        return response
