// Users: the directory that subjects come from.
import { address, clerk, isId, isNow, person, unused } from './people.mjs';
import { equal, isTrue, refused, refusedOnWire } from './report.mjs';
import { backend } from './wire.mjs';

const unknownUser = id => ({
  status: 404,
  code: 'resource_not_found',
  message: 'not found',
  long: `No user was found with id ${id}`,
});

export const parts = {
  async 'users.create'() {
    const email = address();
    const user = await clerk.users.createUser({
      emailAddress: [email],
      password: 'a passphrase of decent length',
      firstName: 'Ada',
      lastName: 'Byron',
      publicMetadata: { plan: 'pro', nested: { one: 1 } },
      privateMetadata: { note: 'n' },
    });
    isTrue('users.create.class', user.constructor.name.replace(/^_/, '') === 'User', user.constructor.name);
    isTrue('users.create.id', isId('user', user.id), user.id);
    isTrue('users.create.times', isNow(user.createdAt) && isNow(user.updatedAt), [user.createdAt, user.updatedAt]);
    equal('users.create.names', [user.firstName, user.lastName, user.fullName], ['Ada', 'Byron', 'Ada Byron']);
    equal('users.create.metadata', user.publicMetadata, { plan: 'pro', nested: { one: 1 } });
    equal('users.create.private_metadata', user.privateMetadata, { note: 'n' });
    equal('users.create.standing', [user.banned, user.locked, user.passwordEnabled], [false, false, true]);
    equal('users.create.email', user.primaryEmailAddress?.emailAddress, email);
    isTrue('users.create.email_id', isId('idn', user.primaryEmailAddressId), user.primaryEmailAddressId);
    equal('users.create.email_status', user.primaryEmailAddress?.verification?.status, 'verified');
    await refused('users.create.same_email', () => person({ emailAddress: [email] }), {
      status: 422,
      code: 'form_identifier_exists',
      parameter: 'email_address',
    });
  },

  async 'users.own_id'() {
    const id = `customer-42:${address()}`;
    const created = await backend('POST', '/users', { body: { id } });
    equal('users.own_id', [created.status, created.json?.id], [200, id]);
    equal('users.own_id.get', (await clerk.users.getUser(id)).id, id);
    const again = await backend('POST', '/users', { body: { id } });
    equal('users.own_id.taken', [again.status, again.json?.errors?.[0]?.code], [422, 'form_identifier_exists']);
  },

  async 'users.refused'() {
    const create = body => backend('POST', '/users', { body });
    const email = await create({ email_address: ['nobody'] });
    equal('users.create.bad_email', [email.status, email.json?.errors?.[0]?.code], [422, 'form_param_format_invalid']);
    refusedOnWire('users.create.unknown_member', await create({ colour: 'red' }), {
      status: 422,
      code: 'form_param_unknown',
      message: 'is unknown',
      long: 'colour is not a valid parameter for this request.',
      meta: { param_name: 'colour' },
    });
    for (const member of ['totp_secret', 'backup_codes']) {
      const answer = await create({ [member]: member === 'totp_secret' ? 'JBSWY3DPEHPK3PXP' : ['a'] });
      equal(`users.create.${member}`, [answer.status, answer.json?.errors?.[0]?.meta?.param_name], [422, member]);
    }
    await refused('users.get.unknown', () => clerk.users.getUser(unused('user')), unknownUser(unused('user')));
    await refused('users.delete.unknown', () => clerk.users.deleteUser(unused('user')), unknownUser(unused('user')));
  },

  async 'users.read'() {
    const [first, second] = [await person({ firstName: 'Grace' }), await person({ firstName: 'Edsger' })];
    equal('users.get', (await clerk.users.getUser(first.id)).firstName, 'Grace');
    const both = await clerk.users.getUserList({ userId: [first.id, second.id] });
    equal('users.list.ids', both.data.map(user => user.id), [second.id, first.id]);
    equal('users.list.total', both.totalCount, 2);
    const email = second.primaryEmailAddress.emailAddress;
    const byEmail = await clerk.users.getUserList({ emailAddress: [email] });
    equal('users.list.email', byEmail.data.map(user => user.id), [second.id]);
    const page = await clerk.users.getUserList({ userId: [first.id, second.id], limit: 1, offset: 1, orderBy: '+created_at' });
    equal('users.list.page', [page.data.map(user => user.id), page.totalCount], [[second.id], 2]);
    const byQuery = await clerk.users.getUserList({ query: email });
    equal('users.list.query', byQuery.data.map(user => user.id), [second.id]);
    equal('users.count', await clerk.users.getCount({ userId: [first.id] }), 1);
  },

  async 'users.update'() {
    const user = await person({ firstName: 'Old', publicMetadata: { keep: 1, change: { a: 1, b: 2 } } });
    equal('users.update', (await clerk.users.updateUser(user.id, { firstName: 'New' })).firstName, 'New');
    equal('users.update.nothing', (await clerk.users.updateUser(user.id, {})).firstName, 'New');
    const merged = await clerk.users.updateUserMetadata(user.id, { publicMetadata: { change: { a: null, c: 3 } } });
    equal('users.metadata.merged', merged.publicMetadata, { keep: 1, change: { b: 2, c: 3 } });
    const replaced = await clerk.users.replaceUserMetadata(user.id, { publicMetadata: { only: true } });
    equal('users.metadata.replaced', replaced.publicMetadata, { only: true });
    const update = version =>
      backend('PATCH', `/users/${user.id}`, { body: { public_metadata: {} }, headers: { 'clerk-api-version': version } });
    equal('users.update.metadata.2025-11-10', (await update('2025-11-10')).status, 200);
    refusedOnWire('users.update.metadata.2026-05-12', await update('2026-05-12'), {
      status: 422,
      code: 'form_param_unknown',
      message: 'is unknown',
      long: 'public_metadata is not a valid parameter for this request.',
      meta: { param_name: 'public_metadata' },
    });
  },

  async 'users.standing'() {
    const user = await person();
    equal('users.ban', (await clerk.users.banUser(user.id)).banned, true);
    equal('users.unban', (await clerk.users.unbanUser(user.id)).banned, false);
    equal('users.lock', (await clerk.users.lockUser(user.id)).locked, true);
    equal('users.unlock', (await clerk.users.unlockUser(user.id)).locked, false);
  },

  async 'users.delete'() {
    const user = await person();
    const deleted = await clerk.users.deleteUser(user.id);
    equal('users.delete', [deleted.deleted, deleted.id, deleted.object], [true, user.id, 'user']);
    await refused('users.delete.gone', () => clerk.users.getUser(user.id), unknownUser(user.id));
  },
};
