// The own page, when all goes well: for both kinds of instance.
import { opened, acting, button, sees, term, withoutApp, SIGN_IN_AS_BOB } from './own-page-steps.mjs';
import { equal, isTrue } from './report.mjs';

const KINDS = ['production', 'development'];

const each = checks => Object.fromEntries(KINDS.flatMap(kind => Object.entries(checks).map(([name, work]) => [`${name}.${kind}`, () => work(kind)])));

export const checks = {
  ...each({
    async click(kind) {
      const { backend, page: address } = await withoutApp(kind);
      const token = await backend.grantFor('Ticket 4711: the invoice is empty');
      const { page, context } = await opened(token.url);
      await sees(page, 'Sign in as Bob Customer?');
      equal(page.url(), address, 'the address, without the ticket');
      equal(await page.evaluate(() => history.length), 2, 'entries of the history');
      equal(await backend.grantStatus(token), 'pending', 'the token, opened only');
      isTrue((await term(page, 'Reason').textContent()).includes('Ticket 4711'), 'the reason is told');
      await button(page, SIGN_IN_AS_BOB).click();
      await sees(page, 'You are signed in as Bob Customer');
      equal(await backend.grantStatus(token), 'accepted', 'the token, redeemed');
      isTrue((await term(page, 'Really acting').textContent()).includes('Alice Support'), 'the actor is told');
      isTrue((await term(page, 'Reason').textContent()).includes('Ticket 4711'), 'the reason is told');
      equal(await page.title(), 'Signed in as Bob Customer · Actas', 'the title');
      await button(page, 'Stop').click();
      await sees(page, 'Stopped');
      equal(await backend.sessionStatus(), 'ended', 'the session');
      await page.reload();
      await sees(page, 'Nothing to do here');
      const uat = (await context.cookies()).filter(cookie => cookie.name === '__client_uat');
      isTrue(uat.every(cookie => cookie.value === '0'), 'cookies say signed out');
    },

    async keyboard(kind) {
      const { backend } = await withoutApp(kind);
      const { page } = await opened((await backend.grant()).url);
      await sees(page, 'Sign in as Bob Customer?');
      const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
      await page.waitForFunction(() => document.activeElement.tagName === 'H1');
      await page.keyboard.press('Tab');
      equal(await focused(), SIGN_IN_AS_BOB, 'the first stop of Tab');
      await page.keyboard.press('Enter');
      await sees(page, 'You are signed in as Bob Customer');
      equal(await focused(), 'You are signed in as Bob Customer', 'the focus');
      await page.keyboard.press('Tab');
      equal(await focused(), 'Stop', 'the next stop of Tab');
      await page.keyboard.press('Space');
      await sees(page, 'Stopped');
      equal(await focused(), 'Stopped', 'the focus');
    },

    async token(kind) {
      const { actas, backend } = await withoutApp(kind);
      const actor = { zebra: 1, sub: actas.alice, site: 'https://support.example.com' };
      const { page } = await opened((await backend.grant({ actor })).url);
      await button(page, SIGN_IN_AS_BOB).click();
      await sees(page, 'You are signed in as Bob Customer');
      const [header, claims] = (await page.locator('pre').allTextContents()).map(text => JSON.parse(text));
      equal([header.alg, header.typ], ['RS256', 'JWT'], 'the header');
      equal([claims.sub, claims.act], [actas.bob, actor], 'the claims');
      const before = claims.jti;
      await button(page, 'Get a new token').click();
      await page.waitForFunction(jti => !document.querySelectorAll('pre')[1].textContent.includes(jti), before);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await button(page, 'Copy the token').click();
      await page.getByText('The token is in the clipboard').waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      const [, payload] = copied.split('.');
      const shown = JSON.parse(await page.locator('pre').last().textContent());
      equal(JSON.parse(Buffer.from(payload, 'base64url')), shown, 'what was copied is what is shown');
    },

    async countdown(kind) {
      const { page } = await acting(await withoutApp(kind));
      const timer = page.getByRole('timer');
      const first = await timer.textContent();
      isTrue(/^(30:00|29:5\d)$/.test(first), `half an hour is left: ${first}`);
      await page.waitForFunction(text => document.querySelector('[role=timer]').textContent !== text, first);
      isTrue(/^29:5\d$/.test(await timer.textContent()), 'it counts down');
    },

    async reload(kind) {
      const place = await withoutApp(kind);
      const token = await place.backend.grant();
      const { page } = await opened(token.url);
      await sees(page, 'Sign in as Bob Customer?');
      await page.reload();
      await button(page, SIGN_IN_AS_BOB).click();
      await sees(page, 'You are signed in as Bob Customer');
      await page.reload();
      await sees(page, 'You are signed in as Bob Customer');
      isTrue((await term(page, 'Really acting').textContent()).includes('Alice Support'), 'the actor is told');
    },

    async ordinary(kind) {
      const { actas, backend } = await withoutApp(kind);
      const token = await backend.signInToken(actas.alice);
      const { page } = await opened(`${actas.url}/v1/tickets/accept?ticket=${token.token}`);
      await button(page, 'Sign in as Alice Support').click();
      await sees(page, 'You are signed in as Alice Support');
      equal(await page.getByText('Really acting').filter({ visible: true }).count(), 0, 'actors told of');
      await button(page, 'Sign out').click();
      await sees(page, 'Stopped');
    },
  }),

  async 'files are whole, cached and closed'() {
    const { actas, page } = await withoutApp('production');
    const answer = await fetch(page);
    const policy = answer.headers.get('content-security-policy');
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) {
      isTrue(policy.split('; ').includes(rule), `the policy has ${rule}`);
    }
    equal(answer.headers.get('referrer-policy'), 'no-referrer', 'the referrer policy');
    for (const [path, type] of [['/sign-in', 'text/html'], ['/sign-in/page.js', 'text/javascript'], ['/sign-in/page.css', 'text/css'], ['/actas-banner.js', 'text/javascript']]) {
      const first = await fetch(actas.url + path);
      equal(first.headers.get('content-type'), `${type}; charset=utf-8`, path);
      const again = await fetch(actas.url + path, { headers: { 'if-none-match': first.headers.get('etag') } });
      equal([again.status, await again.text()], [304, ''], `${path} again`);
    }
  },
};
