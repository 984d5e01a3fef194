// The own page, when something is in the way: each ends in a state that a person understands.
import { person } from './chromium.mjs';
import { acting, button, heading, lookAgain, opened, sees, term, withoutApp, SIGN_IN_AS_BOB } from './own-page-steps.mjs';
import { equal, isTrue } from './report.mjs';

const production = () => withoutApp('production');
const straight = (place, token) => `${place.page}?__clerk_ticket=${token.token}`;
// Chromium tells of each answer that is an error.
const ERRORS = { expected: [/status of 4\d\d/] };
const LOST = { expected: [/status of 400/, /ERR_/] };
const OFFLINE = { expected: [/ERR_FAILED|ERR_INTERNET_DISCONNECTED/] };

async function isDead(place, token, title) {
  const { page } = await opened(straight(place, token), ERRORS);
  await sees(page, title);
  equal(await button(page, SIGN_IN_AS_BOB).count(), 0, 'buttons to sign in');
  // At the link itself the server says it.
  const answer = await page.goto(token.url);
  equal(answer.status(), 400, 'the link');
  await sees(page, 'This link does not work');
}

// The server has redeemed the ticket, but the page was not told. The browser has the answer's cookies.
async function answerLost() {
  const mine = await opened((await (await production()).backend.grant()).url, LOST);
  await sees(mine.page, 'Sign in as Bob Customer?');
  const path = '**/v1/client/sign_ins';
  const redeemed = new Promise(resolve => {
    mine.page.route(path, async route => {
      await route.fetch();
      resolve(route);
    });
  });
  await button(mine.page, SIGN_IN_AS_BOB).click();
  // From here on it never comes: the reload gives it up.
  await redeemed;
  return mine;
}

