// What clerk-js does for a real app, as far as this page needs it: it redeems a ticket that is in the address, and
// keeps a fresh session token in the cookie `__session`.
const actas = document.getElementById('page').dataset.actasUrl;
const address = new URLSearchParams(location.search);
const cookie = name => document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`))?.[1];
const keep = (name, value) => (document.cookie = `${name}=${value}; Path=/; SameSite=Lax`);

// A development instance knows a browser by this.
const browser = address.get('__clerk_db_jwt') ?? cookie('__clerk_db_jwt');
if (browser) keep('__clerk_db_jwt', browser);

// After acting as somebody else there may be two.
const current = client => client?.sessions.find(({ id }) => id === client.last_active_session_id) ?? client?.sessions[0];

async function call(method, path, form) {
  const query = browser ? `?__clerk_db_jwt=${encodeURIComponent(browser)}` : '';
  const body = form && new URLSearchParams(form);
  const answer = await fetch(`${actas}/v1${path}${query}`, { method, body, credentials: 'include' });
  return answer.ok ? answer.json() : undefined;
}

const ticket = address.get('__clerk_ticket');
if (ticket) {
  const redeemed = await call('POST', '/client/sign_ins', { strategy: 'ticket', ticket });
  const token = current(redeemed?.client)?.last_active_token?.jwt;
  if (token) keep('__session', token);
  location.replace('/');
} else {
  // The token lives for a minute. Without a session the cookie goes.
  const renew = async () => {
    const session = current((await call('GET', '/client'))?.response);
    const token = session && (await call('POST', `/client/sessions/${session.id}/tokens`, {}))?.jwt;
    const before = cookie('__session');
    document.cookie = token ? `__session=${token}; Path=/; SameSite=Lax` : '__session=; Path=/; Max-Age=0';
    if (Boolean(before) !== Boolean(token)) location.replace('/');
  };
  await renew();
  setInterval(renew, 45_000);
}

for (const button of document.querySelectorAll('button[data-path]')) {
  button.addEventListener('click', async () => {
    const answer = await fetch(button.dataset.path, { method: button.dataset.method });
    document.getElementById('answer').textContent = `${answer.status} ${await answer.text()}`;
  });
}
