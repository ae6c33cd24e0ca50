"""The settings of the whole service. Each class is a section of docs/settings.md. `make docs`
writes its docstring there as the title, and those of its settings there and in .env.example."""

from pathlib import Path

from pydantic import BaseModel, Field
from pydantic import SecretStr as Secret

from shared.logs import LogFormat, LogLevel
from shared.settings.redis_urls import RedisUrlSecret
from shared.settings.types import HookSecrets, Hosts, Password, PublicUrl, Services, WebhookSecrets


class Processes(BaseModel):
    """Processes"""

    redis_url: RedisUrlSecret = Field(
        default=Secret("redis://localhost:6379/0"),
        examples=[
            "redis://user:password@host:6379/0",
            "unix:///run/redis.sock",
            "redis+sentinel://user:password@host:26379,host2:26379/mymaster/0",
        ],
    )
    """The address of Redis. `rediss://` uses TLS, and `redis+sentinel://` or `rediss+sentinel://`
    asks Sentinels. In a password, write `/` as `%2F` and `@` as `%40`. See [the
    options](redis.md#connect). Docker Compose sets its own address. `make run` starts its own
    Redis unless you set this."""
    host: str = "127.0.0.1"
    """The IP address or name where the API listens. `0.0.0.0` lets other machines in. With Docker
    Compose, set `API_ADDRESS` instead."""
    port: int = Field(default=5000, ge=1, le=65535)
    """The port where the API listens. With Docker Compose, set `API_PORT` instead."""
    api_processes: int = Field(default=2, ge=1, le=64)
    """The number of API processes, from 1 to 64."""
    otp_drain_seconds: int = Field(default=5, ge=0, le=300)
    """How many seconds the API still takes requests after SIGTERM, from 0 to 300. `/health/ready`
    answers 503 in that time, so [proxies](restarts.md) send requests to another API. Then it
    finishes its requests within 8 seconds. Allow for both before you kill it."""
    worker_concurrency: int = Field(default=32, ge=1, le=512)
    """The number of deliveries that a worker makes at the same time, from 1 to 512."""
    otp_log: LogFormat = "json"
    """How [log lines](logs.md) look: `json`, one object per line for programs, or `text`, columns
    for people. `make run` uses `text` in a terminal unless you set this."""
    otp_log_level: LogLevel = "info"
    """`debug` also logs [one line per HTTP request](logs.md#requests)."""
    otp_trusted_proxies: int = Field(default=0, ge=0, le=10)
    """The number of proxies in front of the API, from 0 to 10. The API trusts that many entries of
    `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. See [how to use a
    proxy](operations.md#put-sixpost-behind-a-proxy)."""
    otp_public_url: PublicUrl | None = Field(default=None, examples=["https://otp.example.com"])
    """The URL where people and providers reach the API. Providers send delivery receipts there, and
    without it the service does not ask for any. If there is no API key, the API answers at no other
    public host."""


