// Drives the unmodified `@clerk/backend` against a running Actas.
import { readFileSync } from 'node:fs';
import * as actorTokens from './actor-tokens.mjs';
import * as authentication from './authentication.mjs';
import * as redemption from './redemption.mjs';
import { close, part } from './report.mjs';
import * as sessions from './sessions.mjs';
import * as users from './users.mjs';
import { url } from './wire.mjs';

const { version } = JSON.parse(readFileSync(new URL('node_modules/@clerk/backend/package.json', import.meta.url)));
console.log(`# @clerk/backend ${version}, node ${process.version}, against ${url}`);

for (const room of [authentication, users, actorTokens, redemption, sessions]) {
  for (const [name, work] of Object.entries(room.parts)) {
    await part(name, work);
  }
}
close();
