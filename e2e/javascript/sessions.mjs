// Sessions, clients and keys as a backend sees them.
import { clerk, isId, person, unused } from './people.mjs';
import { equal, isTrue, refused, refusedOnWire } from './report.mjs';
import { NativeApp, backend, url } from './wire.mjs';

const SESSION_MEMBERS = [
  'abandon_at', 'actor', 'client_id', 'created_at', 'expire_at', 'id', 'last_active_at', 'last_active_organization_id',
  'latest_activity', 'object', 'status', 'tasks', 'updated_at', 'user_id',
];
const unknownSession = id => ({
  status: 404,
  code: 'resource_not_found',
  message: 'Session not found',
  long: `No session was found with id ${id}`,
});

async function impersonated(subject) {
  const token = await clerk.actorTokens.create({ userId: subject.id, actor: { sub: 'staff-1', team: 'support' } });
  const app = new NativeApp();
  const { json } = await app.redeem(token.token);
  return { app, id: json.response.created_session_id };
}

export const parts = {
  async 'sessions.list'() {
    const subject = await person();
    const [older, newer] = [(await impersonated(subject)).id, (await impersonated(subject)).id];
    const page = await clerk.sessions.getSessionList({ userId: subject.id, status: 'active' });
    equal('sessions.list.sdk', [page.totalCount, page.data.map(session => session.id)], [2, [newer, older]]);
    equal('sessions.list.actor', page.data[0].actor, { sub: 'staff-1', team: 'support' });
    const bare = await backend('GET', `/sessions?user_id=${subject.id}&status=active`);
    isTrue('sessions.list.bare', Array.isArray(bare.json) && bare.json.length === 2, bare.text);
    equal('sessions.list.members', Object.keys(bare.json[0]).sort(), SESSION_MEMBERS);
    const old = await backend('GET', `/sessions?user_id=${subject.id}`, { headers: { 'clerk-api-version': '2021-02-05' } });
    equal('sessions.list.no_tasks', old.json?.map(session => 'tasks' in session), [false, false]);
    const paged = await backend('GET', `/sessions?user_id=${subject.id}&paginated=true&limit=1&offset=1`);
    equal('sessions.list.paged', [paged.json?.data?.map(session => session.id), paged.json?.total_count], [[older], 2]);
    const none = await clerk.sessions.getSessionList({ userId: subject.id, status: 'revoked' });
    equal('sessions.list.none', [none.totalCount, none.data], [0, []]);
  },

  async 'sessions.revoke'() {
    const subject = await person();
    const { app, id } = await impersonated(subject);
    const revoked = await clerk.sessions.revokeSession(id);
    equal('sessions.revoke', [revoked.id, revoked.status], [id, 'revoked']);
    await refused('sessions.revoke.no_token', () => clerk.sessions.getToken(id), { status: 401, code: 'authentication_invalid' });
    const invalid = {
      status: 401,
      code: 'authentication_invalid',
      message: 'Invalid authentication',
      long: 'Unable to authenticate the request, you need to supply an active session',
    };
    for (const act of ['tokens', 'touch']) {
      refusedOnWire(`sessions.revoke.no_${act}`, await app.call('POST', `/client/sessions/${id}/${act}`), invalid);
    }
    const ended = await app.call('POST', `/client/sessions/${id}/end`);
    equal('sessions.revoke.end_changes_nothing', [ended.status, ended.json?.response?.status], [200, 'revoked']);
    const client = await app.call('GET', '/client');
    equal('sessions.revoke.gone_from_client', [client.status, client.json?.response?.sessions], [200, []]);
    const other = await impersonated(subject);
    equal('sessions.end', (await other.app.call('POST', `/client/sessions/${other.id}/end`)).json?.response?.status, 'ended');
    equal('sessions.ended', (await clerk.sessions.getSession(other.id)).status, 'ended');
  },

  async 'sessions.unknown'() {
    const id = unused('sess');
    await refused('sessions.get.unknown', () => clerk.sessions.getSession(id), unknownSession(id));
    await refused('sessions.revoke.unknown', () => clerk.sessions.revokeSession(id), unknownSession(id));
    await refused('sessions.token.unknown', () => clerk.sessions.getToken(id), unknownSession(id));
    const { id: live } = await impersonated(await person());
    const template = await backend('POST', `/sessions/${live}/tokens/none`);
    equal('sessions.template.unknown', [template.status, template.json?.errors?.[0]?.code], [404, 'resource_not_found']);
  },

  async 'sessions.create'() {
    const subject = await person();
    const session = await clerk.sessions.createSession({ userId: subject.id });
    equal('sessions.create', [session.status, session.userId, session.actor], ['active', subject.id, null]);
    const short = await clerk.sessions.getToken(session.id, undefined, 30);
    const claims = JSON.parse(Buffer.from(short.jwt.split('.')[1], 'base64url'));
    equal('sessions.create.token', [claims.exp - claims.iat, claims.sub, 'act' in claims], [30, subject.id, false]);
    const client = await clerk.clients.getClient(session.clientId);
    isTrue('sessions.create.client', isId('client', client.id), client.id);
    equal('sessions.create.client_sessions', [client.sessionIds, client.sessions[0]?.id], [[session.id], session.id]);
    const unknown = unused('client');
    await refused('clients.unknown', () => clerk.clients.getClient(unknown), {
      status: 404,
      code: 'resource_not_found',
      message: 'Client not found',
      long: `No client was found with id ${unknown}`,
    });
  },

  async jwks() {
    const { keys, ...rest } = await clerk.jwks.getJwks();
    equal('jwks.members', rest, {});
    isTrue('jwks.some', keys.length > 0, keys);
    for (const key of keys) {
      equal('jwks.key', [key.kty, key.alg, key.use, key.e, key.n.length], ['RSA', 'RS256', 'sig', 'AQAB', 342]);
    }
    const published = await (await fetch(`${url}/.well-known/jwks.json`)).json();
    equal('jwks.well_known', published.keys.map(key => key.kid).sort(), keys.map(key => key.kid).sort());
  },
};