class Keys(BaseModel):
    """Secrets and access"""

    otp_secret_keys: Secret | None = Field(
        default=None, examples=['echo "k1:$(openssl rand -base64 32)"']
    )
    """The keys that codes are derived from, as `kid:base64` with at least 32 random bytes,
    separated by spaces. The first key creates codes, and all of them check. To [rotate
    it](operations.md#rotate-a-secret-key) in a rolling update, the first key can also be the last.
    Without this setting, Sixpost generates a key in `OTP_DATA_DIR` at the first start. The command
    in the example prints a key."""
    otp_data_dir: Path | None = None
    """The folder for the generated key and password, and for the hashes of API keys. Docker Compose
    and `make run` set it."""
    otp_api_keys: Secret | None = None
    """API keys as `app:key`, separated by spaces. A key has 32 characters or more. An app can have
    several keys, and cannot be called `page` or `admin`. Keys of the app `metrics` can only read
    `/metrics`. Keys that `python -m api.keys` creates work too, without a restart. So do changes of
    a file that `OTP_API_KEYS_FILE` names. If there is no key, anyone can call the API."""
    otp_allow_open: bool = False
    """`true` lets the API start without any API key although a sender other than `console://` is
    set, including one for email."""
    otp_admin_password: Password | None = None
    """The owner's password for the dashboard at `/admin/`, with 12 characters or more. Without this
    setting, Sixpost generates one in `OTP_DATA_DIR` at the first start. Without either, the
    dashboard is off."""
    otp_viewer_password: Password | None = None
    """A second password for the dashboard, with 12 characters or more. It shows
    [everything](operations.md#let-others-look) except full addresses, and changes nothing."""
    otp_hook_secrets: HookSecrets | None = Field(
        default=None, examples=['echo "shop:v1,whsec_$(openssl rand -base64 32)"']
    )
    """The secrets of the [Supabase hooks](hooks.md#supabase) as `app:v1,whsec_…`, and of
    [ZITADEL's](integrations/zitadel.md) as `app:zitadel,KEY`, separated by spaces. An app can have
    several while you rotate one. Without its secret, a hook does not exist. The command in the
    example prints one for Supabase."""
    otp_public_ui: bool = False
    """`true` lets people use the page at `/` without an API key. Their browsers solve [a
    puzzle](operations.md#open-the-page-to-everyone) for each code, which takes seconds if it is
    likely that no one will enter the code."""
    # A table may name senders, whose URLs hold passwords.
    otp_apps: Secret | None = Field(
        default=None, examples=['shop = {code_length = 8, limit_to = "3/10m"}']
    )
    """The settings of single [apps](operations.md#apps-and-their-policies) as TOML, usually in a
    file that `OTP_APPS_FILE` names. Each app has a table with names in lower case and without
    `OTP_`."""
    otp_services: Services = Field(default=(), examples=['echo "shop:VA$(openssl rand -hex 16)"'])
    """Services of the [Verify v2-compatible API](twilio-verify.md) that exist from the start, as
    `app:SID`, separated by spaces. A SID is `VA` and 32 hex digits. The API can create other
    Services. The command in the example prints one."""


class Receipts(BaseModel):
    """Verification receipts"""

    otp_receipt: bool = False
    """`true` adds a signed [receipt](verification-receipts.md) to the answer to a right code, so
    that other systems need not ask Sixpost. Set it for single apps in `OTP_APPS`. It needs
    `OTP_PUBLIC_URL` and `OTP_WEBHOOK_SECRET`."""
    otp_receipt_keys: Secret | None = Field(
        default=None,
        examples=[
            (
                "echo r1:$(openssl ecparam -name prime256v1 -genkey -noout | "
                "openssl pkcs8 -topk8 -nocrypt -outform DER | openssl base64 -A)"
            )
        ],
    )
    """The private keys that sign receipts, as `kid:base64` of PKCS#8, on the curve P-256 and
    separated by spaces. The first key signs, and `/.well-known/jwks.json` lists all of them.
    Without this setting, Sixpost generates a key in `OTP_DATA_DIR` as soon as an app asks for
    receipts. The command in the example prints a key."""


class Webhooks(BaseModel):
    """Events for your backend"""

    otp_webhook_url: str | None = Field(
        default=None, repr=False, examples=["https://shop.example/otp-events"]
    )
    """Where [events](events.md) are posted, usually set in `OTP_APPS`: that a verification started
    or ended, and whether its messages were sent and arrived. It needs `OTP_WEBHOOK_SECRET`."""
    otp_webhook_secret: WebhookSecrets | None = Field(
        default=None, examples=['echo "whsec_$(openssl rand -base64 32)"']
    )
    """The secret that an app shares with Sixpost, usually set in `OTP_APPS`. It signs events, and
    receipts contain a hash of the address with it. While you rotate it, put the new secret in front
    of the old one, separated by a space. The command in the example prints a secret."""
    otp_webhook_allow: Hosts = Field(default=(), examples=["shop.internal 10.0.0.7"])
    """The hosts that events may also reach in private networks and over plain HTTP, separated by
    spaces."""
