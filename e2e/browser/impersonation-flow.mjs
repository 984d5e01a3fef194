// The sequence of Clerk's own end-to-end test of impersonation, in the prebuilt components; and the way back to whoever
// was signed in before.
import { banner, sentence, stops } from './banner-steps.mjs';
import { person } from './chromium.mjs';
import { acting, button, sees, withoutApp } from './own-page-steps.mjs';
import { equal, isTrue } from './report.mjs';
import { says, topology } from './topologies.mjs';

const ERRORS = { expected: [/status of 4\d\d/] };
const PASSWORD = 'correct horse battery staple';
// With single-session mode the prebuilt component sends whoever is signed in away, the ticket unredeemed.
const prebuilt = () => topology('one host, prebuilt');

async function staff(place) {
  return place.backend.person({ firstName: 'Sam', lastName: 'Staff', password: PASSWORD });
}

async function signInByPassword(place, user) {
  const mine = await person(ERRORS);
  const { page } = mine;
  await page.goto(`${place.origin}/prebuilt/sign-in`);
  const [identifier, password] = [page.locator('input[name=identifier]'), page.locator('input[name=password]')];
  await identifier.fill(user.emailAddresses[0].emailAddress);
  const goOn = page.getByRole('button', { name: 'Continue', exact: true });
  if (!(await password.isVisible())) await goOn.click();
  await password.fill(PASSWORD);
  await goOn.click();
  await says(page, user.id);
  return mine;
}

const fab = page => page.locator('.cl-impersonationFab');

async function sequence(stop) {
  const place = await prebuilt();
  const { backend, actas, origin } = place;
  const sam = await staff(place);
  const { page } = await signInByPassword(place, sam);
  const token = await backend.grant({ actor: { sub: sam.id } });
  await page.goto(`${origin}/prebuilt/sign-in?__clerk_ticket=${token.token}`);
  await says(page, `${sam.id} as ${actas.bob}`);
  equal(await page.evaluate(() => window.Clerk.session.actor.sub), sam.id, 'Clerk.session.actor');
  await fab(page).waitFor();
  await banner(page).waitFor();
  equal(await sentence(page), 'Sam Staff is signed in as Bob Customer', 'the banner');
  await stop(page);
  await says(page, sam.id);
  equal((await backend.sessions())[0].status === 'active', false, 'the session lives on');
  await fab(page).waitFor({ state: 'detached' });
  await banner(page).waitFor({ state: 'detached' });
  const own = (await backend.sessions(sam.id)).map(session => session.status);
  equal(own, ['active', 'replaced'], "the actor's own sessions");
}

export const checks = {
  'password, ticket, fab, its sign-out': () =>
    sequence(async page => {
      await fab(page).hover();
      await fab(page).getByText('Sign out').click();
      // clerk-js takes it for granted that signing out leaves nobody, and looks again when it is loaded.
      await says(page, 'nobody');
      await page.reload();
    }),

  "password, ticket, the banner's stop": () => sequence(stops),

  async 'a wrong password is refused in the form'() {
    const place = await prebuilt();
    const sam = await staff(place);
    const { page } = await person(ERRORS);
    await page.goto(`${place.origin}/prebuilt/sign-in`);
    await page.locator('input[name=identifier]').fill(sam.emailAddresses[0].emailAddress);
    const goOn = page.getByRole('button', { name: 'Continue', exact: true });
    const password = page.locator('input[name=password]');
    if (!(await password.isVisible())) await goOn.click();
    await password.fill('wrong horse battery staple');
    await goOn.click();
    await page.locator('.cl-formFieldErrorText, .cl-alertText').first().waitFor();
    await says(page, 'nobody');
  },

  async 'the own page leads back too'() {
    const place = await withoutApp('production');
    const { actas, backend } = place;
    const ordinary = await backend.signInToken(actas.alice);
    const { page } = await person();
    await page.goto(`${actas.url}/v1/tickets/accept?ticket=${ordinary.token}`);
    await button(page, 'Sign in as Alice Support').click();
    await sees(page, 'You are signed in as Alice Support');
    await page.goto((await backend.grant()).url);
    await button(page, 'Sign in as Bob Customer, acting as Alice Support').click();
    await sees(page, 'You are signed in as Bob Customer');
    await button(page, 'Stop').click();
    await sees(page, 'You are signed in as Alice Support');
    await page.getByText('Stopped. You are Alice Support again.').waitFor();
    await button(page, 'Sign out').click();
    await sees(page, 'Stopped');
  },

  async 'nobody comes back whose session was not set aside'() {
    const place = await withoutApp('production');
    const { page } = await acting(place);
    await button(page, 'Stop').click();
    await sees(page, 'Stopped');
    isTrue(await page.getByText('Nobody is signed in in this browser now.').isVisible(), 'it says so');
  },
};
