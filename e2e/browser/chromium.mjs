// Chromium, one for all checks; each check has browsers (contexts) of its own, and is shown their pictures if it fails.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { equal } from './report.mjs';

const WAIT_MILLISECONDS = 15_000;
const shots = process.env.SHOTS ?? 'shots';

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
});
mkdirSync(shots, { recursive: true });

export const chromiumVersion = browser.version();
export const quit = () => browser.close();

let open = [];

// A browser with a cookie jar of its own. `expected` are the console errors that belong to the check.
export async function person({ expected = [], ...settings } = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...settings });
  context.setDefaultTimeout(WAIT_MILLISECONDS);
  const mine = { context, expected, faults: [] };
  const note = (fault, where) => mine.faults.push(`${fault} ${where ?? ''}`.trim());
  context.on('console', message => message.type() === 'error' && note(message.text(), message.location()?.url));
  context.on('weberror', error => note(String(error.error())));
  context.on('dialog', dialog => {
    note(`dialog ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  open.push(mine);
  return { context, page: await context.newPage() };
}

export async function shoot(page, name) {
  await page.screenshot({ path: join(shots, `${name.replace(/[^\w-]+/g, '-')}.png`), fullPage: true }).catch(() => {});
}

// Closes what a check opened. A console error that it did not expect fails it.
export async function closeAll(name, failed) {
  const mine = open;
  open = [];
  const faults = mine.flatMap(each => each.faults.filter(fault => !each.expected.some(expected => expected.test(fault))));
  let count = 0;
  for (const { context } of mine) {
    for (const page of context.pages()) {
      count += 1;
      if (failed || faults.length > 0) await shoot(page, `${name}-${count}`);
    }
    await context.close();
  }
  if (!failed) equal(faults, [], 'console errors');
}
