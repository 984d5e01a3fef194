// Actas's own page: looks at a ticket, redeems it after one click, and shows the session until it ends.
//
// What it shows comes from the server and is only ever written as text.

const base = new URL('../', import.meta.url);
const TICKET = 'actas.ticket';
// Spoken when the time left falls to one of these, in seconds.
const SPOKEN = [300, 60, 10];
// After an end by time, so that the server has come to it too.
const GRACE_MILLISECONDS = 300;
// Between two looks of a page that is seen; a session may be ended elsewhere.
const LOOK_MILLISECONDS = 60_000;
// Letters written from right to left, and marks that turn the direction.
const TWO_WAYS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

const find = selector => document.querySelector(selector);
const [status, note] = [find('#status'), find('#note')];

// What is shown: the view, the session in it, how far the server's clock is ahead, and the page's timers.
const state = { view: 'loading', session: null, ahead: 0, busy: false, turn: 0, stopFirst: null, spoken: null };
const elsewhere = 'BroadcastChannel' in window ? new BroadcastChannel('actas') : null;

// ---- The Frontend API

class Refused extends Error {
  constructor(response, error) {
    super(error?.long_message || error?.message || `The server answered ${response.status}.`);
    this.status = response.status;
    this.code = error?.code ?? '';
    this.wait = Number(response.headers.get('retry-after')) || 0;
  }
}

class Unreachable extends Error {}

async function call(method, path, form) {
  const url = new URL(`v1/${path}`, base);
  const body = form && new URLSearchParams(form);
  let response;
  try {
    // An answer that sets cookies counts even if the page is left meanwhile.
    response = await fetch(url, { method, body, cache: 'no-store', keepalive: method === 'POST' });
  } catch {
    throw new Unreachable();
  }
  const json = await response.json().catch(() => null);
  if (response.ok && json) return json;
  if (!json && !response.ok && response.status >= 502) throw new Unreachable();
  throw new Refused(response, json?.errors?.[0]);
}

// The live session of this browser, an impersonated one first; null when there is none.
async function currentSession() {
  const { impersonation } = await call('GET', 'client/impersonation');
  const { response: client } = await call('GET', 'client');
  const sessions = client?.sessions ?? [];
  const wanted = impersonation?.session_id ?? client?.last_active_session_id;
  const session = sessions.find(each => each.id === wanted) ?? sessions[0];
  if (!session) return null;
  const user = session.user ?? {};
  const name = [user.first_name, user.last_name].filter(Boolean).join(' ') || session.public_user_data?.identifier;
  if (impersonation) state.ahead = impersonation.now - Date.now();
  return {
    id: session.id,
    subject: impersonation?.subject ?? { id: user.id ?? '', name: name || user.id || session.id },
    actor: impersonation?.actor ?? null,
    reason: impersonation?.reason ?? null,
    expireAt: session.expire_at,
    idleEndAt: impersonation?.idle_end_at ?? null,
    jwt: session.last_active_token?.jwt ?? null,
  };
}

// ---- The ticket, kept out of the address bar but through a reload

function takeTicket() {
  const url = new URL(location.href);
  const ticket = url.searchParams.get('__clerk_ticket');
  if (ticket) sessionStorage.setItem(TICKET, ticket);
  if (url.search || url.hash) history.replaceState(null, '', url.pathname);
}

const keptTicket = () => sessionStorage.getItem(TICKET);
const forgetTicket = () => sessionStorage.removeItem(TICKET);

// ---- Deciding what to show

// Looks at the ticket and the session as they are now. Only the last of several looks counts.
async function look({ quietly = false } = {}) {
  const turn = ++state.turn;
  const before = state.session;
  try {
    const ticket = keptTicket();
    const checked = ticket && (await checkedTicket(ticket));
    const session = await currentSession();
    if (turn !== state.turn) return;
    if (checked?.dead) forgetTicket();
    if (checked && !checked.dead) return showConfirm(checked, session);
    if (session) {
      if (checked?.dead) say(note, wordsOnDead(checked.dead, session));
      return showSession(session);
    }
    state.session = null;
    if (checked?.dead) return showDead(checked.dead);
    if (before) return showEnded(before);
    if (state.view === 'message' && quietly) return;
    showMessage('Nothing to do here', 'Open a link that somebody gave you for signing in: it leads here.');
  } catch (error) {
    if (turn === state.turn && !(quietly && error instanceof Unreachable)) showFailure(error);
  }
}

