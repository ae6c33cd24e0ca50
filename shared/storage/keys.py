"""The name of every key in Redis, with what it holds and when it expires.

A name that varies is called with the words for its braces, in this order. Only the keys of ranges
and countries name what they are about. In all others a tag or network is a keyed hash. The scripts
build some of these names themselves; tests/shared/storage/test_keys.py compares them and the tables
in docs/ with this file.
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
# A job by its id, which names a send. Expires with its code.
job = (Job.redis_job_namespace_prefix + "{}").format

# Verifications and their sends

# By a recipient's tag, the id of the open verification. Expires with the code.
recipient = "otp:recipient:{}".format
# By a verification's id, the recipient in clear text, and keyed verifiers of the code. Expires with
# the code.
code = "otp:code:{}".format
# By its id: status, masked address and counters. Expires OTP_KEEP (a day) after the code.
verification = "otp:verification:{}".format
# By verification's id and number: status, lease and delivery attempts of a send. Expires with its
# verification.
send = "otp:send:{}:{}".format
# Open sends by the time at which a sweeper looks for them. Expires with the last verification.
DUE = "otp:due"
# The steps of workflows are in DUE too, so much later than they are due, as send 0.
STEPS_FROM = 10**15
# By a recipient's tag, the verifications by their end. Expires with the last of them.
history = "otp:history:{}".format
# Until when the verification is kept that is kept longest. Expires then.
KEPT_UNTIL = "otp:apps:kept_until"
# The apps that can have data about a recipient. Expires 30 days after the last verification.
APPS = "otp:apps"
# By the tag of a request's key, the answer that can be repeated. Expires after a day.
idempotency = "otp:idempotency:{}".format
# A used proof of work by its id. Expires with the proof.
proof = "otp:proof:{}".format
# The last 10,000 sends of an app's Services. Expires with the last verification.
attempts = "otp:attempts:{}".format

# Limits

# Times of the last sends, by scope and subject. Expires after the longest window of the limit.
limit = "otp:limit:{}:{}".format
# Times of the last failed checks from a client's network. Expires after the longest window.
failed_from = "otp:limit:failed_ip:{}".format
# Times of the last failed checks, by the tag for all addresses of a mailbox or phone
# (Recipient.counted_as). Expires after their window.
failed = "otp:failed:{}".format
# Messages requested of an app, by a channel, on a day. Expires after the day.
budget = "otp:budget:{}:{}:{}".format
# The last 200 refused starts, with reasons. Expires after a day.
REFUSALS = "otp:refusals"
# Sends that ended in a second. Expires after ten seconds.
drained = "otp:drained:{}".format

# The pumping guard

# Messages to a range or country, and verified numbers. Its name is {app}:{kind}:{subject}. Expires
# after the guard's window.
guard = "otp:guard:{}".format
# The guards that count. Expires a week after the last one did.
GUARDED = "otp:guarded"
# Guards that the owner has switched off. Expires when the last exemption ends.
GUARD_EXEMPT = "otp:guard_exempt"
# The recipient of this tag has verified, and passes the guard. Expires after 30 days.
verified = "otp:verified:{}".format
# The apps whose guard lets the number of this tag pass. Expires 400 days after its last use.
safe = "otp:safe:{}".format

# Senders

# By channel and sender: failures in a row, and until when the breaker is open. Expires after ten
# minutes.
breaker = "otp:breaker:{}:{}".format
# Until when the owner has paused the sender, by channel and name. Expires with the pause.
paused = "otp:paused:{}:{}".format

# By an SNS topic's ARN, the token that confirms our subscription. Expires after an hour.
SUBSCRIPTIONS = "otp:subscriptions"

# Events for the backends of apps

# By its id: the app, the event, and the last answer to it. Expires after three days.
webhook = "otp:webhook:{}".format
# Apps whose endpoint took their last event, by when their next one is due. Expires three days after
# the last event.
WEBHOOKS = "otp:webhooks"
# The other apps with events. Expires three days after the last event.
UNPROVEN_WEBHOOKS = "otp:webhooks:unproven"
# An app's events that wait, by when they are due. Expires three days after the last of them.
webhooks_of = "otp:webhooks:app:{}".format
# By an app, how its endpoint has answered. Expires 30 days after the last answer.
webhook_endpoint = "otp:webhooks:endpoint:{}".format
# All events that wait by when they happened. Expires three days after the last event.
WEBHOOKS_SINCE = "otp:webhooks:since"
# Pending verifications by when they expire. Expires three days after the last of them.
WEBHOOK_ENDS = "otp:webhooks:ends"
# The last hundred events. Expires three days after the last event.
RECENT_WEBHOOKS = "otp:webhooks:recent"

# The owner

# When a session at the dashboard began. Expires an hour after its last use.
session = "otp:admin:session:{}".format
# By the keys of sessions, whose they are and from where. Expires twelve hours after the last login.
SESSIONS = "otp:admin:sessions"
# Times of the last failed logins from an address; from everywhere, under `all`. Expires after a
# minute.
failed_log_ins = "otp:admin:failed:{}".format
# The owner has logged in from this address. Expires after 30 days.
known = "otp:admin:known:{}".format
# When the API key of an id was last used. Expires after 90 days.
key_used = "otp:key_used:{}".format
# What the owner did. Expires OTP_KEEP_AUDIT after the last entry.
AUDIT = "otp:audit"

# Figures

# What happened since these were last added up, by minute. Expires a day after the last new event.
EVENTS = "otp:events"
# The events were added up. Expires after a minute.
ROLLED_UP = "otp:rolled_up"
# What metrics show. Expires a day after the last event.
COUNTS = "otp:counts"
# What the processes of the API measure. Expires a day after the last request.
API_COUNTS = "otp:counts:api"
# The same of a minute, hour or day, by its number. Expires after 3 hours, 8 days or 90 days.
stats = "otp:stats:{}:{}".format
# The same for one app. Expires after 2 hours, 3 days or 32 days.
stats_of = "otp:stats:app:{}:{}:{}".format
# The apps that have their own statistics on a day. Expires after 32 days.
stats_apps = "otp:stats:apps:{}".format
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

# A Service by its SID. Expires 400 days after its last use.
service = "otp:service:{}".format
# An app's Services by when they were created. Expires with the last of them.
services = "otp:services:{}".format
# By a Service's SID, its rate limits and their buckets. Expires with the Service.
rate_limits = "otp:rate_limits:{}".format

# Never written. A script deletes it to begin with a command that needs no memory.
NOTHING = "otp:nothing"
