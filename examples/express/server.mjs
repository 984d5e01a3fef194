// An app with Clerk's unmodified SDKs, and a support desk that signs in as a customer by an actor token.
//
// `cargo xtask example` starts it beside an Actas. What it needs to know of Actas is in its environment, in the
// variables that the SDK reads by itself; `actas dev` writes them to `dev.env`.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clerkClient, clerkMiddleware, getAuth } from '@clerk/express';
import express from 'express';

const folder = fileURLToPath(new URL('.', import.meta.url));
const port = Number(process.env.PORT ?? 3000);
const app = express();

// What the pages need: the publishable key, and where the Frontend API is. Both may be public.
app.get('/settings.json', (_, response) => {
  response.json({ publishableKey: process.env.CLERK_PUBLISHABLE_KEY, frontendApi: process.env.CLERK_PROXY_URL });
});
app.use('/clerk-js', express.static(dirname(fileURLToPath(import.meta.resolve('@clerk/clerk-js')))));
app.use(express.static(join(folder, 'public')));
app.get('/sign-in', (_, response) => response.sendFile('public/index.html', { root: folder }));

// From here on a request's session token is verified.
app.use(clerkMiddleware());

app.get('/api/me', (request, response) => {
  const { userId, actor } = getAuth(request);
  if (!userId) return response.status(401).json({ error: 'nobody is signed in' });
  // `actor` is there if somebody acts as this user. An app may refuse them some things, or note who it was.
  response.json({ userId, actor: actor ?? null });
});

// The support desk. A real one lets only its own staff in, and takes the actor from their session; here it is Alice.
app.post('/support/act-as-bob', async (_, response) => {
  const [alice, bob] = await Promise.all([user('alice.support@example.com'), user('bob.customer@example.com')]);
  const grant = await clerkClient.actorTokens.create({ userId: bob.id, actor: { sub: alice.id }, expiresInSeconds: 600 });
  response.redirect(303, grant.url);
});

async function user(emailAddress) {
  const { data } = await clerkClient.users.getUserList({ emailAddress: [emailAddress] });
  if (data.length === 0) throw new Error(`there is no user ${emailAddress}: actas dev makes one`);
  return data[0];
}

const server = app.listen(port, '127.0.0.1', error => {
  if (error) throw error;
  console.log(`The example is at http://127.0.0.1:${server.address().port}`);
});
