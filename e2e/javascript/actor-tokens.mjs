// Actor tokens: creating and revoking them, and every way to be refused.
import { clerk, isId, isNow, person, unused } from './people.mjs';
import { equal, isTrue, refused, refusedOnWire } from './report.mjs';
import { backend } from './wire.mjs';

const MEMBERS = ['actor', 'created_at', 'id', 'object', 'status', 'token', 'updated_at', 'url', 'user_id'];
const notFound = { status: 404, code: 'resource_not_found', message: 'not found', long: 'Resource not found' };

const missing = name => ({
  status: 422,
  code: 'form_param_missing',
  message: 'is missing',
  long: `${name} must be included.`,
  meta: { param_name: name },
});
const invalid = name => ({
  status: 422,
  code: 'form_param_value_invalid',
  message: 'is invalid',
  long: `${name} is invalid`,
  meta: { param_name: name },
});
const wrongType = (name, got, want) => ({
  status: 422,
  code: 'form_param_value_invalid',
  message: 'is invalid',
  long: `${name} is invalid. Received ${got}, must be of type ${want}.`,
});

const create = body => backend('POST', '/actor_tokens', { body });

export const parts = {
  async 'actor_tokens.create'() {
    const subject = await person();
    const actor = {
      sub: (await person()).id,
      iss: 'https://support.example.com',
      zebra: 1,
      aardvark: { snake_case: [1, 'two', null], camelCase: false },
    };
    const token = await clerk.actorTokens.create({
      userId: subject.id,
      actor,
      expiresInSeconds: 600,
      sessionMaxDurationInSeconds: 900,
    });
    isTrue('create.class', token.constructor.name.replace(/^_/, '') === 'ActorToken', token.constructor.name);
    isTrue('create.id', isId('act', token.id), token.id);
    equal('create.status', token.status, 'pending');
    equal('create.user_id', token.userId, subject.id);
    equal('create.actor', JSON.stringify(token.actor), JSON.stringify(actor));
    isTrue('create.times', isNow(token.createdAt) && token.updatedAt === token.createdAt, token);
    isTrue('create.token', /^[\w.~-]{40,}$/.test(token.token), token.token);
    isTrue('create.url', new URL(token.url).searchParams.get('ticket') === token.token, token.url);
    const other = await clerk.actorTokens.create({ userId: subject.id, actor: { sub: 'agent:7' } });
    isTrue('create.defaults', other.id !== token.id && other.token !== token.token, other);
    const self = await clerk.actorTokens.create({ userId: subject.id, actor: { sub: subject.id } });
    equal('create.as_oneself', self.status, 'pending');
  },

  async 'actor_tokens.create.wire'() {
    const subject = await person();
    const actor = '{"zebra":9007199254740993,"sub":"staff-1","ratio":1.0,"aardvark":{"b":1e3,"a":"\\u00e9"}}';
    const answer = await create(`{"user_id":"${subject.id}","actor":${actor},"reason":"a ticket of support"}`);
    equal('create.wire', [answer.status, answer.type], [200, 'application/json']);
    equal('create.wire.members', Object.keys(answer.json ?? {}).sort(), MEMBERS);
    isTrue('create.wire.verbatim', answer.text.includes(`"actor":${actor}`), answer.text);
    isTrue('create.wire.trace', /^[0-9a-f]{32}$/.test(answer.headers.get('x-clerk-trace-id')), [...answer.headers]);
    const charset = { 'content-type': 'application/json; charset=utf-8' };
    const body = { user_id: subject.id, actor: { sub: 'x' } };
    equal('create.wire.charset', (await backend('POST', '/actor_tokens', { body, headers: charset })).status, 200);
  },

  async 'actor_tokens.create.refused'() {
    const user_id = (await person()).id;
    const actor = { sub: 'staff-1' };
    const rows = [
      ['empty_body', undefined, missing('user_id')],
      ['null_body', 'null', missing('user_id')],
      ['no_members', {}, missing('user_id')],
      ['user_id.missing', { actor }, missing('user_id')],
      ['user_id.empty', { user_id: '', actor }, missing('user_id')],
      ['user_id.null', { user_id: null, actor }, missing('user_id')],
      ['user_id.number', { user_id: 42, actor }, wrongType('user_id', 'integer', 'string')],
      ['actor.missing', { user_id }, missing('actor')],
      ['actor.null', { user_id, actor: null }, missing('actor')],
      ['actor.string', { user_id, actor: 'staff-1' }, wrongType('actor', 'string', 'object')],
      ['actor.list', { user_id, actor: [] }, wrongType('actor', 'array', 'object')],
      ['actor.sub.missing', { user_id, actor: { iss: 'x' } }, missing('actor.sub')],
      ['actor.sub.empty', { user_id, actor: { sub: '' } }, missing('actor.sub')],
      ['actor.sub.number', { user_id, actor: { sub: 7 } }, wrongType('actor.sub', 'integer', 'string')],
      ['actor.act', { user_id, actor: { sub: 'x', act: { sub: 'y' } } }, invalid('actor.act')],
      ['expires.zero', { user_id, actor, expires_in_seconds: 0 }, invalid('expires_in_seconds')],
      ['expires.negative', { user_id, actor, expires_in_seconds: -5 }, invalid('expires_in_seconds')],
      ['expires.string', { user_id, actor, expires_in_seconds: 'soon' }, wrongType('expires_in_seconds', 'string', 'integer')],
      ['session.zero', { user_id, actor, session_max_duration_in_seconds: 0 }, invalid('session_max_duration_in_seconds')],
      ['session.negative', { user_id, actor, session_max_duration_in_seconds: -1 }, invalid('session_max_duration_in_seconds')],
    ];
    for (const [name, body, wanted] of rows) {
      refusedOnWire(`create.${name}`, await create(body), wanted);
    }
  },

  async 'actor_tokens.create.limits'() {
    const user_id = (await person()).id;
    const actor = { sub: 'staff-1' };
    const codeOf = async body => {
      const answer = await create(body);
      const item = answer.json?.errors?.[0] ?? {};
      return [answer.status, item.code, item.meta?.param_name];
    };
    const tooLarge = name => [422, 'form_param_value_too_large', name];
    equal('create.expires.large', await codeOf({ user_id, actor, expires_in_seconds: 2_592_001 }), tooLarge('expires_in_seconds'));
    equal(
      'create.session.large',
      await codeOf({ user_id, actor, session_max_duration_in_seconds: 86_401 }),
      tooLarge('session_max_duration_in_seconds'),
    );
    const tooLong = name => [422, 'form_param_max_length_exceeded', name];
    equal('create.sub.long', await codeOf({ user_id, actor: { sub: 'x'.repeat(256) } }), tooLong('actor.sub'));
    equal('create.reason.long', await codeOf({ user_id, actor, reason: 'x'.repeat(501) }), tooLong('reason'));
    const large = { ...actor, padding: 'x'.repeat(4_000) };
    equal('create.actor.large', await codeOf({ user_id, actor: large }), [422, 'form_param_exceeds_allowed_size', 'actor']);
    const repeated = `{"user_id":"${user_id}","actor":{"sub":"a","nested":{"twice":1,"twice":2}}}`;
    equal('create.actor.repeated', await codeOf(repeated), [422, 'form_param_duplicate', 'actor.nested.twice']);
    equal('create.unknown_member', await codeOf({ user_id, actor, colour: 'red' }), [422, 'form_param_unknown', 'colour']);
    refusedOnWire('create.not_json', await create('{"user_id":'), {
      status: 400,
      code: 'request_body_invalid',
      message: 'Request body invalid',
      long: 'The request body is invalid. Please consult the API documentation for more information.',
    });
    const text = await backend('POST', '/actor_tokens', { body: 'a=b', headers: { 'content-type': 'text/plain' } });
    equal('create.content_type', [text.status, text.json?.errors?.[0]?.code], [415, 'unsupported_content_type']);
  },

  async 'actor_tokens.create.standing'() {
    const [subject, actor] = [await person(), await person()];
    const grant = () => clerk.actorTokens.create({ userId: subject.id, actor: { sub: actor.id } });
    await refused('create.unknown_user', () => clerk.actorTokens.create({ userId: unused('user'), actor: { sub: 'x' } }), {
      status: 404,
      code: 'resource_not_found',
      message: 'not found',
      long: `No user was found with id ${unused('user')}`,
    });
    await clerk.users.banUser(subject.id);
    await refused('create.subject_banned', grant, { status: 403, code: 'user_banned' });
    await clerk.users.unbanUser(subject.id);
    await clerk.users.lockUser(actor.id);
    await refused('create.actor_locked', grant, { status: 403, code: 'user_locked' });
    await clerk.users.unlockUser(actor.id);
    equal('create.standing_again', (await grant()).status, 'pending');
    await clerk.users.deleteUser(subject.id);
    await refused('create.subject_deleted', grant, { status: 404, code: 'resource_not_found' });
  },

  async 'actor_tokens.revoke'() {
    const subject = await person();
    const token = await clerk.actorTokens.create({ userId: subject.id, actor: { sub: 'staff-1', nested: { x: 1 } } });
    const revoked = await clerk.actorTokens.revoke(token.id);
    equal('revoke.status', revoked.status, 'revoked');
    equal(
      'revoke.same',
      [revoked.id, revoked.userId, revoked.createdAt, revoked.actor],
      [token.id, token.userId, token.createdAt, token.actor],
    );
    isTrue('revoke.updated_at', revoked.updatedAt >= token.updatedAt && isNow(revoked.updatedAt), revoked.updatedAt);
    equal('revoke.no_secrets', [revoked.token, revoked.url], [undefined, undefined]);
    await refused('revoke.again', () => clerk.actorTokens.revoke(token.id), {
      status: 400,
      code: 'actor_token_cannot_be_revoked_code',
      message: 'cannot revoke',
      long: 'Actor token cannot be revoked because its status is revoked. Only pending tokens can be revoked.',
    });
    await refused('revoke.unknown', () => clerk.actorTokens.revoke(unused('act')), notFound);
    await refused('revoke.no_id', () => clerk.actorTokens.revoke('nonsense'), notFound);
    const late = await clerk.actorTokens.create({ userId: subject.id, actor: { sub: 'staff-1' }, expiresInSeconds: 1 });
    await new Promise(resolve => setTimeout(resolve, 1_100));
    equal('revoke.past_its_lifetime', (await clerk.actorTokens.revoke(late.id)).status, 'revoked');
  },

  async 'actor_tokens.read'() {
    const subject = await person();
    const created = await create({ user_id: subject.id, actor: { sub: 'staff-9' }, reason: 'case 17' });
    const { id, token: ticket } = created.json;
    const one = await backend('GET', `/actor_tokens/${id}`);
    equal('read.one', [one.status, one.json?.id, one.json?.reason], [200, id, 'case 17']);
    const list = await backend('GET', `/actor_tokens?user_id=${subject.id}&status=pending&actor_sub=staff-9`);
    equal('read.list', list.json?.data?.map(token => token.id), [id]);
    isTrue('read.no_secrets', !one.text.includes(ticket) && !list.text.includes(ticket), list.text);
    const record = await backend('GET', `/audit_entries?actor_token_id=${id}`);
    isTrue('read.record', record.status === 200 && record.text.includes(id) && !record.text.includes(ticket), record.text);
  },
};
