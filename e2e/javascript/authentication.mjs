// Who may ask at all, and in which version: looked at before the path and the body.
import { createClerkClient } from '@clerk/backend';
import { unused } from './people.mjs';
import { equal, isTrue, refused, refusedOnWire } from './report.mjs';
import { backend, url } from './wire.mjs';

const KEY_INVALID = 'The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.';
const keyInvalid = { status: 401, code: 'clerk_key_invalid', message: KEY_INVALID, long: KEY_INVALID };
const headerInvalid = {
  status: 401,
  code: 'authorization_header_format_invalid',
  message: 'Invalid Authorization header format',
  long: "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'",
};

export const parts = {
  async 'key.wrong'() {
    const stranger = createClerkClient({ secretKey: `sk_test_${'A'.repeat(42)}`, apiUrl: url, telemetry: { disabled: true } });
    await refused('key.wrong.create', () => stranger.actorTokens.create({ userId: 'x', actor: { sub: 'y' } }), keyInvalid);
    await refused('key.wrong.revoke', () => stranger.actorTokens.revoke(unused('act')), keyInvalid);
    await refused('key.wrong.users', () => stranger.users.getUser(unused('user')), keyInvalid);
    refusedOnWire('key.wrong.jwks', await backend('GET', '/jwks', { key: 'sk_test_x' }), keyInvalid);
    refusedOnWire('key.wrong.unknown_path', await backend('GET', '/no-such-path', { key: 'sk_test_x' }), keyInvalid);
  },

  async 'key.missing'() {
    refusedOnWire('key.missing', await backend('POST', '/actor_tokens', { key: null, body: 'not JSON' }), headerInvalid);
    const basic = { authorization: 'Basic dXNlcjpwYXNz' };
    refusedOnWire('key.basic', await backend('GET', '/users', { key: null, headers: basic }), headerInvalid);
  },

  async 'path.unknown'() {
    const wanted = { status: 404, code: 'resource_not_found', message: 'not found', long: 'Resource not found' };
    refusedOnWire('path.unknown', await backend('GET', '/no-such-path'), wanted);
  },

  async version() {
    for (const version of ['2021-02-05', '2024-10-01', '2025-04-10', '2025-11-10', '2026-05-12']) {
      const answer = await backend('GET', '/users/count', { headers: { 'clerk-api-version': version } });
      equal(`version.${version}`, answer.status, 200);
    }
    const inQuery = await backend('GET', '/users/count?__clerk_api_version=2026-05-12');
    equal('version.query', inQuery.status, 200);
    const refusals = {
      unknown: await backend('GET', '/users/count', { headers: { 'clerk-api-version': '1999-01-01' } }),
      both: await backend('GET', '/users/count?__clerk_api_version=2026-05-12', { headers: { 'clerk-api-version': '2026-05-12' } }),
    };
    for (const [name, answer] of Object.entries(refusals)) {
      const item = answer.json?.errors?.[0] ?? {};
      equal(`version.${name}`, [answer.status, item.code, item.message], [400, 'api_version_invalid', 'invalid API version']);
      isTrue(`version.${name}.long`, item.long_message?.startsWith('Invalid Clerk API version: '), item.long_message);
    }
  },
};