export const checks = {
  async 'a used link'() {
    const place = await production();
    const { token } = await acting(place);
    await isDead(place, token, 'This link has been used');
  },

  async 'a withdrawn link'() {
    const place = await production();
    const token = await place.backend.grant();
    await place.backend.revokeGrant(token);
    await isDead(place, token, 'This link was withdrawn');
  },

  async 'a link that gets too old while one looks at it'() {
    const place = await production();
    const token = await place.backend.grant({ expiresInSeconds: 2 });
    const { page } = await opened(token.url, ERRORS);
    await sees(page, 'This link is too old');
    await isDead(place, token, 'This link is too old');
  },

  async 'a link that was cut'() {
    const place = await production();
    const token = await place.backend.grant();
    await isDead(place, { token: token.token.slice(0, -9), url: token.url.slice(0, -9) }, 'This is not a whole link');
  },

  async 'a link withdrawn between the look and the click'() {
    const place = await production();
    const token = await place.backend.grant();
    const { page } = await opened(token.url, ERRORS);
    await sees(page, 'Sign in as Bob Customer?');
    await place.backend.revokeGrant(token);
    await button(page, SIGN_IN_AS_BOB).click();
    await sees(page, 'This link was withdrawn');
  },

  async 'no link and no session'() {
    const { page } = await opened((await production()).page);
    await sees(page, 'Nothing to do here');
  },

  async 'reload before the server had the click'() {
    const place = await production();
    const { page } = await opened((await place.backend.grant()).url, OFFLINE);
    await sees(page, 'Sign in as Bob Customer?');
    await page.route('**/v1/client/sign_ins', route => route.abort());
    await button(page, SIGN_IN_AS_BOB).click();
    await page.getByText('Actas could not be reached.').waitFor();
    await page.unroute('**/v1/client/sign_ins');
    await page.reload();
    await button(page, SIGN_IN_AS_BOB).click();
    await sees(page, 'You are signed in as Bob Customer');
  },

  async 'reload after the server had the click, while its answer came'() {
    const { page } = await answerLost();
    await page.reload();
    await sees(page, 'You are signed in as Bob Customer');
    await page.getByText('That link has been used.').waitFor();
  },

  async 'reload after the server had the click, and its answer was lost'() {
    const { page, context } = await answerLost();
    await context.clearCookies();
    await page.reload();
    await sees(page, 'This link has been used');
  },

  async 'reload at the moment of the click'() {
    const place = await production();
    const { page } = await opened((await place.backend.grant()).url, ERRORS);
    await sees(page, 'Sign in as Bob Customer?');
    await page.evaluate(() => {
      document.querySelector('#redeem').click();
      location.reload();
    });
    const done = heading(page, 'You are signed in as Bob Customer');
    await done.or(button(page, SIGN_IN_AS_BOB)).waitFor();
    if (!(await done.isVisible())) await button(page, SIGN_IN_AS_BOB).click();
    await done.waitFor();
  },

  async 'back and forward'() {
    const place = await production();
    const token = await place.backend.grant();
    const { page } = await person({ expected: [/favicon/] });
    await page.goto(`${place.actas.url}/.well-known/jwks.json`);
    await page.evaluate(url => location.assign(url), token.url);
    await button(page, SIGN_IN_AS_BOB).click();
    await sees(page, 'You are signed in as Bob Customer');
    await page.goBack();
    equal(page.url(), `${place.actas.url}/.well-known/jwks.json`, 'one step back');
    await page.goForward();
    await sees(page, 'You are signed in as Bob Customer');
  },

  async 'two tabs with one link'() {
    const place = await production();
    const token = await place.backend.grant();
    const { page, context } = await opened(token.url, ERRORS);
    await sees(page, 'Sign in as Bob Customer?');
    const second = await context.newPage();
    await second.goto(token.url);
    await button(second, SIGN_IN_AS_BOB).click();
    await sees(second, 'You are signed in as Bob Customer');
    await sees(page, 'You are signed in as Bob Customer');
    await page.getByText('That link has been used.').waitFor();
    await button(page, 'Stop').click();
    await sees(page, 'Stopped');
    await sees(second, 'The session has ended');
  },

  async 'two tabs with a link each'() {
    const place = await production();
    const [first, second] = [await place.backend.grant(), await place.backend.grant()];
    const { page, context } = await opened(first.url);
    await sees(page, 'Sign in as Bob Customer?');
    const other = await context.newPage();
    await other.goto(second.url);
    await button(other, SIGN_IN_AS_BOB).click();
    await sees(other, 'You are signed in as Bob Customer');
    await page.getByText('This browser already acts as Bob Customer.').waitFor();
    await button(page, 'Stop that and sign in as Bob Customer, acting as Alice Support').click();
    await sees(page, 'You are signed in as Bob Customer');
    const statuses = (await place.backend.sessions()).slice(0, 2).map(session => session.status);
    equal(statuses, ['active', 'ended'], 'the newest sessions');
  },

  async 'two browsers with one link'() {
    const place = await production();
    const token = await place.backend.grant();
    const others = await opened(token.url, ERRORS);
    await sees(others.page, 'Sign in as Bob Customer?');
    const { page } = await acting(place, token);
    await button(others.page, SIGN_IN_AS_BOB).click();
    await sees(others.page, 'This link has been used');
    await lookAgain(page);
    await sees(page, 'You are signed in as Bob Customer');
  },

  async 'a second link while one session lives'() {
    const place = await production();
    const { page } = await acting(place);
    const second = await place.backend.grant();
    await page.goto(second.url);
    await sees(page, 'Sign in as Bob Customer?');
    isTrue((await place.backend.sessionStatus()) !== 'active', 'the first session is over');
    await button(page, SIGN_IN_AS_BOB).click();
    await sees(page, 'You are signed in as Bob Customer');
  },

  async 'the server is down'() {
    const place = await production();
    const { page, context } = await acting(place, undefined, OFFLINE);
    await context.setOffline(true);
    await button(page, 'Stop').click();
    await page.getByText('Actas could not be reached.').waitFor();
    await context.setOffline(false);
    await button(page, 'Stop').click();
    await sees(page, 'Stopped');
  },

  async 'the server is down when the link is opened'() {
    const place = await production();
    const token = await place.backend.grant();
    const { page } = await person(OFFLINE);
    await page.route('**/v1/tickets/check', route => route.abort());
    await page.goto(token.url);
    await sees(page, 'Actas cannot be reached');
    await page.unroute('**/v1/tickets/check');
    await button(page, 'Try again').click();
    await button(page, SIGN_IN_AS_BOB).click();
    await sees(page, 'You are signed in as Bob Customer');
  },

  async 'the time is over'() {
    const place = await production();
    const { page } = await acting(place, await place.backend.grant({ sessionMaxDurationInSeconds: 2 }));
    await sees(page, 'The time is over');
    equal(await place.backend.sessionStatus(), 'expired', 'the session');
  },

  async 'nothing happens for too long'() {
    const place = await withoutApp('production', { impersonated_idle_seconds: 2 });
    const { page } = await acting(place);
    await sees(page, 'Ended for lack of activity');
  },

  async 'withdrawn by the backend'() {
    const place = await production();
    const { page } = await acting(place);
    const [session] = await place.backend.sessions();
    await place.backend.revokeSession(session.id);
    await lookAgain(page);
    await sees(page, 'The session has ended');
  },

  async 'names are text, however long and whichever way they are written'() {
    const place = await production();
    const name = '<img src=x onerror=alert(1)>';
    const bob = await place.backend.person({ firstName: name, lastName: 'x'.repeat(150) });
    const alice = await place.backend.person({ firstName: '\u202eelpoeP', lastName: 'מנהל' });
    const token = await place.backend.grant({ subject: bob.id, actor: { sub: alice.id } });
    const { page } = await opened(token.url);
    const redeem = page.locator('#redeem');
    await redeem.waitFor();
    isTrue((await redeem.textContent()).startsWith(`Sign in as ${name}`), 'the name is shown as it is');
    isTrue((await redeem.textContent()).length < 200, 'and cut');
    isTrue((await redeem.textContent()).endsWith('acting as \u2068\u202eelpoeP מנהל\u2069'), 'and isolated');
    await redeem.click();
    await term(page, 'Really acting').waitFor();
    equal(await page.locator('img').count(), 0, 'images');
    isTrue(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
  },
};
