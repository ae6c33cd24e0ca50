"""Renders the page at one of its steps, in the language of the request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from api.http.access import Access
from api.http.errors import kind_of
from api.http.origins import ReturnUrls
from api.page.texts import EXAMPLES, Languages
from api.page.view import Kind, Step, View
from shared.errors import StorageUnavailable, Unauthorized, VerificationNotFound
from shared.messages.texts import Texts
from shared.policy import DEFAULT_APP
from shared.settings import Settings
from shared.storage.reading import UNKNOWN
from shared.verification.service import VerificationService

_STEPS: dict[str, Step] = {"pending": "code", "approved": "approved"}


@dataclass(frozen=True)
class Page:
    """`settings` and `texts` return those of an app."""

    settings: Callable[[str], Settings]
    texts: Callable[[str], Texts]
    service: VerificationService
    access: Access
    languages: Languages
    return_urls: ReturnUrls
    phone_is_open: Callable[[], bool]

    @property
    def app(self) -> str | None:
        """The app of verifications started here. Returns None if the page is off."""
        try:
            return self.access.app_or_page(request)
        except Unauthorized:
            return None

    def locale(self, account: str) -> str:
        """The language for messages of an app, which for a Service is its account."""
        return self.languages.locale(request, self.texts(account).languages)

    @property
    def kind(self) -> Kind:
        """The kind of address to ask for: the requested one, if its channels are enabled."""
        channels = self.settings(self.app or DEFAULT_APP).policy().channels
        by_email = "email" in channels
        by_phone = len(channels) > by_email
        wished = request.values.get("kind") == "email"
        return "email" if by_email and (wished or not by_phone) else "phone"

    def address(self, typed: str = "", error: Exception | None = None) -> ResponseReturnValue:
        """The step that asks for an address, with the `error` of what was typed."""
        if self.app is None:
            status = kind_of(error).status if error else 200
            return self._answer(self._view("off", hosted=True), status=status)
        return self._answer(self._view("address", kind=self.kind, typed=typed), "address", error)

    def verification(
        self, verification_id: str, where: str = "", error: Exception | None = None
    ) -> ResponseReturnValue:
        """The step of a verification, with the `error` at `where` (code or resend)."""
        of = {"verification_id": verification_id, "hosted": self._is_part}
        try:
            view = self._found(verification_id)
        except VerificationNotFound as missing:
            view = self._view("ended", ended="not_found", **of)
            return self._answer(view, status=kind_of(missing).status)
        except StorageUnavailable as away:
            return self._answer(self._view("away", **of), status=kind_of(away).status)
        return self._answer(view, where, error) if view.step == "code" else self._answer(view)

    def status(self, verification_id: str) -> dict[str, Any] | None:
        """For the script: a StatusOnPage. Raises VerificationNotFound, StorageUnavailable."""
        return self._found(verification_id).status

    def refusal(self, error: Exception) -> str:
        """The page's sentence for an error."""
        length = self.settings(self.app or DEFAULT_APP).otp_code_length
        return self.languages.texts(request).refusal(kind_of(error).code, error, length)

    def problem(self, problem: Mapping[str, Any], error: Exception) -> str:
        """The page for an error outside the steps, which the API returns as `problem`. Texts for
        owners and developers are in English."""
        texts = self.languages.texts(request)
        settings = self.settings(self.app or DEFAULT_APP)
        code = problem["code"]
        title, text = texts.say("error.title"), problem["detail"]
        if code in ("not_found", "method_not_allowed"):
            title, text = texts.say("error.not_found_title"), texts.say("error.not_found")
        elif code in texts.words["problem"] or problem["status"] >= 500:
            text = self.refusal(error)
        return render_template(
            "page/error.html",
            texts=texts,
            say=texts.say,
            title=title,
            text=text,
            has_start=self.app is not None,
            lang=self.languages.chosen(request),
            languages=self.languages.links(request),
            app_name=settings.otp_app_name,
        )

    @property
    def return_url(self) -> str | None:
        url = request.args.get("return_url", "")
        return url if self.return_urls.allows(url) else None

    @property
    def _is_part(self) -> bool:
        """Whether the page belongs to another site."""
        return self.app is None or bool({"return_url", "embed"} & set(request.args))

    def _found(self, verification_id: str) -> View:
        """Raises VerificationNotFound, StorageUnavailable."""
        app = self.service.app_of(verification_id)
        found = self.service.view(verification_id, app=app)
        step = _STEPS.get(found.status, "ended")
        ended = "not_found" if found.status == UNKNOWN else found.status
        return self._view(
            step,
            settings=self.settings(found.account),
            verification_id=verification_id,
            verification=found,
            kind="email" if "@" in found.to else "phone",
            ended=ended if step == "ended" else "",
            hosted=self._is_part or app != self.app,
        )

    def _view(self, step: Step, **facts: Any) -> View:
        texts = self.languages.texts(request)
        embedder = request.args.get("embed")
        is_refused = "return_url" in request.args and self.return_url is None
        facts.setdefault("settings", self.settings(self.app or DEFAULT_APP))
        return View(
            texts=texts,
            step=step,
            note=texts.say("problem.return_url") if is_refused else "",
            return_url=self.return_url,
            embedder=embedder if embedder in self.return_urls.origins else None,
            **facts,
        )

    def _answer(
        self, view: View, where: str = "", error: Exception | None = None, status: int = 200
    ) -> ResponseReturnValue:
        found = view.verification
        length = found.code_length if found else view.settings.otp_code_length
        if error is not None:
            kind = kind_of(error)
            text = view.texts.refusal(kind.code, error, length)
            view, status = replace(view, error_at=where, error=text), kind.status
        html = render_template(
            "index.html",
            view=view,
            texts=view.texts,
            say=view.texts.say,
            lang=self.languages.chosen(request),
            languages=self.languages.links(request),
            locale=self.locale(found.account if found else self.app or DEFAULT_APP),
            settings=view.settings,
            app_name=view.settings.otp_app_name,
            code_length=length,
            examples=EXAMPLES,
            is_open=self.access.is_open(),
            phone_is_open=self.phone_is_open(),
        )
        return html, status
