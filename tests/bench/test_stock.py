"""The stock API, whose start is compared with ours, enqueues a job only by RQ."""

from bench.stock import StockScripts
from shared.verification.service import VerificationService
from shared.verification.store import Store
from tests.user import User


def test_its_start_script_enqueues_nothing(redis, codes, settings):
    scripts = StockScripts(redis)
    service = VerificationService(Store(scripts), codes, lambda app: settings.app(app).policy())
    User(service, codes).ask()
    assert redis.zcard("otp:due") == 1
    assert redis.keys("rq:*") == []
