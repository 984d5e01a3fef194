// How an app and Actas can lie to each other, each with Clerk's unmodified packages in the browser and on the app's
// server: one host, sibling hosts, behind the app, another site.
import { fileURLToPath } from 'node:url';
import { Backend } from './backend.mjs';
import { banner, sentence, stops } from './banner-steps.mjs';
import { person } from './chromium.mjs';
import { equal, isTrue } from './report.mjs';
import { freePort, startActas, startApp } from './servers.mjs';

const NOBODY = { userId: null, sessionId: null, actor: null };
// Chromium tells of each answer that is an error, and prebuilt components of development keys.
const ERRORS = { expected: [/status of 4\d\d/] };

const TOPOLOGIES = {
  'one host': { production: true, app: '127.0.0.1', actas: '127.0.0.1' },
  'one host, behind the middleware': { production: true, app: '127.0.0.1', actas: '127.0.0.1', behind: true },
  'one host, development key': { production: false, app: '127.0.0.1', actas: '127.0.0.1' },
  localhost: { production: true, app: 'localhost', actas: 'localhost', key: true },
  'sibling hosts': { production: true, app: 'app.acme.localhost', actas: 'clerk.acme.localhost' },
  'behind the app': { production: true, app: 'localhost', actas: null, key: true },
  'behind the app, behind the middleware': { production: true, app: 'localhost', actas: null, key: true, behind: true },
  'another site, development key': { production: false, app: 'localhost', actas: '127.0.0.1' },
  'another site, development key, behind the middleware': { production: false, app: 'localhost', actas: '127.0.0.1', behind: true },
};
// Used by checks of other rooms.
const OTHERS = {
  'one host, scripts from Actas': { production: true, app: '127.0.0.1', actas: '127.0.0.1', packages: fileURLToPath(new URL('node_modules', import.meta.url)), scripts: frontendApi => frontendApi },
  'one host, prebuilt': { production: true, app: '127.0.0.1', actas: '127.0.0.1', signIn: '/prebuilt', options: { single_session_mode: false } },
};
// SDKs take no key of a host without a dot, so such an instance is given one.
const DOTTED_KEY = `pk_live_${Buffer.from('clerk.localhost.test$').toString('base64')}`;

const made = new Map();

export async function topology(name) {
  if (!made.has(name)) made.set(name, make(TOPOLOGIES[name] ?? OTHERS[name]));
  return made.get(name);
}

async function make({ production, app, actas: host, key, behind, options = {}, signIn = '', scripts = null, packages }) {
  const [port, appPort] = [await freePort(), await freePort()];
  const origin = `http://${app}:${appPort}`;
  const frontendApi = host ? `http://${host}:${port}` : `${origin}/__clerk`;
  const all = { public_url: frontendApi, ...(key && { publishable_key: DOTTED_KEY }), ...(packages && { clerk_npm_dir: packages }), ...options };
  const actas = await startActas({ production, port, appUrl: origin + signIn, options: all });
  const environment = {
    CLERK_API_URL: actas.direct,
    CLERK_SECRET_KEY: actas.secretKey,
    CLERK_PUBLISHABLE_KEY: actas.publishableKey,
    CLERK_TELEMETRY_DISABLED: '1',
    ...(host ? { CLERK_PROXY_URL: frontendApi } : { CLERK_FAPI_URL: actas.direct, APP_PROXY: '1' }),
    APP_FRONTEND_API: frontendApi,
    APP_PORT: appPort,
    ...(behind && { APP_BEHIND_MIDDLEWARE: '1' }),
    ...(scripts && { APP_SCRIPTS: scripts(frontendApi) }),
  };
  // `app.stop()`, and `startAgain()` on the same port.
  const place = { actas, backend: new Backend(actas), origin, frontendApi };
  place.startAgain = async () => {
    place.app = await startApp(environment);
  };
  await place.startAgain();
  return place;
}

export const isDone = page => page.waitForFunction(() => window.isDone === true);
export const says = async (page, text) => {
  await isDone(page);
  await page.waitForFunction(wanted => document.querySelector('#state').textContent === wanted, text);
};

// What the app's server sees of this browser.
export const me = page => page.evaluate(async () => (await fetch('/api/me')).json());

export const acts = ({ actas }) => `${actas.alice} as ${actas.bob}`;

export async function signedIn(place) {
  const mine = await person(ERRORS);
  await mine.page.goto((await place.backend.grant()).url);
  await says(mine.page, acts(place));
  return mine;
}

async function flow(place) {
  const { actas, backend, origin } = place;
  const { page } = await signedIn(place);
  isTrue(page.url().startsWith(origin), `at the app: ${page.url()}`);
  const seen = await me(page);
  equal([seen.userId, seen.actor], [actas.bob, { sub: actas.alice }], 'what the server sees');
  await banner(page).waitFor();
  equal(await sentence(page), 'Alice Support is signed in as Bob Customer', 'the banner');
  await page.reload();
  await says(page, acts(place));
  await stops(page);
  equal(page.url(), `${origin}/`, 'where stop leads');
  await says(page, 'nobody');
  equal(await me(page), NOBODY, 'what the server sees at the end');
  equal(await backend.sessionStatus(), 'ended', 'the session');
  equal(await page.locator('#actas-banner').count(), 0, 'banners at the end');
}

