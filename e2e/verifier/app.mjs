// Drives the SDK's example app (AXUM_APP) beside a running Actas: who may do what, as an actor and without a session.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const { ACTAS_URL: actas, APP_ORIGIN: origin, AXUM_APP: program, CLERK_SECRET_KEY: secretKey } = process.env;
const desk = 'alice.support@example.com';
let passed = 0;
let failed = 0;

function check(name, got, wanted) {
  const [is, should] = [JSON.stringify(got), JSON.stringify(wanted)];
  is === should ? (passed += 1) : (failed += 1);
  console.log(is === should ? `ok ${name}` : `FAIL ${name} is ${is}, should be ${should}`);
}

const app = spawn(program, { env: { ...process.env, PORT: '0', SUPPORT_EMAIL_ADDRESSES: `somebody@example.com, ${desk}` }, stdio: ['ignore', 'pipe', 'inherit'] });
process.on('exit', () => app.kill());
const [line] = await Promise.race([
  createInterface(app.stdout)[Symbol.asyncIterator]().next().then(({ value }) => [value]),
  new Promise((_, reject) => app.on('exit', code => reject(new Error(`the app ended with ${code}`)))),
]);
const root = line.replace('The app is at ', '');

async function ask(method, path, headers = {}) {
  const answer = await fetch(root + path, { method, headers, redirect: 'manual' });
  const text = await answer.text();
  let code;
  try {
    code = JSON.parse(text).errors?.[0].code;
  } catch {}
  return { status: answer.status, text, code, headers: answer.headers };
}

async function short(method, path, headers) {
  const { status, code } = await ask(method, path, headers);
  return code ? [status, code] : [status];
}

// Nobody.
check('page.nobody', (await ask('GET', '/')).text.includes('Nobody is signed in.'), true);
check('me.nobody', await short('GET', '/api/me'), [401, 'authentication_invalid']);
check('password.nobody', await short('POST', '/api/password'), [401, 'authentication_invalid']);
check('me.forged', await short('GET', '/api/me', { authorization: 'Bearer e30.e30.AA' }), [401, 'authentication_invalid']);

// A ticket is redeemed as an app without a browser does it.
async function redeem(ticket) {
  const redeemed = await fetch(`${actas}/v1/client/sign_ins?_is_native=1`, {
    method: 'POST',
    headers: { origin },
    body: new URLSearchParams({ strategy: 'ticket', ticket }),
  });
  return (await redeemed.json()).client?.sessions?.[0];
}

async function signIn(emailAddress) {
  const headers = { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' };
  const found = await fetch(`${actas}/v1/users?email_address=${encodeURIComponent(emailAddress)}`, { headers });
  const body = JSON.stringify({ user_id: (await found.json())[0].id });
  const made = await fetch(`${actas}/v1/sign_in_tokens`, { method: 'POST', headers, body });
  return (await redeem((await made.json()).token)).last_active_token.jwt;
}

// The support desk is for who is named, is themselves, and asks from the app's own pages.
const path = '/support/act-as-bob';
const ofAlice = { cookie: `__session=${await signIn(desk)}` };
const ofBob = { cookie: `__session=${await signIn('bob.customer@example.com')}` };
check('desk.nobody', await short('POST', path), [401, 'authentication_invalid']);
check('desk.bob', await short('POST', path, ofBob), [403]);
check('desk.of_another_site', await short('POST', path, { ...ofAlice, origin: 'https://evil.example' }), [400, 'origin_invalid']);

// Alice becomes Bob: the desk's redirect, the ticket in it, and its redemption.
const led = await ask('POST', path, { ...ofAlice, origin });
const link = new URL(led.headers.get('location') ?? 'about:blank');
check('desk', [led.status, link.origin + link.pathname], [303, `${actas}/v1/tickets/accept`]);
const session = await redeem(link.searchParams.get('ticket'));
const token = session?.last_active_token?.jwt ?? '';
const [alice, bob] = [session?.actor?.sub, session?.user?.id];

for (const [kind, headers] of [
  ['bearer', { authorization: `Bearer ${token}` }],
  ['cookie', { cookie: `__session=${token}` }],
]) {
  const me = JSON.parse((await ask('GET', '/api/me', headers)).text);
  check(`${kind}.me`, [me.sub, me.act?.sub, me.sid], [bob, alice, session?.id]);
  const page = (await ask('GET', '/', headers)).text;
  check(`${kind}.banner`, page.includes(`<strong>${alice}</strong> acts as <strong>${bob}</strong>`), true);
  check(`${kind}.look`, await short('GET', '/api/notes', headers), [200]);
  check(`${kind}.change`, await short('POST', '/api/notes', headers), [403, 'authorization_invalid']);
  check(`${kind}.desk`, await short('POST', path, headers), [403, 'authorization_invalid']);
  check(`${kind}.kept`, (await ask('GET', '/api/me', headers)).headers.get('cache-control'), 'no-store');
  check(`${kind}.password`, await short('POST', '/api/password', headers), [403, 'authorization_invalid']);
}
const foreign = { cookie: `__session=${token}`, origin: 'https://evil.example' };
check('cookie.of_another_site', await short('POST', '/api/notes', foreign), [400, 'origin_invalid']);

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
