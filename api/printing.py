"""How commands print what the owner keeps in a file."""

import os
import sys


def print_all(text: str) -> None:
    """Print to stdout. Raises OSError if not all of it arrives, as on a full disk."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # At its end, Python would try the rest again, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OSError(error.errno, error.strerror, "standard output") from None
