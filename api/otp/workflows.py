"""The workflow of a request."""

from api.otp.schemas import GenerateOtp
from shared.errors import InvalidRequest
from shared.policy import PAGE_APP, Step, Workflow, problem_of
from shared.recipient import Recipient
from shared.verification.model import Turn

_KINDS = {"phone": "a phone number", "email": "an email address"}


def turn_for(asked: GenerateOtp, recipient: Recipient, app: str, usual: Workflow) -> Turn | None:
    """The first step of the request's workflow, or of the `usual` one if it names no channel.
    Returns None without a workflow. Raises InvalidRequest."""
    if asked.workflow and app == PAGE_APP:
        # One proof of work would send five messages.
        raise InvalidRequest(("workflow", "this needs an API key"))
    workflow = _asked(asked, recipient)
    if workflow is None:
        workflow = usual if asked.channel is None else ()
    return Turn(number=1, workflow=workflow) if workflow else None


def _asked(asked: GenerateOtp, recipient: Recipient) -> Workflow | None:
    """Raises InvalidRequest."""
    if asked.workflow is None:
        return None
    if asked.channel is not None:
        raise InvalidRequest(("workflow", "provide either channel or workflow, not both"))
    workflow = tuple(Step(step.channel, step.wait) for step in asked.workflow)
    if problem := problem_of(workflow):
        place = ("workflow", problem.number and problem.number - 1, problem.field)
        name = ".".join(str(part) for part in place if part is not None)
        raise InvalidRequest((name, problem.told))
    if (workflow[0].channel == "email") != (recipient.kind == "email"):
        told = f"this channel does not reach {_KINDS[recipient.kind]}"
        raise InvalidRequest(("workflow.0.channel", told))
    return workflow