async function checkedTicket(ticket) {
  try {
    const checked = await call('POST', 'tickets/check', { ticket });
    state.ahead = checked.now - Date.now();
    return checked;
  } catch (error) {
    if (error instanceof Refused && error.status < 500 && error.status !== 429) return { dead: error };
    throw error;
  }
}

async function redeem() {
  const ticket = keptTicket();
  if (!ticket) return look();
  say(status, 'Signing in…');
  try {
    if (state.stopFirst) await end(state.stopFirst);
    await call('POST', 'client/sign_ins', { strategy: 'ticket', ticket });
    forgetTicket();
    say(status, '');
    say(note, '');
    elsewhere?.postMessage('changed');
    await look();
  } catch (error) {
    say(status, '');
    if (error instanceof Unreachable) {
      say(status, 'Actas could not be reached. Try again: if the link was used after all, this page will say so.');
    } else {
      // Whatever it is, a second look finds out: used meanwhile, withdrawn, or somebody is signed in by now.
      await look();
    }
  }
}

async function stop() {
  const { session } = state;
  if (!session) return look();
  say(status, 'Stopping…');
  try {
    await end(session.id);
    state.session = null;
    say(status, '');
    elsewhere?.postMessage('changed');
    const next = await currentSession();
    if (next) {
      say(note, session.actor ? `Stopped. You are ${cut(next.subject.name)} again.` : 'That session has ended.');
      return showSession(next);
    }
    const what = session.actor ? `You no longer act as ${cut(session.subject.name)}.` : 'You are signed out.';
    showMessage('Stopped', `${what} Nobody is signed in in this browser now.`);
  } catch (error) {
    say(status, '');
    if (error instanceof Unreachable) say(status, 'Actas could not be reached. The session still lives: try again.');
    else await look();
  }
}

// Ended already is ended.
async function end(id) {
  try {
    await call('POST', `client/sessions/${encodeURIComponent(id)}/end`);
  } catch (error) {
    if (!(error instanceof Refused && error.status === 401)) throw error;
  }
}

async function renew() {
  try {
    const { jwt } = await call('POST', `client/sessions/${encodeURIComponent(state.session.id)}/tokens`);
    await look();
    if (state.session) showToken({ ...state.session, jwt });
    say(status, 'This is a new token.');
  } catch (error) {
    if (error instanceof Unreachable) say(status, 'Actas could not be reached. Try again.');
    else await look();
  }
}

async function copy() {
  try {
    await navigator.clipboard.writeText(state.session.jwt);
    say(status, 'The token is in the clipboard. It signs in as the user until it expires: treat it as a password.');
  } catch {
    say(status, 'This browser does not let the page copy.');
  }
}

// ---- Views

function show(view, title) {
  const changed = state.view !== view;
  state.view = view;
  for (const section of document.querySelectorAll('[data-view]')) section.hidden = section.dataset.view !== view;
  document.title = `${title} · Actas`;
  if (changed) find(`[data-view="${view}"] h1`).focus();
}

function showConfirm(checked, session) {
  const { subject, actor } = checked;
  state.session = session;
  state.stopFirst = session?.actor ? session.id : null;
  fillPeople(checked);
  fill('duration', `at most ${lengthOf(checked.session_max_duration_in_seconds)}`);
  state.linkEndAt = checked.expires_at;
  const who = cut(subject.name);
  const label = actor ? `Sign in as ${who}, acting as ${cut(actor.name)}` : `Sign in as ${who}`;
  find('#redeem').textContent = state.stopFirst ? `Stop that and ${label.toLowerCase().slice(0, 1)}${label.slice(1)}` : label;
  const busy = session?.actor
    ? `This browser already acts as ${cut(session.subject.name)}. That ends when you go on.`
    : session && `This browser is signed in as ${cut(session.subject.name)}. That session ends when you go on.`;
  say(note, busy ?? '');
  show('confirm', `Sign in as ${who}`);
  tick();
}

