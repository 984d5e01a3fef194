// Asks the unmodified `@clerk/backend` about each token of a corpus, which comes on the input as JSON, and writes its
// verdicts to the output as JSON. The program beside it made the corpus and compares.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { verifyToken } from '@clerk/backend';

const { version } = JSON.parse(readFileSync(new URL('node_modules/@clerk/backend/package.json', import.meta.url)));
const { keys: documents, cases } = JSON.parse(readFileSync(0, 'utf8'));

// Each set of keys is a Backend API of its own: `/NAME/v1/jwks`.
const server = createServer((request, response) => {
  const [, name, ...rest] = request.url.split('/');
  const found = rest.join('/') === 'v1/jwks' ? documents[name] : undefined;
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(found ?? '{"errors":[]}');
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const root = `http://127.0.0.1:${server.address().port}`;

function options({ keys, audiences, authorizedParties, issuers }) {
  const source = keys.startsWith('pem') ? { jwtKey: documents[keys] } : { secretKey: 'sk_test_corpus', apiUrl: `${root}/${keys}` };
  return { ...source, audience: audiences, authorizedParties, issuer: issuers };
}

// A text that has half of a letter cannot be written.
const text = value => (value === undefined || value === null ? null : String(value).toWellFormed());

// The package asks no other clock for the time.
const machineTime = Date.now;
const verdicts = [];
for (const { token, nowMillis, setting } of cases) {
  Date.now = () => nowMillis;
  try {
    const { sub, sid, act } = await verifyToken(token, options(setting));
    verdicts.push({ accepted: true, subject: text(sub), sessionId: text(sid), actor: text(act?.sub), why: '' });
  } catch (error) {
    verdicts.push({ accepted: false, why: text(error?.reason ?? error?.message ?? error).slice(0, 200).toWellFormed() });
  }
}
Date.now = machineTime;
server.close();
console.log(JSON.stringify({ version, verdicts }));
