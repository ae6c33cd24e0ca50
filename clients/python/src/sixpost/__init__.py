"""Sends and checks one-time codes with Sixpost."""

from sixpost.api import *  # noqa: F403 (the answers, and an exception for each code)
from sixpost.client import AsyncSixpost as AsyncSixpost
from sixpost.client import Sixpost as Sixpost
from sixpost.webhooks import verify_webhook as verify_webhook
