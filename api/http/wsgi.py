"""Types of PEP 3333 that wsgiref.types does not name.

Middleware defines a function for each request, and Python evaluates its annotations each time. With
these names that costs nothing.
"""

from collections.abc import Callable

HeaderFields = list[tuple[str, str]]
Write = Callable[[bytes], object]
