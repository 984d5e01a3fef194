// The SDK's client, and the people of the checks.
import { createClerkClient } from '@clerk/backend';
import { secretKey, url } from './wire.mjs';

const run = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
let made = 0;

export const clerk = createClerkClient({ secretKey, apiUrl: url, telemetry: { disabled: true } });

export const unused = prefix => `${prefix}_${'2'.repeat(27)}`;
export const isId = (prefix, id) => new RegExp(`^${prefix}_[0-9A-Za-z]{27}$`).test(id);
export const isNow = milliseconds => Number.isInteger(milliseconds) && Math.abs(milliseconds - Date.now()) < 60_000;

// An address that no other person of any run has.
export function address() {
  made += 1;
  return `e2e-javascript-${run}-${made}@example.com`;
}

// Without a password: hashing one takes long on purpose, and few checks need it.
export const person = (members = {}) =>
  clerk.users.createUser({ emailAddress: [address()], skipPasswordRequirement: true, ...members });
