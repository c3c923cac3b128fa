// A real OpenID provider for the tests: told on standard input what it is, it says where it listens
// and serves until it is ended. Whoever types a name that is in `people` is that person.
import { createServer } from "node:http";
import Provider from "oidc-provider";

let text = "";
for await (const part of process.stdin) text += part;
const told = JSON.parse(text);

const server = createServer();
server.listen(told.port, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: told.clients,
    jwks: { keys: told.keys },
    cookies: { keys: told.cookieKeys },
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
    conformIdTokenClaims: false, // the groups are in the ID token itself
    pkce: { required: () => true },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: told.people[id] ?? [] }),
    }),
    extraTokenClaims: (_, token) => ({ groups: told.people[token.accountId ?? token.clientId] ?? [] }),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({
          audience,
          scope: "",
          accessTokenTTL: told.seconds,
          accessTokenFormat: "jwt",
        }),
      },
    },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
