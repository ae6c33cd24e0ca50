from functools import cache

from django.conf import settings
from sixpost import Sixpost


@cache
def sixpost() -> Sixpost:
    """One client for the process, which keeps its connections."""
    return Sixpost(settings.SIXPOST_URL, settings.SIXPOST_KEY)
