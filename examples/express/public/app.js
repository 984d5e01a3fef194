// The app in the browser: loads clerk-js and the banner, redeems a ticket that is in the address, and shows who is
// signed in.
const find = id => document.getElementById(id);

function load(source, attributes = {}) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    Object.assign(script.dataset, attributes);
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${source} cannot be loaded`));
    script.src = source;
    document.head.append(script);
  });
}

async function show() {
  const { user, session } = window.Clerk;
  const answer = await fetch('/api/me');
  const acts = session?.actor ? `: ${session.actor.sub} is acting` : '';
  find('who').textContent = user ? `Signed in as ${user.fullName}${acts}.` : 'Nobody is signed in.';
  find('server').hidden = !user;
  find('me').textContent = JSON.stringify(await answer.json(), null, 2);
  find('desk').hidden = Boolean(user);
}

try {
  const { publishableKey, frontendApi } = await (await fetch('/settings.json')).json();
  await load('/clerk-js/clerk.browser.js', { clerkPublishableKey: publishableKey, clerkProxyUrl: frontendApi });
  await window.Clerk.load({ telemetry: false, signInUrl: '/sign-in' });
  load(`${frontendApi}/actas-banner.js`, { afterStopUrl: '/' });
  const ticket = new URLSearchParams(location.search).get('__clerk_ticket');
  if (ticket) {
    history.replaceState(null, '', '/');
    const signIn = await window.Clerk.client.signIn.create({ strategy: 'ticket', ticket });
    await window.Clerk.setActive({ session: signIn.createdSessionId });
  }
  window.Clerk.addListener(show);
} catch (error) {
  find('who').textContent = error.errors?.[0]?.longMessage ?? error.message;
  find('desk').hidden = false;
}
