"""Drives the unmodified `clerk-backend-api` against a running Actas."""

import asyncio
import importlib.metadata
import platform
import sys

import jwt as pyjwt
from clerk_backend_api import Clerk, models
from clerk_backend_api.security import authenticate_request, verify_token
from clerk_backend_api.security.types import AuthenticateRequestOptions, TokenVerificationError, VerifyTokenOptions
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from report import close, equal, fail, is_true, part, refused
from service import (
    SECRET_KEY, URL, NativeApp, address, body, claims_text, clerk, connect, is_id, is_now, last, person, unused,
)

MEMBERS = {"object", "id", "status", "user_id", "actor", "token", "url", "created_at", "updated_at"}
ACTOR = {"sub": "staff-1", "iss": "https://support.example.com", "nested": {"a": [1, "two", None], "camelCase": True}}


def grant(subject, actor=ACTOR, **more):
    return clerk.actor_tokens.create(request={"user_id": subject.id, "actor": actor, **more})


def users():
    email = address()
    user = clerk.users.create(
        email_address=[email], password="a passphrase of decent length", first_name="Ada", public_metadata={"plan": "pro"}
    )
    is_true("users.create.id", is_id("user", user.id), user.id)
    is_true("users.create.times", is_now(user.created_at) and is_now(user.updated_at), user)
    equal("users.create.email", user.email_addresses[0].email_address, email)
    equal("users.create.primary_email", user.primary_email_address_id, user.email_addresses[0].id)
    equal("users.create.members", (user.first_name, user.password_enabled, user.banned), ("Ada", True, False))
    equal("users.create.content_type", last["response"].headers["content-type"], "application/json")
    refused(
        "users.create.same_email", lambda: clerk.users.create(email_address=[email]), 422, "form_identifier_exists", "email_address"
    )
    refused(
        "users.create.bad_email", lambda: clerk.users.create(email_address=["nobody"]), 422, "form_param_format_invalid", "email_address"
    )
    equal("users.get", clerk.users.get(user_id=user.id).id, user.id)
    refused(
        "users.get.unknown", lambda: clerk.users.get(user_id=unused("user")), 404, "resource_not_found",
        message="not found", long_message=f"No user was found with id {unused('user')}",
    )
    other = person()
    listed = clerk.users.list(request={"user_id": [user.id, other.id]})
    equal("users.list", [each.id for each in listed], [other.id, user.id])
    equal("users.count", clerk.users.count(request={"user_id": [user.id, other.id]}).total_count, 2)
    equal("users.update", clerk.users.update(user_id=user.id, first_name="Grace").first_name, "Grace")
    merged = clerk.users.update_metadata(user_id=user.id, public_metadata={"seats": 3})
    equal("users.update_metadata", merged.public_metadata, {"plan": "pro", "seats": 3})
    replaced = clerk.users.replace_metadata(user_id=user.id, public_metadata={"only": 1})
    equal("users.replace_metadata", replaced.public_metadata, {"only": 1})
    equal("users.ban", clerk.users.ban(user_id=user.id).banned, True)
    equal("users.unban", clerk.users.unban(user_id=user.id).banned, False)
    equal("users.lock", clerk.users.lock(user_id=user.id).locked, True)
    equal("users.unlock", clerk.users.unlock(user_id=user.id).locked, False)
    deleted = clerk.users.delete(user_id=user.id)
    equal("users.delete", (deleted.object, deleted.id, deleted.deleted), ("user", user.id, True))
    refused("users.delete.gone", lambda: clerk.users.get(user_id=user.id), 404, "resource_not_found")