function showSession(session) {
  if (state.session?.id !== session.id) state.spoken = null;
  state.session = session;
  fillPeople(session);
  showToken(session);
  find('#stop').textContent = session.actor ? 'Stop' : 'Sign out';
  show('session', `Signed in as ${cut(session.subject.name)}`);
  tick();
}

function showToken(session) {
  const token = session.jwt && decoded(session.jwt);
  state.session = session;
  state.tokenEndAt = token ? token.expireAt : null;
  fill('token-header', token ? token.header : '');
  fill('token-claims', token ? token.claims : '');
}

function showMessage(heading, text, { code = '', again = false } = {}) {
  say(note, '');
  fill('message-heading', heading);
  fill('message-text', text);
  fill('message-code', code);
  row('again', again);
  show('message', heading);
}

function showEnded(session) {
  const now = Date.now() + state.ahead;
  const who = cut(session.subject.name);
  if (now >= session.expireAt) {
    showMessage('The time is over', `You were signed in as ${who} for as long as was allowed. Ask for a new link to go on.`);
  } else if (session.idleEndAt && now >= session.idleEndAt) {
    showMessage('Ended for lack of activity', `Nothing happened for a while, so you are no longer signed in as ${who}. Ask for a new link to go on.`);
  } else {
    showMessage('The session has ended', `You are no longer signed in as ${who}: it was stopped in another tab or window, or withdrawn. Ask for a new link to go on.`);
  }
}

function showDead(error) {
  const [heading, text] = DEAD[error.code] ?? ['This link does not work', `${error.message} Ask whoever gave it to you for a new one.`];
  showMessage(heading, text, { code: error.code && `Code: ${error.code}` });
}

const DEAD = {
  actor_token_already_used_code: [
    'This link has been used',
    'Each link signs in once. Ask for a new one; and if it was not you who used it, tell whoever gave it to you: the record says when and from where.',
  ],
  actor_token_revoked_code: ['This link was withdrawn', 'It can no longer be used. Ask whoever gave it to you for a new one.'],
  ticket_expired_code: ['This link is too old', 'It was good for a limited time only, and was not used. Ask for a new one.'],
  ticket_invalid_code: ['This is not a whole link', 'Part of it may have been lost when it was copied. Open it again from where you got it.'],
  actor_token_subject_not_found: ['This user is gone', 'Whoever you would sign in as no longer exists. Ask for a link to somebody else.'],
};

function wordsOnDead(error, session) {
  const who = cut(session.subject.name);
  return error.code === 'actor_token_already_used_code' && session.actor
    ? `That link has been used. This browser is signed in as ${who}.`
    : `That link does not work: ${error.message} This browser is still signed in as ${who}.`;
}

function showFailure(error) {
  if (error instanceof Unreachable) {
    showMessage('Actas cannot be reached', 'Your link is not lost. Check the connection, and try again.', { again: true });
  } else if (error.code === 'origin_invalid') {
    showMessage('This address is not the right one', 'Actas is configured with another address than the one you see above. Open the link as it was given to you.', { code: `Code: ${error.code}` });
  } else {
    const wait = error.wait ? ` Wait ${error.wait} seconds first.` : '';
    showMessage('That did not work', `${error.message ?? error}${wait}`, { code: error.code && `Code: ${error.code}`, again: true });
  }
}

function fillPeople({ subject, actor, reason }) {
  fill('subject', subject.name);
  fill('subject-id', subject.id === subject.name ? '' : subject.id);
  row('actor', Boolean(actor));
  fill('actor', actor?.name ?? '');
  fill('actor-id', actor && actor.id !== actor.name ? actor.id : '');
  row('reason', Boolean(reason));
  fill('reason', reason ?? '');
}

// ---- Time

function tick() {
  const now = Date.now() + state.ahead;
  if (state.view === 'confirm') {
    fill('link-end', `${clock(state.linkEndAt)}, in ${countdown(state.linkEndAt - now)}`);
    if (now >= state.linkEndAt + GRACE_MILLISECONDS) lookOnce();
    return;
  }
  if (state.view !== 'session') return;
  const { session } = state;
  const left = session.expireAt - now;
  fill('left', countdown(left));
  const idle = session.idleEndAt && session.idleEndAt < session.expireAt ? `, or ${clock(session.idleEndAt)} without activity` : '';
  fill('end', `until ${clock(session.expireAt)}${idle}`);
  const life = state.tokenEndAt === null ? 0 : state.tokenEndAt - now;
  fill('token-life', life > 0 ? `This one is good for ${Math.ceil(life / 1000)} s more; apps get a new one by themselves.` : 'This one has expired; apps get a new one by themselves.');
  speak(left);
  if (now >= Math.min(session.expireAt, session.idleEndAt ?? Infinity) + GRACE_MILLISECONDS) lookOnce();
}

