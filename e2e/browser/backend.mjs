// What the backend of a support tool does, by the official SDK.
import { createClerkClient } from '@clerk/backend';

export class Backend {
  #clerk;
  #made = 0;

  constructor(actas) {
    this.actas = actas;
    const { secretKey, publishableKey, direct } = actas;
    this.#clerk = createClerkClient({ secretKey, publishableKey, apiUrl: direct, telemetry: { disabled: true } });
  }

  // By default Alice acts as Bob.
  grant({ subject = this.actas.bob, actor = { sub: this.actas.alice }, ...more } = {}) {
    return this.#clerk.actorTokens.create({ userId: subject, actor, expiresInSeconds: 300, ...more });
  }

  // With a reason, which the SDK does not know of.
  async grantFor(reason) {
    const body = { user_id: this.actas.bob, actor: { sub: this.actas.alice }, reason };
    return this.#ask('POST', '/v1/actor_tokens', body);
  }

  revokeGrant(token) {
    return this.#clerk.actorTokens.revoke(token.id);
  }

  async grantStatus(token) {
    return (await this.#ask('GET', `/v1/actor_tokens/${token.id}`)).status;
  }

  signInToken(user) {
    return this.#clerk.signInTokens.createSignInToken({ userId: user, expiresInSeconds: 300 });
  }

  // An address that nobody else of this instance has.
  person(members) {
    this.#made += 1;
    const emailAddress = [`person-${this.#made}-${Date.now()}@example.com`];
    const password = members.password ? {} : { skipPasswordRequirement: true };
    return this.#clerk.users.createUser({ emailAddress, ...password, ...members });
  }

  async sessions(user = this.actas.bob) {
    const { data } = await this.#clerk.sessions.getSessionList({ userId: user, limit: 100 });
    return data;
  }

  // Of the newest session of the subject.
  async sessionStatus(user) {
    return (await this.sessions(user))[0]?.status;
  }

  // Where the session was begun from, as the record has it.
  async recordedAddress(session) {
    const { data } = await this.#ask('GET', `/v1/audit_entries?session_id=${session.id}`);
    return data.at(-1).address;
  }

  revokeSession(id) {
    return this.#clerk.sessions.revokeSession(id);
  }

  async #ask(method, path, body) {
    const headers = { authorization: `Bearer ${this.actas.secretKey}`, 'content-type': 'application/json' };
    const response = await fetch(`${this.actas.direct}${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}
