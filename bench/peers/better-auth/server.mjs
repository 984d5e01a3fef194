// better-auth with the plugins admin and jwt: `node server.mjs PORT default|wal FOLDER`.
import http from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { admin, jwt } from "better-auth/plugins";
import Database from "better-sqlite3";

const [port, journal, folder] = process.argv.slice(2);
const database = new Database(`${folder}/better-auth.db`);
if (journal === "wal") {
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
}
const roleOf = (user) => (user.email.startsWith("admin") ? "admin" : "user");
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: "a-secret-of-the-benchmark-and-of-nothing-else",
  database,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  logger: { level: "error" },
  telemetry: { enabled: false },
  databaseHooks: { user: { create: { before: async (user) => ({ data: { ...user, role: roleOf(user) } }) } } },
  plugins: [admin(), jwt({ jwks: { keyPairConfig: { alg: "RS256", modulusLength: 2048 } } })],
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const answer = toNodeHandler(auth);
const server = http.createServer((request, response) => {
  if (request.url === "/healthz") response.end("ok");
  else answer(request, response);
});
server.listen(Number(port), "127.0.0.1");
