// oidc-provider that issues RS256 access tokens by client credentials, from memory: `node server.mjs PORT`.
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), alg: "RS256", kid: "benchmark", use: "sig" };
const api = { scope: "read", accessTokenFormat: "jwt", accessTokenTTL: 60, jwt: { sign: { alg: "RS256" } } };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [key] },
  clients: [
    { client_id: "backend", client_secret: "secret", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "https://api.example.test",
      getResourceServerInfo: () => api,
      useGrantedResource: () => true,
    },
  },
});
provider.listen(port, "127.0.0.1");
