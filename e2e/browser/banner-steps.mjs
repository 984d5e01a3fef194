// Pages of an app without clerk-js that carry the banner, and browsers with a session of an instance beside it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Backend } from './backend.mjs';
import { person } from './chromium.mjs';
import { startActas } from './servers.mjs';

const made = new Map();

// The instance, and the site: its pages are made by `page` and served under the path that it gives back.
export async function site({ production = true } = {}) {
  if (!made.has(production)) made.set(production, makeSite(production));
  return made.get(production);
}

async function makeSite(production) {
  const pages = new Map();
  const server = createServer((request, response) => {
    const { html, headers } = pages.get(request.url) ?? { html: null };
    response.writeHead(html === null ? 404 : 200, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(html ?? '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  const origin = `http://127.0.0.1:${server.address().port}`;
  const actas = await startActas({ production, options: { allowed_origins: origin } });
  const page = ({ attributes = '', head = '', body = '', headers = {} } = {}) => {
    const path = `/page-${pages.size + 1}`;
    const script = `<script src="${actas.url}/actas-banner.js" ${attributes}></script>`;
    const html = `<!doctype html><html lang="en"><title>An app</title><link rel="icon" href="data:,">${head}${script}<main><h1>An app</h1><p>Its content.</p>${body}</main></html>`;
    pages.set(path, { html, headers });
    return origin + path;
  };
  return { actas, backend: new Backend(actas), origin, page };
}

// A browser with a session, as if it had signed in at the app.
export async function signedIn({ actas }, ticket, settings) {
  const mine = await person(settings);
  if (ticket) {
    const answer = await mine.context.request.post(`${actas.url}/v1/client/sign_ins`, { form: { strategy: 'ticket', ticket } });
    if (!answer.ok()) throw new Error(`${answer.status()} ${await answer.text()}`);
  }
  return mine;
}

export const banner = page => page.getByRole('region', { name: 'Impersonation' });
export const stopButton = page => banner(page).getByRole('button', { name: 'Stop', exact: true });

// Clicks, and waits for the page that comes after.
export async function stops(page) {
  await page.evaluate(() => {
    window.isBefore = true;
  });
  await stopButton(page).click();
  await page.waitForFunction(() => !window.isBefore && window.ActasBanner);
}

// What it says of people.
export async function sentence(page) {
  const text = await banner(page).locator('.who').innerText();
  return text.replace(/\s+/g, ' ').trim();
}

// The page has asked and been answered.
export const asked = page => page.evaluate(() => window.ActasBanner.refresh());
