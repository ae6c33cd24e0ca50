from typing import Any

import phonenumbers
from django import forms
from django.utils.translation import gettext_lazy as _

INVALID = _("Enter a phone number with its country code, such as +1 415 555 0123.")


class PhoneField(forms.CharField):
    """A phone number with its country code. Its value is in E.164, so that a person who types the
    same number in another way is the same person."""

    def clean(self, value: Any) -> str:
        try:
            number = phonenumbers.parse(super().clean(value))
        except phonenumbers.NumberParseException:
            raise forms.ValidationError(INVALID, "invalid") from None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class NumberForm(forms.Form):
    phone = PhoneField(
        label=_("Phone number"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
