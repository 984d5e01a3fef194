// How both look, to machines and to people: axe-core finds nothing, and pictures are kept of each theme and width.
import { readFileSync } from 'node:fs';
import { banner, signedIn, site } from './banner-steps.mjs';
import { shoot } from './chromium.mjs';
import { acting, button, opened, sees, withoutApp, SIGN_IN_AS_BOB } from './own-page-steps.mjs';
import { equal, isTrue } from './report.mjs';

const AXE = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const PHONE = { width: 360, height: 740 };
const VIEWS = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['light-phone', { colorScheme: 'light', viewport: PHONE }],
  ['dark-phone', { colorScheme: 'dark', viewport: PHONE }],
];

// All rules of axe-core, the best practices included. Its script comes by the debugger, past the page's policy.
async function judged(page, name, more = {}) {
  await page.evaluate(AXE);
  const { violations, incomplete } = await page.evaluate(options => window.axe.run(document, options), { resultTypes: ['violations', 'incomplete'], ...more });
  const told = found => found.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.target.join(' ')).join(', ')}`);
  equal(told(violations), [], `${name}: findings`);
  equal(told(incomplete), [], `${name}: what it could not decide`);
  isTrue(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: nothing sticks out`);
  await shoot(page, `appearance-${name}`);
}

async function ownPage(name, settings) {
  const place = await withoutApp('production');
  const token = await place.backend.grantFor('Ticket 4711: the invoice is empty');
  const { page } = await opened(token.url, { ...settings, expected: [/status of 400/] });
  await sees(page, 'Sign in as Bob Customer?');
  await judged(page, `confirm-${name}`);
  await button(page, SIGN_IN_AS_BOB).focus();
  await page.keyboard.press('Enter');
  await sees(page, 'You are signed in as Bob Customer');
  await judged(page, `session-${name}`);
  const second = await opened(`${place.page}?__clerk_ticket=${token.token}`, { ...settings, expected: [/status of 400/] });
  await sees(second.page, 'This link has been used');
  await judged(second.page, `dead-${name}`);
  await second.page.goto(token.url);
  await sees(second.page, 'This link does not work');
  await judged(second.page, `refused-${name}`);
}

async function bannerPage(name, settings) {
  const place = await site();
  const { page } = await signedIn(place, (await place.backend.grant()).token, settings);
  const head = '<meta name="viewport" content="width=device-width"><style>:root { color-scheme: light dark; background: Canvas; }</style>';
  await page.goto(place.page({ head }));
  await banner(page).waitFor();
  await judged(page, `banner-${name}`);
}

export const checks = Object.fromEntries(
  VIEWS.flatMap(([name, settings]) => [
    [`own page, ${name}`, () => ownPage(name, settings)],
    [`banner, ${name}`, () => bannerPage(name, settings)],
  ]),
);

checks['own page, with colours that the person forces'] = async () => {
  const { page } = await acting(await withoutApp('production'), undefined, { forcedColors: 'active' });
  // Whether forced colours are apart enough is the person's choice.
  await judged(page, 'session-forced-colours', { rules: { 'color-contrast': { enabled: false } } });
};
