"""Sixpost in Django: a device for django-otp, and a login by phone number with two forms."""
