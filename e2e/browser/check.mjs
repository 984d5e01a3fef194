// Drives real Chromium: Actas's own page, its banner, and apps made of Clerk's unmodified packages.
//
// `node check.mjs WORD…` runs the checks whose names contain one of the words.
import { chromiumVersion, closeAll, quit } from './chromium.mjs';
import { check, conclude } from './report.mjs';
import { stopAll } from './servers.mjs';

const ROOMS = ['own-page', 'own-page-trouble', 'banner', 'appearance', 'topologies', 'app-trouble', 'impersonation-flow', 'example'];

console.log(`# Chromium ${chromiumVersion}, node ${process.version}`);
const words = process.argv.slice(2);

for (const room of ROOMS) {
  const { checks } = await import(`./${room}.mjs`);
  for (const [name, work] of Object.entries(checks)) {
    const whole = `${room}.${name}`;
    if (words.length > 0 && !words.some(word => whole.includes(word))) continue;
    await check(whole, work, failed => closeAll(whole, failed));
  }
}
await quit();
await stopAll();
conclude();
