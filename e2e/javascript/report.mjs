// Counts the checks and prints each: `ok NAME`, or `FAIL NAME why`. The closing line is `N passed, N failed`.
import { isDeepStrictEqual } from 'node:util';

let passed = 0;
let failed = 0;

const shown = value => (typeof value === 'string' ? value : JSON.stringify(value)) ?? 'undefined';

export function pass(name) {
  passed += 1;
  console.log(`ok ${name}`);
}

export function fail(name, why) {
  failed += 1;
  console.log(`FAIL ${name} ${shown(why).replace(/\s+/g, ' ').slice(0, 500)}`);
}

export function isTrue(name, condition, got) {
  condition ? pass(name) : fail(name, got);
}

export function equal(name, got, wanted) {
  isDeepStrictEqual(got, wanted) ? pass(name) : fail(name, `is ${shown(got)}, should be ${shown(wanted)}`);
}

// An exception anywhere in a part is a failure of that part, and the next part still runs.
export async function part(name, work) {
  try {
    await work();
  } catch (error) {
    fail(name, `${error?.stack ?? error} ${shown(error?.errors ?? '')}`);
  }
}

// The SDK's call must be refused with the SDK's own error, complete.
export async function refused(name, call, wanted) {
  let error;
  try {
    return fail(name, `was not refused: ${shown(await call())}`);
  } catch (thrown) {
    error = thrown;
  }
  if (error?.constructor?.name !== 'ClerkAPIResponseError') {
    return fail(name, `is no ClerkAPIResponseError: ${error?.stack ?? error}`);
  }
  const item = error.errors[0] ?? {};
  const got = { status: error.status, code: item.code, parameter: item.meta?.paramName };
  if (wanted.message !== undefined) got.message = item.message;
  if (wanted.long !== undefined) got.long = item.longMessage;
  if (!item.message || !item.longMessage || !/^[0-9a-f]{32}$/.test(error.clerkTraceId ?? '')) {
    return fail(name, `the error is incomplete: ${shown(item)} trace ${error.clerkTraceId}`);
  }
  equal(name, got, { parameter: undefined, ...wanted });
}

// The same for an answer from the wire: the envelope, its headers, and nothing besides.
export function refusedOnWire(name, answer, wanted) {
  const { errors, clerk_trace_id: trace, ...rest } = answer.json ?? {};
  if (answer.type !== 'application/json' || !Array.isArray(errors) || Object.keys(rest).length > 0) {
    return fail(name, `${answer.status} ${answer.type} ${answer.text}`);
  }
  if (!/^[0-9a-f]{32}$/.test(trace) || answer.headers.get('x-clerk-trace-id') !== trace) {
    return fail(name, `the trace id ${trace} is not the header's ${answer.headers.get('x-clerk-trace-id')}`);
  }
  const item = errors[0];
  const got = { status: answer.status, code: item.code, message: item.message, long: item.long_message, meta: item.meta };
  equal(name, got, { meta: undefined, ...wanted });
}

export function close() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