async function rendered(place) {
  const { actas, origin } = place;
  const { page, context } = await signedIn(place);
  const body = async () => JSON.parse(await page.locator('pre').textContent());
  await page.goto(`${origin}/rendered`);
  equal((await body()).actor, { sub: actas.alice }, 'with fresh cookies');
  await page.goto('about:blank');
  await context.clearCookies({ name: /^__session/ });
  await page.goto(`${origin}/rendered`);
  equal((await body()).actor, { sub: actas.alice }, 'after the session cookie was lost');
  await page.goto(`${origin}/rendered`, { referer: 'http://support-tool.example/' });
  equal((await body()).actor, { sub: actas.alice }, 'by a link from another site');
  isTrue(!page.url().includes('__clerk'), `nothing is left in the address: ${page.url()}`);
  const stranger = await person(ERRORS);
  await stranger.page.goto(`${origin}/rendered`);
  equal(JSON.parse(await stranger.page.locator('pre').textContent()), NOBODY, 'a browser without a session');
}

async function secondLink(place) {
  const { backend } = place;
  const { page } = await signedIn(place);
  const [first] = await backend.sessions();
  await page.goto((await backend.grant()).url);
  await says(page, acts(place));
  const [second, before] = await backend.sessions();
  equal([second.status, before.id], ['active', first.id], 'the sessions');
  isTrue(before.status !== 'active', 'the first session is over');
}

async function withdrawn(place) {
  const { backend } = place;
  const { page } = await signedIn(place);
  await banner(page).waitFor();
  const [session] = await backend.sessions();
  await backend.revokeSession(session.id);
  await page.evaluate(() => window.Clerk.session.getToken({ skipCache: true }).catch(() => null));
  await says(page, 'nobody');
  await banner(page).waitFor({ state: 'detached' });
}

async function ended(place) {
  const { page } = await signedIn(place);
  await banner(page).waitFor();
  await page.evaluate(() => window.Clerk.signOut(() => {}));
  await says(page, 'nobody');
  await banner(page).waitFor({ state: 'detached' });
  equal(await me(page), NOBODY, 'what the server sees');
}

async function refused(place) {
  const { backend, origin } = place;
  const token = await backend.grant();
  await backend.revokeGrant(token);
  const { page } = await person(ERRORS);
  await page.goto(token.url);
  await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
  await page.goto(`${origin}/sign-in?__clerk_ticket=${token.token}`);
  await says(page, 'problem actor_token_revoked_code');
}

const PARTS = { 'sign in, reload, stop': flow, 'server-rendered pages': rendered, 'a second link': secondLink, 'withdrawn by the backend': withdrawn, 'signed out by clerk-js': ended, 'a dead link': refused };

// Without the internet: clerk-js, the prebuilt components and the parts that they load later.
async function scriptsFromActas() {
  const place = await topology('one host, scripts from Actas');
  const { page } = await person(ERRORS);
  const loaded = [];
  page.on('request', request => loaded.push(request.url()));
  await page.goto(`${place.origin}/prebuilt/sign-in?__clerk_ticket=${(await place.backend.grant()).token}`);
  await says(page, acts(place));
  await page.locator('.cl-impersonationFab').waitFor();
  isTrue(loaded.filter(url => url.startsWith(`${place.frontendApi}/npm/@clerk/`)).length > 2, 'scripts come from Actas');
  const elsewhere = loaded.filter(url => ![place.origin, place.frontendApi].some(own => url.startsWith(own)) && url.startsWith('http'));
  equal(elsewhere, [], 'addresses elsewhere');
}

// What a browser says of its own address is not what the app says of it.
async function forgedAddress() {
  const place = await topology('behind the app');
  const headers = { 'cf-connecting-ip': '203.0.113.1', 'x-real-ip': '203.0.113.2', 'x-forwarded-for': '203.0.113.3' };
  const { page } = await person({ ...ERRORS, extraHTTPHeaders: headers });
  await page.goto((await place.backend.grant()).url);
  await says(page, acts(place));
  const address = await place.backend.recordedAddress((await place.backend.sessions())[0]);
  isTrue(['127.0.0.1', '::1'].includes(address), `in the record: ${address}`);
}

export const checks = {
  ...Object.fromEntries(
    Object.keys(TOPOLOGIES).flatMap(name => Object.entries(PARTS).map(([part, work]) => [`${name}: ${part}`, async () => work(await topology(name))])),
  ),
  'behind the app: a browser that forges its address': forgedAddress,
  'scripts served by Actas': scriptsFromActas,
};