def create():
    subject = person()
    token = grant(subject, expires_in_seconds=600, session_max_duration_in_seconds=900)
    wire = body()
    equal("create.members", set(wire), MEMBERS)
    equal("create.actor", wire["actor"], ACTOR)
    is_true("create.id", is_id("act", token.id), token.id)
    equal("create.state", (token.object, token.status, token.user_id), ("actor_token", "pending", subject.id))
    is_true("create.times", is_now(token.created_at) and token.updated_at == token.created_at, wire)
    is_true("create.url", token.url.startswith(URL) and token.url.endswith(f"?ticket={token.token}"), token.url)
    typed = models.CreateActorTokenRequestBody(user_id=subject.id, actor=models.CreateActorTokenActor(sub="cli:a@b.example"))
    other = clerk.actor_tokens.create(request=typed)
    is_true("create.typed", other.status == "pending" and other.token != token.token, other)
    equal("create.typed.actor", body()["actor"], {"sub": "cli:a@b.example"})


def create_refused():
    subject = person()

    def attempt(**members):
        request = {"user_id": subject.id, "actor": {"sub": "staff-1"}} | members
        return lambda: clerk.actor_tokens.create(request=request)

    def missing(name):
        return {"message": "is missing", "long_message": f"{name} must be included."}

    def invalid(name):
        return {"message": "is invalid", "long_message": f"{name} is invalid"}

    no_user = models.CreateActorTokenRequestBody.model_construct(actor=models.CreateActorTokenActor(sub="x"))
    missing_code, invalid_code = "form_param_missing", "form_param_value_invalid"
    expires, session = "expires_in_seconds", "session_max_duration_in_seconds"
    refused("create.no_body", lambda: clerk.actor_tokens.create(request=None), 422, missing_code, "user_id", **missing("user_id"))
    refused("create.no_user_id", lambda: clerk.actor_tokens.create(request=no_user), 422, missing_code, "user_id", **missing("user_id"))
    refused("create.empty_user_id", attempt(user_id=""), 422, missing_code, "user_id", **missing("user_id"))
    refused("create.empty_sub", attempt(actor={"sub": ""}), 422, missing_code, "actor.sub", **missing("actor.sub"))
    refused("create.expires_zero", attempt(expires_in_seconds=0), 422, invalid_code, expires, **invalid(expires))
    refused("create.expires_negative", attempt(expires_in_seconds=-1), 422, invalid_code, expires, **invalid(expires))
    refused("create.expires_large", attempt(expires_in_seconds=10**9), 422, "form_param_value_too_large", expires)
    refused("create.session_zero", attempt(session_max_duration_in_seconds=0), 422, invalid_code, session, **invalid(session))
    refused("create.session_negative", attempt(session_max_duration_in_seconds=-1), 422, invalid_code, session, **invalid(session))
    refused("create.chain", attempt(actor={"sub": "a", "act": {"sub": "b"}}), 422, invalid_code, "actor.act", **invalid("actor.act"))
    # The published specification of create lists neither 403 nor 404, so this SDK has no type for them.
    refused(
        "create.unknown_user", attempt(user_id=unused("user")), 404, "resource_not_found", typed=False,
        message="not found", long_message=f"No user was found with id {unused('user')}",
    )
    clerk.users.ban(user_id=subject.id)
    refused("create.banned_user", attempt(), 403, "user_banned", typed=False)
    clerk.users.delete(user_id=subject.id)
    refused("create.deleted_user", attempt(), 404, "resource_not_found", typed=False)


def wrong_key():
    text = "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct."
    texts = {"message": text, "long_message": text}
    stranger = connect(f"sk_test_{'A' * 42}")
    request = {"user_id": "x", "actor": {"sub": "y"}}
    refused("key.create", lambda: stranger.actor_tokens.create(request=request), 401, "clerk_key_invalid", typed=False, **texts)
    refused("key.revoke", lambda: stranger.actor_tokens.revoke(actor_token_id="x"), 401, "clerk_key_invalid", typed=False, **texts)
    refused("key.users", lambda: stranger.users.get(user_id="x"), 401, "clerk_key_invalid", **texts)


