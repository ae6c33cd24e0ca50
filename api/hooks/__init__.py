"""Hooks: other systems make and check the codes, and this service delivers them. An adapter that
calls VerificationService. One module here per kind of request."""

from collections.abc import Mapping

from flask import Blueprint

from api.hooks import fusionauth, logto, send, supabase
from api.http.access import Access
from shared.recipient import Addresses
from shared.verification.service import VerificationService


def endpoints(
    service: VerificationService,
    access: Access,
    addresses: Addresses,
    secrets: Mapping[bytes, str],
) -> Blueprint:
    """`secrets` are the keys of OTP_HOOK_SECRETS, with their apps."""
    hooks = Blueprint("hooks", __name__, url_prefix="/hooks")
    for system in (send, logto, fusionauth):
        system.register(hooks, service, access, addresses)
    if secrets:
        supabase.register(hooks, service, addresses, secrets)
    return hooks
