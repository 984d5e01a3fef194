"""Django with django-hijack in one file, for gunicorn; `app.py seed COUNT FILE` makes the database and sessions."""

import os
import sys
from datetime import timedelta

import django
from django.conf import settings

OPTIONS = {"timeout": 30, "transaction_mode": "IMMEDIATE"}
if os.environ["JOURNAL"] == "wal":
    OPTIONS["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"], "OPTIONS": OPTIONS}},
    DEBUG=False,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "hijack",
    ],
    LOGGING_CONFIG=None,
    LOGIN_REDIRECT_URL="/healthz",
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "hijack.middleware.HijackUserMiddleware",
    ],
    ROOT_URLCONF="app",
    SECRET_KEY="a-secret-of-the-benchmark-and-of-nothing-else",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("healthz", lambda request: HttpResponse("ok")), path("hijack/", include("hijack.urls"))]


def seed(count: int, file: str) -> None:
    """Makes an administrator, a user whose id is printed, and sessions of the administrator."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.core.management import call_command
    from django.utils import timezone
    from django.utils.crypto import get_random_string

    call_command("migrate", verbosity=0)
    admin = User.objects.create_superuser("admin", "admin@example.com", "password")
    user = User.objects.create_user("user", "user@example.com", "password")
    data = SessionStore().encode(
        {
            SESSION_KEY: str(admin.pk),
            BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
            HASH_SESSION_KEY: admin.get_session_auth_hash(),
        }
    )
    keys = [get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(count)]
    expires_at = timezone.now() + timedelta(days=1)
    rows = [Session(session_key=key, session_data=data, expire_date=expires_at) for key in keys]
    Session.objects.bulk_create(rows, batch_size=500)
    with open(file, "w") as out:
        out.writelines(f"{key}\n" for key in keys)
    print(user.pk)


if __name__ == "__main__":
    sys.modules["app"] = sys.modules["__main__"]
    seed(int(sys.argv[2]), sys.argv[3])
else:
    application = get_wsgi_application()
