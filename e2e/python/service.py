"""The server under test: the SDK's client, what was last answered on the wire, and an app without a browser."""

import base64
import json
import os
import random
import re
import string
import time

import httpx
from clerk_backend_api import Clerk, utils

URL = os.environ["ACTAS_URL"].rstrip("/")
SECRET_KEY = os.environ["CLERK_SECRET_KEY"]
RUN = "".join(random.choices(string.ascii_lowercase + string.digits, k=10))

last = {}
made = 0


def _remember(response):
    response.read()
    last["response"] = response


def connect(secret_key):
    """The SDK as it is, but for its patience: it retries a 5xx for an hour, and here that must show at once."""
    return Clerk(
        bearer_auth=secret_key,
        server_url=f"{URL}/v1",
        retry_config=utils.RetryConfig("backoff", utils.BackoffStrategy(50, 100, 1.5, 200), False),
        client=httpx.Client(event_hooks={"response": [_remember]}, timeout=20),
    )


clerk = connect(SECRET_KEY)


def body():
    """The JSON that the SDK was last answered: its models drop members, such as those of the actor."""
    return json.loads(last["response"].text)


def unused(prefix):
    return f"{prefix}_{'2' * 27}"


def is_id(prefix, value):
    return re.fullmatch(rf"{prefix}_[0-9A-Za-z]{{27}}", value or "") is not None


def is_now(milliseconds):
    return isinstance(milliseconds, int) and abs(milliseconds - time.time() * 1000) < 60_000


def address():
    global made
    made += 1
    return f"e2e-python-{RUN}-{made}@example.com"


def person(**members):
    """A user without a password: hashing one takes long on purpose, and few checks need it."""
    return clerk.users.create(email_address=[address()], skip_password_requirement=True, **members)


class NativeApp:
    """The Frontend API as an app without a browser uses it: the client's secret in `Authorization`."""

    def __init__(self):
        self.secret = ""

    def call(self, method, path, form=None):
        headers = {"authorization": self.secret}
        response = httpx.request(method, f"{URL}/v1{path}?_is_native=1", data=form, headers=headers, timeout=20)
        self.secret = response.headers.get("authorization", self.secret)
        return response

    def redeem(self, ticket):
        return self.call("POST", "/client/sign_ins", {"strategy": "ticket", "ticket": ticket})


def claims_text(jwt):
    """The payload as it was signed, not as JSON would be written again."""
    payload = jwt.split(".")[1]
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
