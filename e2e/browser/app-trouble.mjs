// An app with clerk-js, when something is in the way: each ends in a state that a person understands.
import { banner } from './banner-steps.mjs';
import { person } from './chromium.mjs';
import { equal, isTrue } from './report.mjs';
import { acts, isDone, me, says, signedIn, topology } from './topologies.mjs';

const ERRORS = { expected: [/status of 4\d\d/, /ERR_/] };
const place = () => topology('one host');
const state = page => page.locator('#state').textContent();

export const checks = {
  async 'two tabs: what one signs out, the other loses'() {
    const here = await place();
    const { page, context } = await signedIn(here);
    const second = await context.newPage();
    await second.goto(here.origin);
    await says(second, acts(here));
    await banner(second).waitFor();
    await page.evaluate(() => window.Clerk.signOut(() => {}));
    await says(page, 'nobody');
    await second.evaluate(() => {
      window.dispatchEvent(new Event('focus'));
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await says(second, 'nobody');
    await banner(second).waitFor({ state: 'detached' });
  },

  async 'two browsers: one link signs in one of them'() {
    const here = await place();
    const token = await here.backend.grant();
    const both = [await person(ERRORS), await person(ERRORS)];
    await Promise.all(both.map(({ page }) => page.goto(token.url)));
    const seen = await Promise.all(
      both.map(async ({ page }) => {
        if (await page.getByRole('heading', { name: 'This link does not work' }).isVisible()) return 'refused';
        await isDone(page);
        await page.waitForFunction(() => document.querySelector('#state').textContent !== 'loading');
        const text = await state(page);
        return text === 'problem actor_token_already_used_code' ? 'refused' : text;
      }),
    );
    equal(seen.sort(), ['refused', acts(here)].sort(), 'what both see');
  },

  async 'back and forward'() {
    const here = await place();
    const { page } = await person(ERRORS);
    await page.goto(`${here.origin}/rendered`);
    await page.goto((await here.backend.grant()).url);
    await says(page, acts(here));
    await page.goBack();
    await page.reload();
    equal(JSON.parse(await page.locator('pre').textContent()).actor, { sub: here.actas.alice }, 'the page before, loaded anew');
    await page.goForward();
    await says(page, acts(here));
  },

  async 'reload in mid-redemption'() {
    const here = await place();
    const { page } = await person(ERRORS);
    const redeemed = new Promise(resolve => {
      page.route('**/v1/client/sign_ins*', async route => {
        await route.fetch();
        resolve();
      });
    });
    await page.goto((await here.backend.grant()).url);
    await redeemed;
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.reload();
    // The ticket is still in the address, and used; whose session it became is signed in.
    await says(page, 'problem actor_token_already_used_code');
    await page.goto(here.origin);
    await says(page, acts(here));
  },

  async 'a second link while one session lives, from another tab'() {
    const here = await place();
    const { page, context } = await signedIn(here);
    const second = await context.newPage();
    await second.goto((await here.backend.grant()).url);
    await says(second, acts(here));
    const ids = await Promise.all([page, second].map(tab => tab.evaluate(() => window.Clerk.session?.id)));
    isTrue(ids[1] !== undefined && ids[0] !== ids[1], 'a new session');
    await page.reload();
    await says(page, acts(here));
    equal(await page.evaluate(() => window.Clerk.session.id), ids[1], 'the session of both tabs');
  },

  async "the app's server is down"() {
    const here = await place();
    const token = await here.backend.grant();
    const { page } = await person(ERRORS);
    await here.app.stop();
    const failure = await page.goto(token.url).then(() => null, error => error.message);
    isTrue(failure?.includes('ERR_CONNECTION_REFUSED'), `the browser says that the app is down: ${failure}`);
    equal(await here.backend.grantStatus(token), 'pending', 'the token');
    await here.startAgain();
    await page.goto(token.url);
    await says(page, acts(here));
    equal((await me(page)).actor, { sub: here.actas.alice }, 'what the server sees');
  },
};
