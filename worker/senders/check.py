"""Check whether a sender keeps to the contract in base.py.

    python -m worker.senders.check 'twilio://AC…:token@+15005550006?api=http://{server}'

{server} stands for 127.0.0.1:PORT, where the check plays providers: one that accepts, one that
refuses in every way, one that hangs up, one that says nothing, one that answers byte by byte, and
none at all. So a sender should take the provider's address from its URL. Without {server}, only
what needs no provider is checked.
"""

import argparse
import sys

from shared.policy import CHANNELS
from worker.senders.conformance import ACCEPTED, Broken, Subject, checks_for


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m worker.senders.check", description="Check a sender against its contract."
    )
    parser.add_argument(
        "url", help="the sender's URL, with {server} in place of the provider's HOST:PORT"
    )
    parser.add_argument("--to", help="a recipient, if the sender does not accept any")
    parser.add_argument(
        "--channel",
        choices=CHANNELS,
        help="channel to check; the default is the first that the sender supports",
    )
    parser.add_argument(
        "--protocol", choices=("http", "smtp"), help="needed if it cannot be guessed from the URL"
    )
    parser.add_argument("--accepted", default=ACCEPTED, help="response body that means accepted")
    subject = Subject(**vars(parser.parse_args()))
    broken = 0
    for check in checks_for(subject):
        try:
            check(subject)
        except (Broken, ValueError) as error:
            broken += 1
            print(f"BROKEN  {check.__name__}: {error}")  # noqa: T201
        else:
            print(f"ok      {check.__name__}")  # noqa: T201
    if "{server}" not in subject.url:
        print("The URL has no {server}, so the other checks were skipped.")  # noqa: T201
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
