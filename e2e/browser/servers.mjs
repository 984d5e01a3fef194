// Servers of the built program and the app under the browser: each started for some checks, with addresses of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const START_MILLISECONDS = 60_000;
const running = new Set();

const required = name => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

// A port that was free a moment ago: some addresses have to be known before anybody listens there.
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// Starts a program and waits until `isReady` says of its printed lines that it is.
async function start(program, args, environment, isReady) {
  const { PATH, HOME } = process.env;
  const child = spawn(program, args, { env: { PATH, HOME, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const [lines, said] = [[], []];
  createInterface({ input: child.stderr }).on('line', line => said.push(line) > 40 && said.shift());
  const ready = new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`${program} was not ready in time: ${said.join('\n')}`)), START_MILLISECONDS);
    createInterface({ input: child.stdout }).on('line', line => {
      lines.push(line);
      if (isReady(line)) resolve(clearTimeout(limit));
    });
    child.once('error', reject);
    child.once('exit', code => {
      running.delete(child);
      clearTimeout(limit);
      reject(new Error(`${program} ended with ${code}: ${said.join('\n')}`));
    });
  });
  await ready;
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { lines, said, stop };
}

// An instance in memory. `production` chooses its keys and its protocol; `options` are ACTAS_… variables.
export async function startActas({ production, port = 0, appUrl, options = {} }) {
  const args = ['dev', '--ephemeral', '--listen', `127.0.0.1:${port}`];
  if (production) args.push('--live-keys');
  if (appUrl) args.push('--app-url', appUrl);
  const environment = Object.fromEntries(Object.entries(options).map(([key, value]) => [`ACTAS_${key.toUpperCase()}`, String(value)]));
  const { lines, said, stop } = await start(required('ACTAS_PROGRAM'), args, environment, line => line.startsWith('Everything is in memory'));
  const printed = label => lines.find(line => line.trim().startsWith(label))?.trim().slice(label.length).trim();
  const root = printed('Frontend API');
  return {
    production,
    // Where browsers reach it, and where a backend does: they differ behind a proxy.
    url: root,
    direct: port === 0 ? root : `http://127.0.0.1:${port}`,
    secretKey: printed('Secret key'),
    publishableKey: printed('Publishable key'),
    alice: printed('Alice Support'),
    bob: printed('Bob Customer'),
    async stop() {
      await stop();
      const panic = said.find(line => line.includes('panicked at'));
      if (panic) throw new Error(`the server panicked: ${panic}`);
    },
  };
}

// An app, which learns of Actas by its environment, as any app does.
export function startApp(environment, script = 'app.mjs', isReady = line => line.startsWith('listening ')) {
  return start(process.execPath, [script], environment, isReady);
}

export async function stopAll() {
  const ends = [...running].map(child => once(child, 'exit'));
  for (const child of running) child.kill('SIGTERM');
  await Promise.all(ends);
}
