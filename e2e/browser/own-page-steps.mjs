// The steps that checks of the own page share, in the words of a person who looks at it.
import { Backend } from './backend.mjs';
import { person } from './chromium.mjs';
import { startActas } from './servers.mjs';

export const SIGN_IN_AS_BOB = 'Sign in as Bob Customer, acting as Alice Support';

const instances = new Map();

// One instance without an app for each kind; most checks do not disturb each other.
export async function withoutApp(kind, options = {}) {
  const key = JSON.stringify([kind, options]);
  if (!instances.has(key)) {
    const actas = await startActas({ production: kind === 'production', options });
    instances.set(key, { actas, backend: new Backend(actas), page: `${actas.url}/sign-in` });
  }
  return instances.get(key);
}

export const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });
export const sees = (page, name) => heading(page, name).waitFor();
export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const term = (page, name) => page.locator('dl > div:visible', { has: page.locator('dt', { hasText: name }) }).locator('dd');

// A browser that has opened a link and not yet clicked.
export async function opened(url, settings) {
  const mine = await person(settings);
  await mine.page.goto(url);
  return mine;
}

// A browser in which Alice acts as Bob.
export async function acting(place, grant, settings) {
  const token = grant ?? (await place.backend.grant());
  const mine = await opened(token.url, settings);
  await button(mine.page, SIGN_IN_AS_BOB).click();
  await sees(mine.page, 'You are signed in as Bob Customer');
  return { ...mine, token };
}

// What a person does by looking at a tab again.
export const lookAgain = page => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
