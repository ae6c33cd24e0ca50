from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from sixpost_django.views import CodeView, NumberView


class LogIn(CodeView):
    def verified(self, phone: str) -> HttpResponse:
        user, _ = get_user_model().objects.get_or_create(username=phone)
        login(self.request, user, "django.contrib.auth.backends.ModelBackend")
        return redirect("/account")


@login_required
def account(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"This account belongs to {request.user.get_username()}.")


steps = [
    path("", NumberView.as_view(), name="number"),
    path("code", LogIn.as_view(), name="code"),
]
urlpatterns = [
    path("login/", include((steps, "sixpost"))),
    path("account", account),
]
