"""What every guide's example does, whatever its framework."""

from tests.clock import clock_of
from tests.user import wrong


class Guide:
    """The file that uses it has the fixtures: `open_browser`, which opens a person's browser on an
    example, `service`, and `phone`, a number that no other test has used."""

    def test_after_too_many_codes_even_the_right_one_is_refused(self, open_browser, service, phone):
        browser = open_browser()
        browser.start(phone)
        code = service.code_for(phone)
        assert [browser.check(wrong(code))[0] for _ in range(5)] == [400] * 5
        status, told = browser.check(code)
        assert (status, told["code"]) == (429, "too_many_checks")

    def test_an_expired_code_is_refused(self, open_browser, service, phone):
        browser = open_browser()
        browser.start(phone)
        code = service.code_for(phone)
        with clock_of(service.redis) as clock:
            clock.shift(301)
        status, told = browser.check(code)
        assert (status, told["code"]) == (404, "verification_not_found")

    def test_a_code_verifies_no_other_number(self, open_browser, service, phone):
        """Neither one that is sent with the code, nor by the code that another person got."""
        browser, victim = open_browser(), f"+1408{phone[5:]}"
        open_browser().start(victim)
        browser.start(phone)
        assert browser.check(service.code_for(victim))[0] == 400
        answer = browser.check(service.code_for(phone), phone=victim)
        assert answer == (200, {"phone": phone})

    def test_without_a_request_there_is_nothing_to_check(self, open_browser):
        assert open_browser().check("123456") == (409, {"detail": "Request a code first."})
