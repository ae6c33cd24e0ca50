"""The name of every key in Redis, with what it holds and when it expires.

Only the keys of ranges and countries name what they are about. In all others a `tag` or `network`
is a keyed hash. The scripts build some of these names themselves; tests/shared/storage/test_keys.py
compares them and the tables in docs/ with this file.
"""

from rq import Queue, worker_registration
from rq.job import Job

# The RQ queue

QUEUE_NAME = "otp"
# The ids of jobs. Expires a day after the last start.
QUEUE = Queue.redis_queue_namespace_prefix + QUEUE_NAME
# RQ's register of queues. Expires a day after the last start.
QUEUES = Queue.redis_queues_keys
# RQ's registers of all workers and of those of the queue. Expire a day after the last worker.
WORKERS = worker_registration.REDIS_WORKER_KEYS
WORKERS_OF_QUEUE = worker_registration.WORKERS_BY_QUEUE_KEY % QUEUE_NAME


def job(job_id: str) -> str:
    """A job, which names a send. Expires with its code."""
    return f"{Job.redis_job_namespace_prefix}{job_id}"


# Verifications and their sends


def recipient(tag: str) -> str:
    """The id of the recipient's open verification. Expires with the code."""
    return f"otp:recipient:{tag}"


def code(verification_id: str) -> str:
    """The recipient in clear text, and keyed verifiers of the code. Expires with the code."""
    return f"otp:code:{verification_id}"


def verification(verification_id: str) -> str:
    """Status, masked address and counters. Expires OTP_KEEP (a day) after the code."""
    return f"otp:verification:{verification_id}"


def send(verification_id: str, number: int) -> str:
    """Status, lease and delivery attempts of a send. Expires with its verification."""
    return f"otp:send:{verification_id}:{number}"


# Open sends by the time at which a sweeper looks for them. Expires with the last verification.
DUE = "otp:due"


def history(tag: str) -> str:
    """The recipient's verifications by their end. Expires with the last of them."""
    return f"otp:history:{tag}"


# The apps that can have data about a recipient. Expires 30 days after the last verification.
APPS = "otp:apps"


def idempotency(tag: str) -> str:
    """The answer to a request that can be repeated. Expires after a day."""
    return f"otp:idempotency:{tag}"


def proof(proof_id: str) -> str:
    """A used proof of work. Expires with the proof."""
    return f"otp:proof:{proof_id}"


def attempts(app: str) -> str:
    """The last 10,000 sends of the app's Services. Expires with the last verification."""
    return f"otp:attempts:{app}"


# Limits


def limit(scope: str, subject: str) -> str:
    """Times of the last sends. Expires after the longest window of the limit."""
    return f"otp:limit:{scope}:{subject}"


def failed_from(network: str) -> str:
    """Times of the last failed checks from a client's network. Expires after the longest window."""
    return f"otp:limit:failed_ip:{network}"


def failed(tag: str) -> str:
    """Times of the last failed checks, for all addresses of a mailbox or phone
    (Recipient.counted_as). Expires after their window."""
    return f"otp:failed:{tag}"


def budget(app: str, channel: str, day: str) -> str:
    """Messages requested on a day. Expires after the day."""
    return f"otp:budget:{app}:{channel}:{day}"


# The last 200 refused starts, with reasons. Expires after a day.
REFUSALS = "otp:refusals"


def drained(second: int) -> str:
    """Sends that ended in a second. Expires after ten seconds."""
    return f"otp:drained:{second}"


# The pumping guard


def guard(name: str) -> str:
    """Messages to a range or country, and verified numbers. `name` is {app}:{kind}:{subject}.
    Expires after the guard's window."""
    return f"otp:guard:{name}"


# The guards that count. Expires a week after the last one did.
GUARDED = "otp:guarded"
# Guards that the owner has switched off. Expires when the last exemption ends.
GUARD_EXEMPT = "otp:guard_exempt"


def verified(tag: str) -> str:
    """The recipient has verified, and passes the guard. Expires after 30 days."""
    return f"otp:verified:{tag}"


def safe(tag: str) -> str:
    """The apps whose guard lets a number pass. Expires 400 days after its last use."""
    return f"otp:safe:{tag}"


# Senders


def breaker(channel: str, sender: str) -> str:
    """Failures in a row, and until when the breaker is open. Expires after ten minutes."""
    return f"otp:breaker:{channel}:{sender}"


def paused(channel: str, sender: str) -> str:
    """The owner has paused the sender. Expires with the pause."""
    return f"otp:paused:{channel}:{sender}"


# The owner


def session(name: str) -> str:
    """When a session of the owner began. Expires an hour after its last use."""
    return f"otp:admin:session:{name}"


def failed_log_ins(address: str) -> str:
    """Times of the last failed logins, under `all` from everywhere. Expires after a minute."""
    return f"otp:admin:failed:{address}"


def known(address: str) -> str:
    """The owner has logged in from this address. Expires after 30 days."""
    return f"otp:admin:known:{address}"


def key_used(key_id: str) -> str:
    """When an API key was last used. Expires after 90 days."""
    return f"otp:key_used:{key_id}"


# What the owner did. Expires OTP_KEEP_AUDIT after the last entry.
AUDIT = "otp:audit"


# Figures

# What happened since these were last added up, by minute. Expires a day after the last new event.
EVENTS = "otp:events"
# The events were added up. Expires after a minute.
ROLLED_UP = "otp:rolled_up"
# What metrics show. Expires a day after the last event.
COUNTS = "otp:counts"


def stats(period: str, number: int) -> str:
    """The same by minute, hour or day. Expires after 3 hours, 8 days or 90 days."""
    return f"otp:stats:{period}:{number}"


def stats_of(app: str, period: str, number: int) -> str:
    """The same for one app. Expires after 2 hours, 3 days or 32 days."""
    return f"otp:stats:app:{app}:{period}:{number}"


def stats_apps(day: int) -> str:
    """The apps that have their own statistics on a day. Expires after 32 days."""
    return f"otp:stats:apps:{day}"


# Proof that Redis takes writes. Expires after a minute.
READY = "otp:ready"


# The virtual phone

# Messages of the console sender, without their codes. Expires after ten minutes.
PHONE = "otp:phone"
# Someone has the phone open. Expires after five seconds.
PHONE_WATCHED = "otp:phone:watched"
# What to do to the next message. Expires after ten minutes.
PHONE_CARRIER = "otp:phone:carrier"
# Receipts by the time at which they are due. Expires after ten minutes.
PHONE_RECEIPTS = "otp:phone:receipts"


# The Verify v2 compatible API


def service(sid: str) -> str:
    """A Service. Expires 400 days after its last use."""
    return f"otp:service:{sid}"


def services(app: str) -> str:
    """The app's Services by when they were created. Expires with the last of them."""
    return f"otp:services:{app}"


def rate_limits(sid: str) -> str:
    """A Service's rate limits and their buckets. Expires with the Service."""
    return f"otp:rate_limits:{sid}"


# Never written. A script deletes it to begin with a command that needs no memory.
NOTHING = "otp:nothing"
