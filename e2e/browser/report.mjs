// Counts the checks and prints each: `ok NAME`, or `FAIL NAME why`. The closing line is `N passed, N failed`.
import { isDeepStrictEqual } from 'node:util';

let passed = 0;
let failed = 0;

const shown = value => (typeof value === 'string' ? value : JSON.stringify(value)) ?? 'undefined';

export class Mismatch extends Error {}

export function equal(got, wanted, what) {
  if (!isDeepStrictEqual(got, wanted)) throw new Mismatch(`${what}: is ${shown(got)}, should be ${shown(wanted)}`);
}

export function isTrue(condition, what) {
  if (!condition) throw new Mismatch(what);
}

// One check. It ends at its first mismatch, and the next one still runs. What it opened is closed by `close`, which is
// told whether to keep pictures.
export async function check(name, work, close) {
  const begun = Date.now();
  let problem = null;
  try {
    await work();
  } catch (error) {
    problem = error;
  }
  try {
    await close(problem !== null);
  } catch (error) {
    problem ??= error;
  }
  if (problem === null) {
    passed += 1;
    console.log(`ok ${name} (${Date.now() - begun} ms)`);
  } else {
    failed += 1;
    const why = problem instanceof Mismatch ? problem.message : (problem?.stack ?? String(problem));
    console.log(`FAIL ${name} ${why.replace(/\s+/g, ' ').slice(0, 900)}`);
  }
}

export function conclude() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
