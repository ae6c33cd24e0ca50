"""`python -m tests.chaos.skewed_worker SECONDS`: a worker whose wall clock is off by so much."""

import sys
from datetime import UTC, datetime, timedelta

import time_machine

from worker.__main__ import main

if __name__ == "__main__":
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=float(sys.argv[1]))):
        main()
