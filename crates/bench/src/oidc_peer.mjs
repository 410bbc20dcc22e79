// The npm package `oidc-provider`, keeping everything in memory; prints its port and refresh tokens.
import Provider from "oidc-provider";

const client = {
  client_id: "bench",
  client_secret: "bench-secret-bench-secret-bench-secret",
  grant_types: ["client_credentials", "refresh_token", "authorization_code"],
  redirect_uris: ["https://bench.example/cb"],
  scope: "openid offline_access",
};
const provider = new Provider("http://127.0.0.1", {
  clients: [client],
  scopes: ["openid", "offline_access"],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
});
const refresh = [];
for (let number = 0; number < Number(process.argv[2]); number++) {
  const grant = new provider.Grant({ accountId: "1", clientId: client.client_id });
  grant.addOIDCScope("openid offline_access");
  const token = new provider.RefreshToken({
    accountId: "1",
    client: await provider.Client.find(client.client_id),
    grantId: await grant.save(),
    scope: "openid offline_access",
    gty: "authorization_code",
  });
  refresh.push(await token.save());
}
const server = provider.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ port: server.address().port, refresh })));