// A look that a clock asked for is not begun again each second while its answer is on the way.
async function lookOnce() {
  if (state.busy) return;
  state.busy = true;
  await look({ quietly: true });
  state.busy = false;
}

function speak(left) {
  const due = SPOKEN.filter(seconds => left <= seconds * 1000).at(-1);
  if (due === undefined || due === state.spoken || left <= 0) return;
  const first = state.spoken === null && left < (due - 2) * 1000;
  state.spoken = due;
  if (!first) say(status, `${lengthOf(due)} left`);
}

function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

function lengthOf(seconds) {
  const said = (count, unit) => `${count} ${unit}${count === 1 ? '' : 's'}`;
  if (seconds >= 86400 && seconds % 86400 === 0) return said(seconds / 86400, 'day');
  if (seconds >= 3600 && seconds % 3600 === 0) return said(seconds / 3600, 'hour');
  return seconds >= 60 && seconds % 60 === 0 ? said(seconds / 60, 'minute') : said(seconds, 'second');
}

function clock(milliseconds) {
  const date = new Date(milliseconds);
  const sameDay = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(undefined, sameDay ? { timeStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'short' });
}

// ---- Text

function fill(name, text) {
  for (const element of document.querySelectorAll(`[data-text="${name}"]`)) {
    if (element.textContent !== text) element.textContent = text;
  }
}

function row(name, shown) {
  for (const element of document.querySelectorAll(`[data-row="${name}"]`)) element.hidden = !shown;
}

function say(element, text) {
  element.textContent = text;
  element.hidden = element !== status && text === '';
}

// A name within a sentence: not longer than a line, and isolated where it may be written from right to left.
function cut(name) {
  const characters = Array.from(name);
  const short = characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : name;
  return TWO_WAYS.test(short) ? `\u2068${short}\u2069` : short;
}

function decoded(jwt) {
  const text = part => new TextDecoder().decode(Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0)));
  const [header, claims] = jwt.split('.').slice(0, 2).map(text);
  return { header: laidOut(header), claims: laidOut(claims), expireAt: JSON.parse(claims).exp * 1000 };
}

// JSON on several lines, to the letter: to parse it and write it anew would change long numbers.
function laidOut(json) {
  let [text, depth, quoted] = ['', 0, false];
  const line = () => `\n${'  '.repeat(depth)}`;
  for (let at = 0; at < json.length; at += 1) {
    const letter = json[at];
    if (quoted) {
      text += letter === '\\' ? letter + json[(at += 1)] : letter;
      quoted = letter !== '"';
    } else if (letter === '"') {
      quoted = true;
      text += letter;
    } else if (letter === '{' || letter === '[') {
      const closed = json[at + 1] === '}' || json[at + 1] === ']';
      if (!closed) depth += 1;
      text += closed ? letter + json[(at += 1)] : letter + line();
    } else if (letter === '}' || letter === ']') {
      depth -= 1;
      text += line() + letter;
    } else {
      text += letter === ',' ? letter + line() : letter === ':' ? ': ' : letter;
    }
  }
  return text;
}

// ---- Start

// While one thing is on its way a second click does nothing; the button keeps the focus.
function press(id, work) {
  const button = find(id);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    await work();
    button.removeAttribute('aria-disabled');
  });
}

press('#redeem', redeem);
press('#stop', stop);
press('#renew', renew);
press('#copy', copy);
press('#again', () => look());
elsewhere?.addEventListener('message', lookOnce);
const isSeen = () => document.visibilityState === 'visible';
document.addEventListener('visibilitychange', () => isSeen() && lookOnce());
window.addEventListener('pageshow', event => event.persisted && lookOnce());
setInterval(tick, 1000);
setInterval(() => isSeen() && state.view === 'session' && lookOnce(), LOOK_MILLISECONDS);
takeTicket();
look();
