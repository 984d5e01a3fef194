// The example app, as a newcomer tries it: everything by clicking.
import { banner, sentence, stops } from './banner-steps.mjs';
import { person } from './chromium.mjs';
import { equal } from './report.mjs';
import { freePort, startActas, startApp } from './servers.mjs';

export const checks = {
  async 'act as Bob and stop'() {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const actas = await startActas({ production: false, appUrl: origin });
    await startApp(
      { CLERK_API_URL: actas.url, CLERK_PROXY_URL: actas.url, CLERK_SECRET_KEY: actas.secretKey, CLERK_PUBLISHABLE_KEY: actas.publishableKey, CLERK_TELEMETRY_DISABLED: '1', PORT: port },
      'example/server.mjs',
      line => line.startsWith('The example is at'),
    );
    const { page } = await person({ expected: [/status of 40[14]/] });
    await page.goto(origin);
    await page.getByText('Nobody is signed in.').waitFor();
    await page.getByRole('button', { name: 'Act as Bob' }).click();
    await page.getByText(`Signed in as Bob Customer: ${actas.alice} is acting.`).waitFor();
    await banner(page).waitFor();
    equal(await sentence(page), 'Alice Support is signed in as Bob Customer', 'the banner');
    await page.waitForFunction(() => document.querySelector('#me').textContent.includes('actor'));
    const me = JSON.parse(await page.locator('#me').textContent());
    equal(me, { userId: actas.bob, actor: { sub: actas.alice } }, 'what the server sees');
    await stops(page);
    await page.getByText('Nobody is signed in.').waitFor();
  },
};
