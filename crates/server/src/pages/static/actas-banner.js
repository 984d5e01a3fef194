// Actas's banner: says who acts as whom while this browser's session is an impersonated one, and nothing otherwise.
//
//   <script src="https://actas.example.com/actas-banner.js" defer></script>
//
// It asks the Frontend API that it was loaded from, beside clerk-js or without it. docs/banner.md tells its options.
(() => {
  'use strict';
  const script = document.currentScript;
  if (window.ActasBanner || !script) return;

  // Written here by the server that serves this: of several instances' cookies on the page's host, its own have it.
  const COOKIE_SUFFIX = '{cookie_suffix}';
  // Likewise: `test` or `live`.
  const INSTANCE_KIND = '{instance_kind}';
  const HOST = 'actas-banner';
  const EVENT = 'actas:stopped';
  // Between two looks of a page that is seen; a session may be ended elsewhere.
  const LOOK_MILLISECONDS = 60_000;
  const REQUEST_MILLISECONDS = 15_000;
  // A frontend library may come some time after this script.
  const CLERK_TRIES = 120;
  const CLERK_MILLISECONDS = 250;
  const NAME_CHARACTERS = 40;
  const SPOKEN_SECONDS = [300, 60];

  const options = {
    base: new URL(script.dataset.actasUrl ? `${script.dataset.actasUrl.replace(/\/+$/, '')}/` : '.', script.src || location.href),
    afterStopUrl: script.dataset.afterStopUrl,
    position: script.dataset.position === 'top' ? 'top' : 'bottom',
    target: script.dataset.target,
    label: script.dataset.label || 'Impersonation',
  };

  // The impersonation that is shown, how far the server's clock is ahead of this one, and what is on its way.
  let [shown, ahead, looking, stopping, spoken, parts] = [null, 0, null, false, null, null];

  const STYLE = `
    :host { all: initial; display: block; max-width: 100%; }
    :host([data-position]) {
      position: fixed; inset-inline: 12px; z-index: var(--actas-banner-z-index, 2147483000); display: flex; justify-content: center; pointer-events: none;
    }
    :host([data-position="bottom"]) { bottom: calc(12px + env(safe-area-inset-bottom, 0px)); }
    :host([data-position="top"]) { top: calc(12px + env(safe-area-inset-top, 0px)); }
    .bar {
      box-sizing: border-box; display: flex; pointer-events: auto; align-items: center; gap: 0.25em 0.6em; max-width: 100%; padding: 0.4em 0.45em 0.4em 1em;
      border: 1px solid var(--actas-banner-border, #b78103); border-radius: var(--actas-banner-radius, 999px);
      background: var(--actas-banner-background, #fdf0cf); color: var(--actas-banner-color, #3d2a00);
      font: var(--actas-banner-font, 500 14px/1.4 system-ui, sans-serif); box-shadow: var(--actas-banner-shadow, 0 4px 18px rgb(0 0 0 / 0.22));
    }
    .who { min-width: 0; display: flex; gap: 0.35em; white-space: nowrap; }
    .name { min-width: 0; overflow: hidden; text-overflow: ellipsis; font-weight: 700; unicode-bidi: isolate; }
    .verb { flex: none; }
    .left { flex: none; white-space: nowrap; font-variant-numeric: tabular-nums; }
    .left::before { content: "\\00b7\\00a0"; }
    .fault { flex: none; }
    .fault:empty { display: none; }
    button {
      flex: none; min-height: 32px; margin: 0; padding: 0 1em; border: 0; border-radius: var(--actas-banner-radius, 999px);
      background: var(--actas-banner-button-background, #3d2a00); color: var(--actas-banner-button-color, #fff6df); font: inherit; font-weight: 700; cursor: pointer;
    }
    button:hover { opacity: 0.88; }
    button:focus-visible { outline: 3px solid var(--actas-banner-focus, #1d4ed8); outline-offset: 2px; }
    button[aria-disabled="true"] { cursor: progress; opacity: 0.6; }
    .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    @media (max-width: 480px) {
      .bar { flex-wrap: wrap; justify-content: space-between; border-radius: var(--actas-banner-radius, 16px); padding-inline-end: 1em; }
      .who { flex: 1 1 100%; flex-wrap: wrap; column-gap: 0.35em; }
      .name { white-space: normal; overflow-wrap: anywhere; }
      .left::before { content: none; }
    }
    @media (forced-colors: active) { .bar, button { border: 1px solid CanvasText; } }
    @media print { :host { display: none; } }
  `;

  // ---- The Frontend API

  // The id by which a development instance knows this browser, which clerk-js keeps in cookies of the page's host.
  // Other instances' are nothing to this one; a live one knows its browsers by its own cookie alone.
  function developmentBrowser() {
    if (INSTANCE_KIND === 'live') return null;
    const pairs = document.cookie.split('; ');
    for (const name of [`__clerk_db_jwt_${COOKIE_SUFFIX}=`, '__clerk_db_jwt=']) {
      const pair = pairs.find(each => each.startsWith(name) && each.length > name.length);
      if (pair) return pair.slice(name.length);
    }
    return null;
  }

  async function call(method, path) {
    const browser = developmentBrowser();
    const answer = await callAs(browser, method, path);
    // The name without a suffix is whose instance wrote it last; this one may know the browser by a cookie of its own.
    const isOfAnother = browser && answer.json?.errors?.[0]?.code === 'dev_browser_unauthenticated';
    return isOfAnother ? callAs(null, method, path) : answer;
  }

  async function callAs(browser, method, path) {
    const url = new URL(`v1/client/${path}`, options.base);
    if (browser) url.searchParams.set('__clerk_db_jwt', browser);
    const signal = AbortSignal.timeout(REQUEST_MILLISECONDS);
    const response = await fetch(url, { method, credentials: 'include', cache: 'no-store', signal });
    return { status: response.status, json: await response.json().catch(() => null) };
  }

  // One look at a time; a wish that comes meanwhile is granted by one more.
  function look() {
    if (looking) {
      looking.again = true;
      return looking.done;
    }
    const mine = { again: false };
    looking = mine;
    mine.done = (async () => {
      try {
        const { status, json } = await call('GET', 'impersonation');
        if (status === 200 && json) {
          if (json.impersonation) ahead = json.impersonation.now - Date.now();
          render(isOfThisPage(json.impersonation) ? json.impersonation : null);
        } else if (status === 401) {
          render(null);
        } else {
          render(ofClerk());
        }
      } catch {
        // Out of reach: what clerk-js knows, or what was shown until its end.
        render(ofClerk() ?? (window.Clerk?.loaded && !window.Clerk.session ? null : shown));
      }
      looking = null;
      if (mine.again) await look();
    })();
    return mine.done;
  }

  // ---- clerk-js, where a page has it

  function isOfThisPage(impersonation) {
    const clerk = window.Clerk;
    return Boolean(impersonation) && (!clerk?.loaded || !clerk.session || clerk.session.id === impersonation.session_id);
  }

  function ofClerk() {
    const session = window.Clerk?.session;
    if (!session?.actor) return null;
    const { actor, user } = session;
    const name = user?.fullName || user?.primaryEmailAddress?.emailAddress || user?.username || user?.id || '';
    return {
      session_id: session.id,
      subject: { id: user?.id ?? '', name },
      actor: { id: actor.sub, name: String(actor.name ?? actor.sub) },
      expire_at: Number(session.expireAt),
    };
  }

  function follow(clerk) {
    let last;
    clerk.addListener(({ session }) => {
      if (session === undefined || session?.id === last) return;
      last = session?.id;
      if (!session?.actor) render(null);
      look();
    });
  }

  function awaitClerk(tries) {
    if (window.Clerk?.addListener) follow(window.Clerk);
    else if (tries > 0) setTimeout(awaitClerk, CLERK_MILLISECONDS, tries - 1);
  }

  // ---- Stopping

  async function stop() {
    if (stopping || !shown) return;
    stopping = true;
    parts?.stop.setAttribute('aria-disabled', 'true');
    if (parts) parts.fault.textContent = '';
    const ended = shown;
    try {
      const clerk = window.Clerk;
      if (clerk?.session?.id === ended.session_id) {
        await clerk.session.end();
        // Where the actor was signed in before, that session comes back.
        const next = clerk.client?.signedInSessions?.find(each => each.id !== ended.session_id) ?? null;
        await clerk.setActive({ session: next });
      } else {
        const { status } = await call('POST', `sessions/${encodeURIComponent(ended.session_id)}/end`);
        // 401: it had ended already.
        if (status !== 200 && status !== 401) throw new Error(`the server answered ${status}`);
      }
      render(null);
      afterStop(ended);
    } catch {
      if (parts) parts.fault.textContent = 'Not stopped: try again.';
      look();
    } finally {
      stopping = false;
      parts?.stop.removeAttribute('aria-disabled');
    }
  }

  function afterStop(ended) {
    const detail = { sessionId: ended.session_id, subject: ended.subject, actor: ended.actor };
    const goOn = window.dispatchEvent(new CustomEvent(EVENT, { detail, cancelable: true }));
    if (!goOn) return;
    const target = options.afterStopUrl && webAddress(options.afterStopUrl);
    if (target) location.assign(target);
    else location.reload();
  }

  function webAddress(text) {
    const url = new URL(text, document.baseURI);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  }

  // ---- What is seen. Texts are only ever set as text.

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function build() {
    const host = element('div');
    host.id = HOST;
    host.setAttribute('role', 'region');
    host.setAttribute('aria-label', options.label);
    const root = host.attachShadow({ mode: 'open' });
    style(root);
    const bar = element('div', 'bar');
    const who = element('div', 'who');
    const [actor, subject] = [element('span', 'name'), element('span', 'name')];
    who.append(actor, element('span', 'verb', 'is signed in as'), subject);
    const left = element('span', 'left');
    const fault = element('span', 'fault');
    fault.setAttribute('role', 'alert');
    const button = element('button', '', 'Stop');
    button.type = 'button';
    button.addEventListener('click', stop);
    const announced = element('span', 'spoken');
    announced.setAttribute('role', 'status');
    bar.append(who, left, fault, button, announced);
    if (!options.target) host.dataset.position = options.position;
    root.append(bar);
    return { host, actor, subject, left, fault, stop: button, announced };
  }

  // A constructed sheet needs no permission of the page's own policy.
  function style(root) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch {
      const sheet = element('style', '', STYLE);
      sheet.nonce = script.nonce;
      root.append(sheet);
    }
  }

  function render(impersonation) {
    const isNew = impersonation && impersonation.session_id !== shown?.session_id;
    shown = impersonation;
    if (!impersonation) {
      parts?.host.remove();
      return;
    }
    parts ??= build();
    if (isNew) spoken = null;
    name(parts.actor, impersonation.actor.name);
    name(parts.subject, impersonation.subject.name);
    place();
    tick();
    if (isNew) parts.announced.textContent = `${cut(impersonation.actor.name)} is signed in as ${cut(impersonation.subject.name)}`;
  }

  function name(part, text) {
    const short = cut(text);
    if (part.textContent !== short) part.textContent = short;
    part.title = short === text ? '' : text;
  }

  // By characters as they are coded, so that none is cut in two.
  function cut(text) {
    const characters = Array.from(String(text).trim());
    return characters.length > NAME_CHARACTERS ? `${characters.slice(0, NAME_CHARACTERS - 1).join('')}…` : characters.join('');
  }

  // A page that replaces its body takes the banner away with it.
  function place() {
    const parent = (options.target && document.querySelector(options.target)) || document.body;
    if (shown && parent && parts.host.parentNode !== parent) parent.prepend(parts.host);
  }

  function tick() {
    if (!shown) return;
    place();
    const now = Date.now() + ahead;
    const end = Math.min(shown.expire_at, shown.idle_end_at ?? Infinity);
    const seconds = Math.max(0, Math.ceil((shown.expire_at - now) / 1000));
    parts.left.textContent = `${time(seconds)} left`;
    const due = SPOKEN_SECONDS.filter(each => seconds <= each).at(-1);
    if (due !== undefined && due !== spoken && seconds > 0) {
      spoken = due;
      parts.announced.textContent = `Less than ${due / 60} minute${due === 60 ? '' : 's'} left`;
    }
    if (now >= shown.expire_at) render(null);
    else if (now >= end && !looking) look();
  }

  function time(seconds) {
    const two = number => String(number).padStart(2, '0');
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  }

  // ---- Start

  const isSeen = () => document.visibilityState === 'visible';
  window.ActasBanner = Object.freeze({ refresh: look, stop });
  setInterval(tick, 1000);
  setInterval(() => isSeen() && look(), LOOK_MILLISECONDS);
  document.addEventListener('visibilitychange', () => isSeen() && look());
  window.addEventListener('pageshow', event => event.persisted && look());
  new MutationObserver(() => shown && place()).observe(document.documentElement, { childList: true, subtree: true });
  awaitClerk(CLERK_TRIES);
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', look);
  else look();
})();
