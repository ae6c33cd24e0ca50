"""DELETE /recipients: the owner erases all data about a recipient."""

from flask import Blueprint, Response, request

from api.admin.session import OwnerAccess
from api.http import body
from api.otp.schemas import ErasedRecipient, EraseRecipient, Removed
from shared.codes import Codes
from shared.recipient import Addresses
from shared.verification.admission import recipient_tags
from shared.verification.store import Store
from shared.verify_v2 import safe_list


def endpoints(store: Store, codes: Codes, owner: OwnerAccess, addresses: Addresses) -> Blueprint:
    recipients = Blueprint("recipients", __name__)

    @recipients.delete("/recipients")
    def erase() -> Response:
        owner.require_password(request)
        recipient = body.read(request, EraseRecipient).recipient(addresses)
        apps = store.apps()
        tags = [tag for app in apps for tag in recipient_tags(codes, app, recipient.to)]
        counted = [codes.tag(app, recipient.counted_as) for app in apps]
        removed = store.erase([*tags, safe_list.tag(codes, recipient)], counted)
        owner.record("erasure", to=recipient.masked, **removed)
        return body.answer(ErasedRecipient(to=recipient.masked, removed=Removed(**removed)))

    return recipients
