// The app under the browser: Express with the real `@clerk/express`, and pages that load the real clerk-js and the real
// prebuilt components, as an app that bundles nothing would.
//
// `APP_SCRIPTS` says where the scripts come from: this app's own folder, or the address given. `APP_PROXY=1` passes
// the Frontend API through at `/__clerk`. `APP_BEHIND_MIDDLEWARE=1` puts each page behind the middleware, as a
// server-rendering framework does.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clerkMiddleware, getAuth } from '@clerk/express';
import { clerkFrontendApiProxy } from '@clerk/backend/proxy';
import express from 'express';

const { CLERK_PUBLISHABLE_KEY: publishableKey, CLERK_SECRET_KEY: secretKey, APP_FRONTEND_API: frontendApi } = process.env;
const isProxy = process.env.APP_PROXY === '1';
const proxyUrl = isProxy ? '/__clerk' : frontendApi;
const packages = fileURLToPath(new URL('node_modules', import.meta.url));
const app = express();

app.get('/favicon.ico', (_, response) => response.status(204).end());
app.use('/scripts/clerk-js', express.static(join(packages, '@clerk/clerk-js/dist')));
app.use('/scripts/ui', express.static(join(packages, '@clerk/ui/dist')));
const scripts = process.env.APP_SCRIPTS
  ? { clerk: `${process.env.APP_SCRIPTS}/npm/@clerk/clerk-js@6/dist/clerk.browser.js`, ui: `${process.env.APP_SCRIPTS}/npm/@clerk/ui@1/dist/ui.browser.js` }
  : { clerk: '/scripts/clerk-js/clerk.browser.js', ui: '/scripts/ui/ui.browser.js' };

function page(title, sources, script) {
  const tag = source => `<script src="${source}" crossorigin="anonymous" data-clerk-publishable-key="${publishableKey}" data-clerk-proxy-url="${proxyUrl}"></script>`;
  const banner = `<script src="${proxyUrl}/actas-banner.js" data-after-stop-url="/"></script>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<main><h1>${title}</h1><p id="state">loading</p><div id="mount"></div></main>
${sources.map(tag).join('\n')}
${banner}
<script type="module">
const say = () => {
  const { user, session } = window.Clerk;
  const who = session?.actor ? session.actor.sub + ' as ' + user.id : user ? user.id : 'nobody';
  document.querySelector('#state').textContent = window.problem ?? who;
};
try { ${script} } catch (error) { window.problem = 'problem ' + (error.errors?.[0]?.code ?? error); }
say();
window.Clerk.addListener(say);
window.isDone = true;
</script></html>`;
}

// What an app with forms of its own does with a ticket.
const plain = page('App', [scripts.clerk], `
  await Clerk.load({ telemetry: false, signInUrl: '/sign-in' });
  const ticket = new URLSearchParams(location.search).get('__clerk_ticket');
  if (ticket) {
    const signIn = await Clerk.client.signIn.create({ strategy: 'ticket', ticket });
    await Clerk.setActive({ session: signIn.createdSessionId });
    history.replaceState(null, '', '/');
  }`);

// What an app does that leaves it all to the prebuilt components.
const prebuilt = page('App with prebuilt components', [scripts.clerk, scripts.ui], `
  const go = how => to => { history[how](null, '', to); render(); };
  await Clerk.load({ telemetry: false, ui: { ClerkUI: window.__internal_ClerkUICtor }, signInUrl: '/prebuilt/sign-in', signInFallbackRedirectUrl: '/prebuilt', afterSignOutUrl: '/prebuilt/sign-in', routerPush: go('pushState'), routerReplace: go('replaceState') });
  const mount = document.querySelector('#mount');
  let isMounted = false;
  function render() {
    const isWanted = location.pathname.endsWith('/sign-in');
    if (isWanted === isMounted) return;
    isMounted = isWanted;
    if (isWanted) Clerk.mountSignIn(mount, { routing: 'hash' }); else Clerk.unmountSignIn(mount);
  }
  addEventListener('popstate', render);
  render();`);

// The middleware's own proxy keeps only the last cookie of an answer, so this one passes on all of them; and it names the
// browser itself, whatever the browser says of where it is (docs/browser.md).
async function passOn(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(', ')]));
  for (const name of ['cf-connecting-ip', 'x-real-ip']) headers.delete(name);
  headers.set('x-forwarded-for', request.ip);
  const body = ['GET', 'HEAD'].includes(request.method) ? undefined : Buffer.concat(chunks);
  const asked = new Request(`http://${request.headers.host}${request.originalUrl}`, { method: request.method, headers, body });
  const answer = await clerkFrontendApiProxy(asked, { proxyPath: '/__clerk', publishableKey, secretKey });
  response.status(answer.status);
  answer.headers.forEach((value, name) => response.appendHeader(name, value));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

if (isProxy) app.use('/__clerk', passOn);
const middleware = clerkMiddleware(isProxy ? { proxyUrl: '/__clerk' } : {});
if (process.env.APP_BEHIND_MIDDLEWARE === '1') app.use(middleware);
app.get(['/', '/sign-in'], (_, response) => response.type('html').send(plain));
app.get(['/prebuilt', '/prebuilt/sign-in'], (_, response) => response.type('html').send(prebuilt));

app.use(middleware);
const seen = request => {
  const { userId, sessionId, actor } = getAuth(request);
  return { userId, sessionId, actor: actor ?? null };
};
app.get('/api/me', (request, response) => response.json(seen(request)));
app.get('/rendered', (request, response) => response.type('html').send(`<!doctype html><title>Rendered</title><pre>${JSON.stringify(seen(request))}</pre>`));

const server = app.listen(Number(process.env.APP_PORT), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
