// The banner on pages of an app without clerk-js. `topologies.mjs` has it beside clerk-js.
import { createHash } from 'node:crypto';
import { asked, banner, sentence, signedIn, site, stopButton, stops } from './banner-steps.mjs';
import { person } from './chromium.mjs';
import { equal, isTrue } from './report.mjs';

export const checks = {
  async 'shows who acts as whom and for how long'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    await page.goto(place.page());
    await banner(page).waitFor();
    equal(await sentence(page), 'Alice Support is signed in as Bob Customer', 'the banner');
    const left = banner(page).locator('.left');
    const first = await left.textContent();
    isTrue(/^(30:00|29:5\d) left$/.test(first), first);
    await page.waitForFunction(text => document.querySelector('#actas-banner').shadowRoot.querySelector('.left').textContent !== text, first);
    equal(await banner(page).getByRole('status').textContent(), 'Alice Support is signed in as Bob Customer', 'what is spoken');
  },

  async 'shows nothing to anybody else'() {
    const place = await site();
    for (const ticket of [null, (await place.backend.signInToken(place.actas.alice)).token]) {
      const { page } = await signedIn(place, ticket);
      await page.goto(place.page());
      await asked(page);
      equal(await page.locator('#actas-banner').count(), 0, 'banners');
    }
  },

  async 'stop ends the session and loads the page anew'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    await page.goto(place.page());
    await banner(page).waitFor();
    await stops(page);
    equal(await place.backend.sessionStatus(), 'ended', 'the session');
    await asked(page);
    equal(await page.locator('#actas-banner').count(), 0, 'banners');
  },

  async 'stop leads where the app says, by keyboard too'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    const next = place.page();
    await page.goto(place.page({ attributes: `data-after-stop-url="${new URL(next).pathname}"` }));
    await stopButton(page).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(next);
  },

  async 'an app can take over what comes after stop'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    await page.goto(place.page({ attributes: 'data-after-stop-url="/elsewhere"' }));
    await banner(page).waitFor();
    const told = page.evaluate(
      () =>
        new Promise(resolve => {
          addEventListener('actas:stopped', event => {
            event.preventDefault();
            resolve([event.detail.subject.name, event.detail.actor.name]);
          });
          window.ActasBanner.stop();
        }),
    );
    equal(await told, ['Bob Customer', 'Alice Support'], 'what the event tells');
    equal(await page.locator('#actas-banner').count(), 0, 'banners');
    isTrue(!page.url().endsWith('/elsewhere'), 'the page stays');
  },

  async 'no script is an address to go to'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    await page.goto(place.page({ attributes: 'data-after-stop-url="javascript:alert(1)"' }));
    await banner(page).waitFor();
    await stops(page);
  },

  async 'stop that does not reach the server is told'() {
    const place = await site();
    const { page, context } = await signedIn(place, (await place.backend.grant()).token, { expected: [/ERR_INTERNET_DISCONNECTED/] });
    await page.goto(place.page());
    await banner(page).waitFor();
    await context.setOffline(true);
    await stopButton(page).click();
    await banner(page).getByText('Not stopped: try again.').waitFor();
    await context.setOffline(false);
    await page.evaluate(() => addEventListener('actas:stopped', event => event.preventDefault()));
    await stopButton(page).click();
    await banner(page).waitFor({ state: 'detached' });
    equal(await place.backend.sessionStatus(), 'ended', 'the session');
  },

  async 'a session that ends elsewhere takes it away'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    await page.goto(place.page());
    await banner(page).waitFor();
    const [session] = await place.backend.sessions();
    await place.backend.revokeSession(session.id);
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await banner(page).waitFor({ state: 'detached' });
  },

  async 'the end of its time takes it away'() {
    const place = await site();
    const token = await place.backend.grant({ sessionMaxDurationInSeconds: 3 });
    const { page } = await signedIn(place, token.token);
    await page.goto(place.page());
    await banner(page).waitFor();
    await banner(page).waitFor({ state: 'detached' });
  },

  async 'names are text, and cut where they are long'() {
    const place = await site();
    const subject = await place.backend.person({ firstName: '<img src=x onerror=alert(1)>', lastName: '𝒩'.repeat(100) });
    const { page } = await signedIn(place, (await place.backend.grant({ subject: subject.id })).token);
    await page.goto(place.page());
    await banner(page).waitFor();
    equal(await banner(page).locator('img').count(), 0, 'images');
    const shown = await banner(page).locator('.name').last().textContent();
    isTrue(shown.startsWith('<img src=x onerror=alert(1)> 𝒩') && shown.endsWith('𝒩…') && Array.from(shown).length === 40, shown);
    isTrue(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
  },

  async 'a single-page app that replaces everything keeps it'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    await page.goto(place.page());
    await banner(page).waitFor();
    for (const step of ['document.body.replaceChildren()', 'document.body = document.createElement("body")', 'history.pushState(null, "", "/next")']) {
      await page.evaluate(step);
      await banner(page).waitFor();
      equal(await page.locator('#actas-banner').count(), 1, step);
    }
  },

  async 'a strict policy of the app is enough for it'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    const policy = `default-src 'none'; img-src data:; script-src ${place.actas.url}; connect-src ${place.actas.url}; require-trusted-types-for 'script'`;
    await page.goto(place.page({ headers: { 'content-security-policy': policy } }));
    await banner(page).waitFor();
    equal(await stopButton(page).evaluate(button => getComputedStyle(button).cursor), 'pointer', 'its style is there');
  },

  async 'an app chooses its place and its colours'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token);
    const head = '<style>:root { --actas-banner-background: rgb(1, 2, 3); }</style>';
    await page.goto(place.page({ head, attributes: 'data-target="#here" data-label="Support"', body: '<div id="here"></div>' }));
    const own = page.locator('#here').getByRole('region', { name: 'Support' });
    await own.waitFor();
    equal(await own.locator('.bar').evaluate(bar => getComputedStyle(bar).backgroundColor), 'rgb(1, 2, 3)', 'the colour');
    await page.goto(place.page({ attributes: 'data-position="top"' }));
    await banner(page).waitFor();
    const box = await banner(page).locator('.bar').boundingBox();
    isTrue(box.y < 40, `at the top: ${box.y}`);
  },

  async 'of several development instances on one host each takes its own browser'() {
    const place = await site({ production: false });
    const mine = await person();
    const post = async (path, form) => (await mine.context.request.post(place.actas.url + path, { form })).json();
    const own = (await post('/v1/dev_browser')).id;
    const other = (await post('/v1/dev_browser')).id;
    await post(`/v1/client/sign_ins?__clerk_db_jwt=${own}`, { strategy: 'ticket', ticket: (await place.backend.grant()).token });
    const suffix = createHash('sha1').update(place.actas.publishableKey).digest('base64url').slice(0, 8);
    const asked = [];
    mine.page.on('request', request => asked.push(new URL(request.url()).searchParams.get('__clerk_db_jwt')));
    const open = async cookies => {
      await mine.context.clearCookies();
      await mine.context.addCookies(Object.entries(cookies).map(([name, value]) => ({ name, value, url: place.origin })));
      await mine.page.goto(place.page());
      await mine.page.evaluate(() => window.ActasBanner.refresh());
    };
    await open({ __clerk_db_jwt_00000000: other, __clerk_db_jwt: other, [`__clerk_db_jwt_${suffix}`]: own });
    await banner(mine.page).waitFor();
    await open({ __clerk_db_jwt_00000000: other, __clerk_db_jwt: own });
    await banner(mine.page).waitFor();
    isTrue(!asked.includes(other), "another instance's browser is not told to this one");
    await open({ __clerk_db_jwt_00000000: own });
    equal(await mine.page.locator('#actas-banner').count(), 0, 'banners');
  },

  async 'a live instance is told of no development browser'() {
    const place = await site();
    const mine = await signedIn(place, (await place.backend.grant()).token);
    const asked = [];
    mine.page.on('request', request => asked.push(new URL(request.url()).searchParams.get('__clerk_db_jwt')));
    await mine.context.addCookies([{ name: '__clerk_db_jwt', value: 'dvb_of_another', url: place.origin }]);
    await mine.page.goto(place.page());
    await banner(mine.page).waitFor();
    isTrue(asked.every(each => each === null), `it is told ${asked}`);
  },

  async 'an origin that is not allowed sees nothing'() {
    const place = await site();
    const { page } = await signedIn(place, (await place.backend.grant()).token, { expected: [/CORS policy|ERR_FAILED|status of 400/] });
    await page.goto(place.page().replace('127.0.0.1', 'localhost'));
    await asked(page);
    equal(await page.locator('#actas-banner').count(), 0, 'banners');
  },
};
