//! Relying parties that others wrote, unmodified, over a real connection.

use std::{net::SocketAddr, sync::Arc};

use muster_store::{ApplicationSecret, Sequence};
use muster_testkit::{Apache, run_node, run_python};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, sync::oneshot};

use crate::support::{ISSUER, Served, Standing};

/// Muster on a port, in the time of the machine: others look at their own clock.
struct Live {
    served: Served,
    issuer: String,
    _stop: oneshot::Sender<()>,
}

impl Live {
    async fn start() -> Self {
        Self::with(|_| Vec::new()).await
    }

    /// With changes of the model, which know the issuer.
    async fn with(changes: impl FnOnce(&str) -> Vec<(&'static str, String)>) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::new(Standing::running());
        let mut all = vec![(ISSUER, issuer.clone())];
        all.extend(changes(&issuer));
        let served = Served::changed(&all, clock).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let (router, limits) = (served.router.clone(), served.service.limits().clone());
        tokio::spawn(async move {
            let told = async { drop(stopped.await) };
            muster_web::serve(listener, router, &limits, told).await.unwrap();
        });
        Self { served, issuer, _stop: stop }
    }

    /// Runs a program of others: it gets the issuer, a client, its secret, and the cookie of somebody who is signed in.
    async fn run(
        &self,
        program: fn(&str, &[&str]) -> anyhow::Result<String>,
        text: &'static str,
    ) -> Json {
        let secret = self.served.secret("wiki").await;
        // Bob stays: he has no end date.
        let cookie = self.served.sign_in("2").await;
        let issuer = self.issuer.clone();
        let written = tokio::task::spawn_blocking(move || {
            program(text, &[&issuer, "wiki", &secret, "https://wiki.example/cb", &cookie])
        });
        let written = written.await.unwrap().unwrap_or_else(|error| panic!("{error:#}"));
        serde_json::from_str(&written).unwrap_or_else(|_| panic!("{written}"))
    }
}

const AUTHLIB: &str = r#"
import json, os, sys
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
issuer, client, secret, redirect, cookie = sys.argv[1:6]
meta = requests.get(get_well_known_url(issuer, external=True)).json()
session = OAuth2Session(client, secret, scope="openid profile email", redirect_uri=redirect, code_challenge_method="S256")
verifier, nonce = generate_token(48), generate_token()
url, state = session.create_authorization_url(meta["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
answer = requests.get(url, headers={"Cookie": cookie}, allow_redirects=False)
token = session.fetch_token(meta["token_endpoint"], authorization_response=answer.headers["Location"], code_verifier=verifier, state=state)
keys = JsonWebKey.import_key_set(requests.get(meta["jwks_uri"]).json())
claims = jwt.decode(token["id_token"], keys, claims_cls=CodeIDToken,
    claims_options={"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client}},
    claims_params={"nonce": nonce, "client_id": client, "access_token": token["access_token"]})
claims.validate()
info = session.get(meta["userinfo_endpoint"]).json()
new = session.refresh_token(meta["token_endpoint"], refresh_token=token["refresh_token"])
seen = session.introspect_token(meta["introspection_endpoint"], token=new["access_token"]).json()
session.revoke_token(meta["revocation_endpoint"], token=new["refresh_token"])
gone = session.introspect_token(meta["introspection_endpoint"], token=new["access_token"]).json()
print(json.dumps({"name": claims["name"], "same": claims["sub"] == info["sub"], "seen": seen["active"], "gone": gone["active"]}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn authlib_signs_somebody_in_refreshes_introspects_and_revokes() {
    let said = Live::start().await.run(run_python, AUTHLIB).await;
    let expected =
        serde_json::json!({ "name": "Bob Stone", "same": true, "seen": true, "gone": false });
    assert_eq!(said, expected);
}

const OPENID_CLIENT: &str = r"
import * as client from 'openid-client'
const [issuer, id, secret, redirect_uri, cookie] = process.argv.slice(2)
const insecure = { execute: [client.allowInsecureRequests] }
const config = await client.discovery(new URL(issuer), id, secret, client.ClientSecretBasic(secret), insecure)
async function signIn(options, build) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState(), expectedNonce = client.randomNonce()
  const parameters = {
    redirect_uri, scope: 'openid profile', state: expectedState, nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
  }
  const url = await build(config, parameters, options)
  const answer = await fetch(url, { redirect: 'manual', headers: { cookie } })
  const back = new URL(answer.headers.get('location'))
  return client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState, expectedNonce }, undefined, options)
}
const tokens = await signIn(undefined, client.buildAuthorizationUrl)
const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
const again = await client.refreshTokenGrant(config, tokens.refresh_token)
const seen = await client.tokenIntrospection(config, again.access_token)
const pushed = await signIn(undefined, client.buildAuthorizationUrlWithPAR)
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair())
const bound = await signIn({ DPoP }, client.buildAuthorizationUrlWithPAR)
const held = await client.fetchUserInfo(config, bound.access_token, bound.claims().sub, { DPoP })
await client.tokenRevocation(config, again.refresh_token)
const gone = await client.tokenIntrospection(config, again.access_token)
const end = client.buildEndSessionUrl(config, { id_token_hint: pushed.id_token, post_logout_redirect_uri: 'https://wiki.example/bye' })
const out = await fetch(end, { redirect: 'manual', headers: { cookie } })
console.log(JSON.stringify({
  name: info.name, seen: seen.active, pushed: pushed.claims().aud, type: bound.token_type, held: held.name,
  gone: gone.active, out: out.headers.get('location'),
}))
";

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_signs_somebody_in_with_pushed_requests_and_bound_tokens_and_out_again() {
    let said = Live::start().await.run(run_node, OPENID_CLIENT).await;
    let expected = serde_json::json!({
        "name": "Bob Stone", "seen": true, "pushed": "wiki", "type": "dpop", "held": "Bob Stone", "gone": false,
        "out": "https://wiki.example/bye",
    });
    assert_eq!(said, expected);
}

const BROWSER: &str = r#"
import json, sys
import requests
page, cookie = sys.argv[1:3]
browser = requests.Session()
name, value = cookie.split("=", 1)
browser.cookies.set(name, value, domain="127.0.0.1")
first = browser.get(page)
again = browser.get(page, allow_redirects=False)
stranger = requests.get(page, allow_redirects=False)
print(json.dumps({"first": first.text, "hops": len(first.history), "again": again.status_code, "stranger": stranger.status_code}))
"#;

/// What Apache and the wiki share.
const SHARED: &str = "a-secret-that-both-know-from-the-beginning";

#[tokio::test(flavor = "multi_thread")]
async fn apache_lets_in_who_is_signed_in() {
    let mut apache = None;
    let live = Live::with(|issuer| {
        let directives = |port: u16| {
            format!(
                "OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration\nOIDCClientID wiki\nOIDCClientSecret {SHARED}\n\
                 OIDCRedirectURI http://localhost:{port}/back\nOIDCCryptoPassphrase tern\nOIDCPKCEMethod S256\n\
                 OIDCScope \"openid profile email\"\nOIDCRemoteUserClaim preferred_username\n\
                 <Location />\nAuthType openid-connect\nRequire claim email:bob@tern.example\n</Location>\n"
            )
        };
        let started = Apache::with(&["auth_openidc"], directives).unwrap();
        let back = format!("http://localhost:{}/back", started.port());
        apache = Some(started);
        vec![("https://wiki.example/other", back)]
    });
    let live = live.await;
    share(&live.served).await;
    let cookie = live.served.sign_in("2").await;
    let page = format!("http://localhost:{}/index.html", apache.as_ref().unwrap().port());
    let written = tokio::task::spawn_blocking(move || run_python(BROWSER, &[&page, &cookie]));
    let said: Json = serde_json::from_str(&written.await.unwrap().unwrap()).unwrap();
    let expected =
        serde_json::json!({ "first": "welcome", "hops": 3, "again": 200, "stranger": 302 });
    assert_eq!(said, expected);
}

/// Gives the wiki the secret that Apache was started with.
async fn share(served: &Served) {
    let mut tx = served.opened.store.begin().await.unwrap();
    let secret = ApplicationSecret {
        id: tx.take_ids(Sequence::ApplicationSecret, 1).await.unwrap(),
        application: "wiki".into(),
        hash: Sha256::digest(SHARED).to_vec(),
        hint: "a-se".into(),
        created_at: served.ctx.now(),
        created_by: "test".into(),
        expires_at: None,
        revoked_at: None,
    };
    tx.insert_application_secret(&secret).await.unwrap();
    tx.commit().await.unwrap();
}
