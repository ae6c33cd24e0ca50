from django.apps import AppConfig


class SixpostConfig(AppConfig):
    name = "sixpost_django"
    label = "sixpost"
    verbose_name = "Sixpost"
    default_auto_field = "django.db.models.BigAutoField"
