"""The device with django-otp's own form, as its login views use it."""

from io import StringIO

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import TestCase, override_settings
from django_otp import match_token
from django_otp.forms import OTPTokenForm
from sixpost_django.models import SixpostDevice
from sixpost_service import code_for, let_codes_expire, new_phone, sixpost_away

from tests.user import wrong


class DeviceTest(TestCase):
    def setUp(self) -> None:
        self.user = get_user_model().objects.create_user("ann")
        self.phone = new_phone()
        self.device = SixpostDevice.objects.create(user=self.user, name="phone", number=self.phone)

    def submit(self, **fields: str) -> OTPTokenForm:
        data = {"otp_device": self.device.persistent_id, **fields}
        form = OTPTokenForm(self.user, None, data)
        form.is_valid()
        return form

    def start(self) -> str:
        self.submit(otp_challenge="1")
        return code_for(self.phone)

    def assert_refused(self, why: str, **fields: str) -> None:
        assert why in str(self.submit(**fields).errors)

    def test_the_right_code_is_the_second_factor_once(self) -> None:
        assert self.device.is_interactive()
        self.assert_refused("OTP Challenge: We are sending a code to +1415", otp_challenge="1")
        code = code_for(self.phone)
        assert self.submit(otp_token=code).user.otp_device == self.device
        self.device.refresh_from_db()
        assert self.device.last_used_at is not None
        self.assert_refused("Request a code first.", otp_token=code)

    def test_a_wrong_code_makes_the_person_wait(self) -> None:
        code = self.start()
        self.assert_refused("Invalid token", otp_token=wrong(code))
        self.assert_refused("because of 1 failed attempt", otp_token=code)

    @override_settings(SIXPOST_THROTTLE_FACTOR=0)
    def test_too_many_wrong_codes_end_the_code(self) -> None:
        code = self.start()
        for _ in range(5):
            self.submit(otp_token=wrong(code))
        self.assert_refused("Invalid token", otp_token=code)
        self.assert_refused("Request a code first.", otp_token=code)

    def test_an_expired_code_is_refused(self) -> None:
        code = self.start()
        let_codes_expire()
        self.assert_refused("Invalid token", otp_token=code)
        self.assert_refused("Request a code first.", otp_token=code)

    def test_a_code_is_no_proof_of_another_number(self) -> None:
        code = self.start()
        SixpostDevice.objects.update(number=new_phone())
        self.assert_refused("Request a code first.", otp_token=code)

    def test_a_second_request_says_how_long_to_wait(self) -> None:
        self.start()
        self.assert_refused("Error generating challenge: Another code", otp_challenge="1")

    def test_other_devices_work_while_sixpost_is_not_there(self) -> None:
        code = self.start()
        with sixpost_away(), self.assertLogs("sixpost_django"):
            assert match_token(self.user, code) is None
        assert match_token(self.user, code) == self.device

    def test_the_migrations_are_complete(self) -> None:
        call_command("makemigrations", check=True, stdout=StringIO())