def revoke():
    token = grant(person())
    revoked = clerk.actor_tokens.revoke(actor_token_id=token.id)
    equal("revoke", (revoked.status, revoked.id, revoked.created_at), ("revoked", token.id, token.created_at))
    equal("revoke.members", set(body()), MEMBERS - {"token", "url"})
    equal("revoke.actor", body()["actor"], ACTOR)
    refused(
        "revoke.again", lambda: clerk.actor_tokens.revoke(actor_token_id=token.id), 400, "actor_token_cannot_be_revoked_code",
        message="cannot revoke",
        long_message="Actor token cannot be revoked because its status is revoked. Only pending tokens can be revoked.",
    )
    for name, unknown in {"unknown": unused("act"), "no_id": "nonsense"}.items():
        refused(
            f"revoke.{name}", lambda: clerk.actor_tokens.revoke(actor_token_id=unknown), 404, "resource_not_found",
            message="not found", long_message="Resource not found",
        )
    wire_refused("revoke.redeem", NativeApp().redeem(token.token), 400, "actor_token_revoked_code")


def wire_refused(name, response, status, code):
    got = response.json().get("errors", [{}])[0].get("code")
    equal(name, (response.status_code, response.headers["content-type"], got), (status, "application/json", code))


def verified(name, token, subject, session_id, act):
    """By the SDK's verifier with the keys of the server, and of a whole request with a PEM and no network."""
    claims = verify_token(token, VerifyTokenOptions(secret_key=SECRET_KEY, api_url=URL))
    equal(f"{name}.claims", (claims["sub"], claims["sid"], claims.get("act")), (subject.id, session_id, act))
    is_true(f"{name}.lifetime", 0 < claims["exp"] - claims["iat"] <= 60, claims)
    clerk.jwks.get_jwks()
    kid = pyjwt.get_unverified_header(token)["kid"]
    [key] = [each for each in body()["keys"] if each["kid"] == kid]
    public = pyjwt.PyJWK(key).key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    class Request:
        headers = {"Authorization": f"Bearer {token}"}

    state = authenticate_request(Request(), AuthenticateRequestOptions(jwt_key=pem))
    equal(f"{name}.request", (state.is_signed_in, (state.payload or {}).get("sub")), (True, subject.id))
    head, payload, signature = token.split(".")
    other = "B" if signature[0] == "A" else "A"
    try:
        verify_token(f"{head}.{payload}.{other}{signature[1:]}", VerifyTokenOptions(secret_key=SECRET_KEY, api_url=URL))
        fail(f"{name}.forged", "was accepted")
    except TokenVerificationError as error:
        equal(f"{name}.forged", error.reason.value[0], "token-invalid-signature")


def redeem():
    subject = person()
    token = grant(subject, session_max_duration_in_seconds=900)
    app = NativeApp()
    answer = app.redeem(token.token)
    equal("redeem", (answer.status_code, answer.headers["content-type"]), (200, "application/json"))
    sign_in, [session] = answer.json()["response"], answer.json()["client"]["sessions"]
    equal("redeem.sign_in", (sign_in["status"], sign_in["created_session_id"]), ("complete", session["id"]))
    equal("redeem.actor", session["actor"], ACTOR)
    jwt = session["last_active_token"]["jwt"]
    verified("redeem.token", jwt, subject, session["id"], ACTOR)
    compact = '"act":{"sub":"staff-1","iss":"https://support.example.com","nested":{"a":[1,"two",null],"camelCase":true}}'
    is_true("redeem.act_verbatim", compact in claims_text(jwt), claims_text(jwt))
    fresh = app.call("POST", f"/client/sessions/{session['id']}/tokens")
    verified("redeem.tokens", fresh.json()["jwt"], subject, session["id"], ACTOR)
    minted = clerk.sessions.create_token(session_id=session["id"])
    verified("redeem.backend_token", minted.jwt, subject, session["id"], ACTOR)
    wire_refused("redeem.again", NativeApp().redeem(token.token), 400, "actor_token_already_used_code")
    wire_refused("redeem.forged", NativeApp().redeem(token.token + "x"), 400, "ticket_invalid_code")
    refused(
        "redeem.revoke_accepted", lambda: clerk.actor_tokens.revoke(actor_token_id=token.id), 400,
        "actor_token_cannot_be_revoked_code", message="cannot revoke",
        long_message="Actor token cannot be revoked because its status is accepted. Only pending tokens can be revoked.",
    )
    chained = grant(subject)
    wire_refused("redeem.chain", app.redeem(chained.token), 409, "session_creation_not_allowed")
    clerk.users.delete(user_id=subject.id)
    equal("redeem.subject_deleted.session", clerk.sessions.get(session_id=session["id"]).status, "revoked")
    wire_refused("redeem.subject_deleted.ticket", NativeApp().redeem(chained.token), 404, "actor_token_subject_not_found")


