"""A form for the number, then one for the code. Between the two, the session keeps the number: what
the browser sends with the code could name another one."""

from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import get_language
from django.views.generic import FormView
from sixpost import SixpostError

from sixpost_django.forms import CodeForm, NumberForm
from sixpost_django.service import sixpost

PENDING = "sixpost_pending"
VERIFIED = "sixpost_verified"


class _Step(FormView):
    @property
    def pending(self) -> dict[str, str]:
        """The number that the session waits for, or {}."""
        return self.request.session.get(PENDING, {})


class NumberView(_Step):
    form_class = NumberForm
    template_name = "sixpost/number.html"
    success_url = reverse_lazy("sixpost:code")

    def get_initial(self) -> dict[str, Any]:
        return {"phone": self.pending.get("phone")}

    def form_valid(self, form: Form) -> HttpResponse:
        phone = form.cleaned_data["phone"]
        try:
            started = sixpost().start(phone=phone, locale=get_language())
        except SixpostError as error:
            form.add_error("phone", str(error))
            return self.form_invalid(form)
        self.request.session[PENDING] = {
            "phone": phone,
            "verification_id": started.verification_id,
            "message": started.message,
        }
        return super().form_valid(form)


class CodeView(_Step):
    form_class = CodeForm
    template_name = "sixpost/code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.pending:
            return redirect("sixpost:number")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        pending, code = self.pending, form.cleaned_data["code"]
        try:
            sixpost().check(verification_id=pending["verification_id"], otp=code)
        except SixpostError as error:
            form.add_error("code", str(error))
            return self.form_invalid(form)
        del self.request.session[PENDING]
        return self.verified(pending["phone"])

    def verified(self, phone: str) -> HttpResponse:
        """Called once the person has proven this number, in E.164. Override it to log them in."""
        self.request.session.cycle_key()
        self.request.session[VERIFIED] = phone
        return redirect(settings.LOGIN_REDIRECT_URL)
