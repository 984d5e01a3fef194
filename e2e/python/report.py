"""Counts the checks and prints each: `ok NAME`, or `FAIL NAME why`. The closing line is `N passed, N failed`."""

import json
import re
import traceback

from clerk_backend_api import models

passed = 0
failed = 0


def ok(name):
    global passed
    passed += 1
    print("ok", name)


def fail(name, why):
    global failed
    failed += 1
    print("FAIL", name, re.sub(r"\s+", " ", str(why))[:500])


def is_true(name, condition, got=""):
    if condition:
        ok(name)
    else:
        fail(name, got)


def equal(name, got, wanted):
    is_true(name, got == wanted, f"is {got!r}, should be {wanted!r}")


def part(name, work):
    """An exception anywhere in a part is a failure of that part, and the next part still runs."""
    try:
        work()
    except Exception:
        fail(name, traceback.format_exc())


def refused(name, call, status, code, parameter=None, typed=True, **texts):
    """The SDK must raise: its typed error where the published specification lists the status, else its plain one."""
    try:
        answer = call()
    except models.ClerkBaseError as raised:
        error = raised
    else:
        return fail(name, f"was not refused: {answer!r}")
    if isinstance(error, models.ClerkErrors) != typed:
        return fail(name, f"is a {type(error).__name__}: {error}")
    body = json.loads(error.body)
    item = body["errors"][0]
    if error.headers["content-type"] != "application/json" or not re.fullmatch(r"[0-9a-f]{32}", body["clerk_trace_id"]):
        return fail(name, f"the answer is incomplete: {error.headers} {error.body}")
    if typed and error.data.errors[0].code != item["code"]:
        return fail(name, f"the SDK read {error.data.errors[0].code}")
    got = {"status": error.status_code, "code": item["code"], "parameter": item.get("meta", {}).get("param_name")}
    wanted = {"status": status, "code": code, "parameter": parameter}
    for text in texts:
        got[text] = item[text]
    equal(name, got, wanted | texts)


def close():
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