def sessions():
    subject = person()
    app = NativeApp()
    session_id = app.redeem(grant(subject).token).json()["response"]["created_session_id"]
    session = clerk.sessions.get(session_id=session_id)
    is_true("sessions.get", is_id("sess", session.id) and is_id("client", session.client_id), session)
    equal("sessions.get.actor", body()["actor"], ACTOR)
    equal("sessions.get.duration", session.expire_at - session.created_at, 1_800_000)
    listed = clerk.sessions.list(user_id=subject.id, status="active")
    equal("sessions.list", [each.id for each in listed], [session_id])
    client = clerk.clients.get(client_id=session.client_id)
    equal("sessions.client", (client.session_ids, client.sessions[0].id), ([session_id], session_id))
    equal("sessions.revoke", clerk.sessions.revoke(session_id=session_id).status, "revoked")
    wire_refused("sessions.revoked.tokens", app.call("POST", f"/client/sessions/{session_id}/tokens"), 401, "authentication_invalid")
    equal("sessions.list.revoked", clerk.sessions.list(user_id=subject.id, status="active"), [])
    refused(
        "sessions.get.unknown", lambda: clerk.sessions.get(session_id=unused("sess")), 404, "resource_not_found",
        message="Session not found", long_message=f"No session was found with id {unused('sess')}",
    )
    ordinary = clerk.sessions.create(request={"user_id": subject.id})
    equal("sessions.create", (ordinary.status, ordinary.user_id, body()["actor"]), ("active", subject.id, None))
    verified("sessions.create.token", clerk.sessions.create_token(session_id=ordinary.id).jwt, subject, ordinary.id, None)


def sign_in_tokens():
    subject = person()
    token = clerk.sign_in_tokens.create(request={"user_id": subject.id, "expires_in_seconds": 60})
    is_true("sign_in.create", is_id("sit", token.id) and token.status == "pending" and token.token, token)
    [session] = NativeApp().redeem(token.token).json()["client"]["sessions"]
    equal("sign_in.redeem", (session["status"], session["actor"]), ("active", None))
    other = clerk.sign_in_tokens.create(request={"user_id": subject.id})
    equal("sign_in.revoke", clerk.sign_in_tokens.revoke(sign_in_token_id=other.id).status, "revoked")
    refused(
        "sign_in.revoke_again", lambda: clerk.sign_in_tokens.revoke(sign_in_token_id=other.id), 400,
        "sign_in_token_cannot_be_revoked_code", message="cannot revoke",
        long_message="Sign in token cannot be revoked because its status is revoked. Only pending tokens can be revoked.",
    )


def asynchronous():
    subject = person()

    async def work():
        async with Clerk(bearer_auth=SECRET_KEY, server_url=f"{URL}/v1") as other:
            request = {"user_id": subject.id, "actor": {"sub": "staff-1"}}
            created = await asyncio.gather(*(other.actor_tokens.create_async(request=request) for _ in range(10)))
            return await asyncio.gather(*(other.actor_tokens.revoke_async(actor_token_id=each.id) for each in created))

    revoked = asyncio.run(work())
    equal("async", {each.status.value for each in revoked}, {"revoked"})
    equal("async.distinct", len({each.id for each in revoked}), 10)


def main():
    version = importlib.metadata.version("clerk-backend-api")
    print(f"# clerk-backend-api {version}, python {platform.python_version()}, against {URL}")
    for work in [wrong_key, users, create, create_refused, revoke, redeem, sessions, sign_in_tokens, asynchronous]:
        part(work.__name__, work)
    return close()


if __name__ == "__main__":
    sys.exit(main())
