"""Hooks: other systems make and check the codes, and this service delivers them. An adapter that
calls VerificationService. One module here per kind of request."""

from flask import Blueprint

from api.hooks import fusionauth, logto, send, supabase, zitadel
from api.http.access import Access
from shared.recipient import Addresses
from shared.settings import Settings
from shared.verification.service import VerificationService


def endpoints(
    service: VerificationService,
    access: Access,
    addresses: Addresses,
    settings: Settings,
) -> Blueprint:
    hooks = Blueprint("hooks", __name__, url_prefix="/hooks")
    for system in (send, logto, fusionauth):
        system.register(hooks, service, access, addresses)
    if keys := settings.hook_keys("supabase"):
        supabase.register(hooks, service, addresses, keys)
    if keys := settings.hook_keys("zitadel"):
        zitadel.register(hooks, service, addresses, keys)
    return hooks
