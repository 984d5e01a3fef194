// The addresses and keys of the server under test, and requests to it without an SDK: for what an SDK would smooth
// over, and for the Frontend API.
const required = name => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

export const url = required('ACTAS_URL').replace(/\/$/, '');
export const secretKey = required('CLERK_SECRET_KEY');
export const publishableKey = required('CLERK_PUBLISHABLE_KEY');

async function answerOf(response) {
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, type: response.headers.get('content-type'), headers: response.headers, text, json };
}

// The Backend API. A body that is a string goes as it is; anything else as JSON.
export async function backend(method, path, { body, headers = {}, key = secretKey } = {}) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` };
  const type = text === undefined ? {} : { 'content-type': 'application/json' };
  return answerOf(await fetch(`${url}/v1${path}`, { method, body: text, headers: { ...authorization, ...type, ...headers } }));
}

// The Frontend API as an app without a browser uses it: no cookies, the client's secret in `Authorization`.
export class NativeApp {
  secret = '';

  async call(method, path, form) {
    const separator = path.includes('?') ? '&' : '?';
    const answer = await answerOf(
      await fetch(`${url}/v1${path}${separator}_is_native=1`, {
        method,
        headers: { authorization: this.secret },
        body: form && new URLSearchParams(form),
      }),
    );
    this.secret = answer.headers.get('authorization') ?? this.secret;
    return answer;
  }

  redeem(ticket) {
    return this.call('POST', '/client/sign_ins', { strategy: 'ticket', ticket });
  }
}

// The payload of a JWT as it was signed, not as JSON would be written again.
export const claimsText = jwt => Buffer.from(jwt.split('.')[1], 'base64url').toString('utf8');
