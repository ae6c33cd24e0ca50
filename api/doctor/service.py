"""What the settings and the running workers say."""

from collections.abc import Iterator

from redis import Redis

from api.http.access import Access
from shared.errors import StorageUnavailable
from shared.owner.findings import Finding, Level
from shared.owner.state import Queue, SystemState, Worker
from shared.policy import CHANNELS
from shared.settings import Settings, SettingsError
from shared.settings.marks import different, marks
from shared.storage.scripts import Scripts

_LONG_WAIT_SECONDS = 30


def settings_found(settings: Settings) -> Iterator[Finding]:
    """Raises SettingsError for a file of API keys that is broken."""
    named = {channel: settings.named_senders(channel)[""] for channel in CHANNELS}
    channels = [f"{channel} by {', '.join(dict(of))}" for channel, of in named.items() if of]
    yield Finding("ok", f"settings: {'; '.join(channels)}")
    yield _keys(settings)
    if settings.admin_password() is None:
        yield Finding("warning", "dashboard: off, because OTP_ADMIN_PASSWORD is not set")
    if settings.has_paid_sender() and not settings.otp_public_url:
        told = "without OTP_PUBLIC_URL, providers can't report whether messages arrive"
        yield Finding("warning", f"receipts: {told}")
    elif (settings.otp_public_url or "").startswith("http:"):
        yield Finding("warning", "OTP_PUBLIC_URL: begins with http://, so codes travel unencrypted")


def _keys(settings: Settings) -> Finding:
    keys = Access(settings).keys()
    if keys:
        return Finding("ok", f"API keys: {len(keys)}, of {len({key.app for key in keys})} apps")
    if keys is not None:
        return Finding("warning", "API keys: all expired or revoked, so every call is refused")
    try:
        settings.refuse_to_be_open()
    except SettingsError as error:
        return Finding("wrong", f"API keys: {error}")
    return Finding("warning", "API keys: none, so anyone who reaches the API can call it")


def workers_found(settings: Settings, redis: Redis) -> Iterator[Finding]:
    try:
        state = SystemState(Scripts(redis), []).read()
    except StorageUnavailable as error:
        yield Finding("unknown", f"workers: {error}")
        return
    if not state.workers:
        # Before the first start, nobody waits.
        level: Level = "wrong" if state.queue.waiting else "warning"
        yield Finding(level, "workers: none is running, so codes wait")
    ours = marks(settings)
    for worker in state.workers:
        yield _worker(worker, different(ours, worker.marks))
    yield _queue(state.queue)


def _worker(worker: Worker, differs: list[str]) -> Finding:
    name = f"worker {worker.name[:8]} on {worker.host}"
    if not worker.marks:
        return Finding("unknown", f"{name}: an older version, which doesn't tell its settings")
    if differs:
        told = f"has other {', '.join(differs)} than this API, so it leaves sends to others"
        return Finding("wrong", f"{name}: {told}. Restart both with the same settings")
    return Finding("ok", f"{name}: runs with the keys, senders and routes of this API")


def _queue(queue: Queue) -> Finding:
    seconds = queue.oldest_seconds or 0
    is_slow = seconds > _LONG_WAIT_SECONDS
    told = f"queue: {queue.waiting} waiting, the first for {seconds:.0f} s"
    return Finding("warning" if is_slow else "ok", told)
