"""Checks whether a sender keeps to the contract in base.py: this project's senders, and yours.

In a test suite:

    SUBJECT = Subject(url="example://key@example.com?api=http://{server}")

    @pytest.mark.parametrize("check", checks_for(SUBJECT), ids=lambda check: check.__name__)
    def test_keeps_to_the_contract(check):
        check(SUBJECT)

`python -m worker.senders.check` runs them from the command line.
"""

from worker.senders.conformance.checks import Check, checks_for
from worker.senders.conformance.subject import ACCEPTED, Broken, Subject

__all__ = ["ACCEPTED", "Broken", "Check", "Subject", "checks_for"]
