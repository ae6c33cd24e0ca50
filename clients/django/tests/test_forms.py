"""The login of the example in docs/integrations, by a browser."""

from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client, TestCase
from sixpost_service import code_for, let_codes_expire, new_phone, sixpost_away

from tests.user import wrong


class LogInTest(TestCase):
    def setUp(self) -> None:
        self.phone = new_phone()

    def start(self, phone: str, browser: Client | None = None) -> Any:
        return (browser or self.client).post("/login/", {"phone": phone})

    def enter(self, code: str, **more: str) -> Any:
        return self.client.post("/login/code", {"code": code, **more})

    def assert_refused(self, answer: Any, why: str) -> None:
        self.assertContains(answer, why)
        assert "_auth_user_id" not in self.client.session

    def test_signs_up_and_logs_in_by_the_right_code(self) -> None:
        self.assertRedirects(self.start(self.phone), "/login/code")
        self.assertContains(self.client.get("/login/code"), "We are sending a code to +1415*****")
        code = code_for(self.phone)
        self.assert_refused(self.enter(wrong(code)), "The code is incorrect. 4 attempts left.")
        self.assertRedirects(self.enter(code), "/account")
        self.assertContains(self.client.get("/account"), self.phone)
        self.assertRedirects(self.enter(code), "/login/")

    def test_one_person_is_one_user_in_every_spelling(self) -> None:
        for sends, spelling in enumerate(("+44 (0)7911 123456", "+447911123456"), 1):
            self.start(spelling)
            self.assertRedirects(self.enter(code_for("+447911123456", sends)), "/account")
        assert get_user_model().objects.count() == 1

    def test_refuses_the_right_code_after_too_many_wrong_ones(self) -> None:
        self.start(self.phone)
        code = code_for(self.phone)
        for _ in range(5):
            self.enter(wrong(code))
        self.assert_refused(self.enter(code), "This code no longer works.")

    def test_refuses_an_expired_code(self) -> None:
        self.start(self.phone)
        code = code_for(self.phone)
        let_codes_expire()
        self.assert_refused(self.enter(code), "It may have expired")

    def test_takes_the_number_from_the_session(self) -> None:
        victim = new_phone()
        self.start(victim, Client())
        self.start(self.phone)
        self.assert_refused(self.enter(code_for(victim)), "The code is incorrect")
        self.enter(code_for(self.phone), phone=victim)
        self.assertContains(self.client.get("/account"), self.phone)

    def test_says_why_no_code_was_sent(self) -> None:
        self.assert_refused(self.start("415"), "Enter a phone number with its country code")
        self.assert_refused(self.start("+1999"), "Too short for a phone number")
        self.start(self.phone)
        self.assert_refused(self.start(self.phone), "Try again in")

    def test_says_that_sixpost_is_not_there(self) -> None:
        with sixpost_away():
            self.assert_refused(self.start(self.phone), "Sixpost")

    def test_asks_for_a_number_first(self) -> None:
        self.assertRedirects(self.client.get("/login/code"), "/login/")

    def test_refuses_forms_of_other_sites(self) -> None:
        browser = Client(enforce_csrf_checks=True)
        assert self.start(self.phone, browser).status_code == 403
