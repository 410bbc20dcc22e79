//! Tokens: client credentials, refresh, introspection and sign-ins by password of the served product; the first three beside the npm
//! package `oidc-provider`.
//!
//! Figures are requests for each second of processor time of the server, which is what one core gives, and for each second on the
//! wall. The peer keeps everything in memory; the product writes every refresh to its store.

mod sign_ins;

use std::{
    io::{BufRead as _, BufReader},
    net::{IpAddr, Ipv4Addr},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use muster_app::{Clock as _, Opened, create_application_secret};
use muster_auth::{Amr, Authenticator, Opening, SESSION_COOKIE, Verified};
use muster_engine::{NoProgress, SyncOptions, sync};
use reqwest::{Client, header};
use serde_json::{Value as Json, json};

use crate::{
    output::{figures, processor_seconds, say},
    rig::{BenchClock, Rig, seconds},
    served::Served,
};

const MODEL: &str = r#"muster: 1
url: http://127.0.0.1
types:
  person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } }
systems:
  hr: { connector: csv, settings: { path: data/hr.csv, key: id }, reads: { person: { owns: { id: record.id } } } }
applications:
  bench:
    redirect_uris: "https://bench.example/cb"
    grants: [authorization_code, refresh_token, client_credentials]
    scopes: [openid, offline_access]
"#;
const VERIFIER: &str = "a-verifier-of-forty-three-letters-or-more-01";
/// The challenge of [`VERIFIER`].
const CHALLENGE: &str = "ZbYc60GhY2wQV0grRFerSj1_D8m8zqg61TK1b_zL9hQ";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Requests of each kind
    #[arg(long, default_value_t = 20_000)]
    requests: usize,
    /// Connections at the same time
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Seconds for each measurement of sign-ins by password; 0 leaves them out
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Leave the peer out, which needs `npm`
    #[arg(long)]
    alone: bool,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "oidc: {} requests of each kind over {} connections; per second of processor time, and on the wall",
        args.requests, args.connections
    ))?;
    let rig = Rig::new(MODEL, None)?;
    std::fs::write(rig.dir.join("data/hr.csv"), sign_ins::people())?;
    let opened = rig.open().await?;
    sync(&rig.ctx, &opened, &SyncOptions::default(), &NoProgress).await?;
    sign_ins::prepare(&rig.ctx, &opened).await?;
    let secret = create_application_secret(&rig.ctx, &opened, "bench", None).await?.secret;
    let served = Served::start(&rig.dir, &["--no-run"]).await?;
    let target = Arc::new(Target {
        url: served.url.clone(),
        token: format!("{}/oauth2/token", served.url),
        introspect: format!("{}/oauth2/introspect", served.url),
        secret,
        process: served.process(),
    });
    let tokens = sign_in(&opened, &target, args.connections).await?;
    let muster = measure(&target, tokens, &args).await?;
    let sign_ins = match args.seconds {
        0 => Json::Null,
        seconds => sign_ins::measure(&target, seconds).await?,
    };
    let peer = if args.alone {
        Json::Null
    } else {
        let (peer, tokens) = Peer::start(&rig.dir, args.connections)?;
        measure(&peer.target, tokens, &args).await?
    };
    figures(&json!({ "muster": muster, "sign_ins": sign_ins, "oidc_provider": peer }))
}

/// A server that is measured.
struct Target {
    /// The address; of the peer none, which is asked for tokens only.
    url: String,
    token: String,
    introspect: String,
    secret: String,
    process: u32,
}

/// Signs somebody in as often as there are connections; returns the refresh tokens.
async fn sign_in(opened: &Opened, target: &Target, times: usize) -> Result<Vec<String>> {
    let now = BenchClock.now();
    let authenticator = Authenticator::new(&opened.model.sign_in);
    let mut tx = opened.store.read().await?;
    let type_no = opened.names.types.first().context("no types")?.no;
    let people = tx.scan_entities(type_no, None, 1).await?;
    drop(tx);
    let identity = people.first().context("nobody is there")?.id;
    let verified = Verified { identity, auth_time: now, amr: vec![Amr::Password] };
    let network = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (_, cookie) =
        authenticator.open(opened, &verified, Opening { network, device: "bench", now }).await?;
    let (client, mut tokens) = (sign_ins::browser()?, Vec::new());
    for _ in 0..times {
        let answer = exchange(&client, &target.url, &target.secret, cookie.reveal()).await?;
        tokens.push(text(&answer, "refresh_token")?);
    }
    Ok(tokens)
}

/// Signs the person of a session in to the application `bench`; what that gets.
pub(crate) async fn exchange(
    client: &Client,
    url: &str,
    secret: &str,
    cookie: &str,
) -> Result<Json> {
    let link = format!(
        "{url}/oauth2/authorize?client_id=bench&redirect_uri=https%3A%2F%2Fbench.example%2Fcb&response_type=code\
         &scope=openid+offline_access&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let cookie = format!("{SESSION_COOKIE}={cookie}");
    let answer = client.get(&link).header(header::COOKIE, cookie).send().await?;
    let back = answer.headers().get(header::LOCATION).context("nobody is sent back")?.to_str()?;
    let code = back.split_once("?code=").context("there is no code")?.1;
    let code = code.split('&').next().unwrap_or_default();
    let form = format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}");
    post(client, &format!("{url}/oauth2/token"), secret, form).await
}

/// Posts a form as the application; what it is answered.
pub(crate) async fn post(client: &Client, url: &str, secret: &str, form: String) -> Result<Json> {
    let request = client.post(url).basic_auth("bench", Some(secret));
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body(form).send().await?;
    let status = answer.status();
    let body = answer.text().await?;
    ensure!(status.is_success(), "{url} answers {status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

/// A text in an answer.
pub(crate) fn text(answer: &Json, field: &str) -> Result<String> {
    let found = answer.get(field).and_then(Json::as_str);
    Ok(found.with_context(|| format!("there is no `{field}`"))?.to_owned())
}

/// What a connection asks, over and over.
#[derive(Clone)]
enum Ask {
    Credentials,
    Introspect(String),
    /// Each answer holds the token for the next question.
    Refresh(String),
}

/// The peer keeps a thousand things at most, and forgets what was not asked for lately: what needs a token comes first.
async fn measure(target: &Target, tokens: Vec<String>, args: &Args) -> Result<Json> {
    let all = |ask: Ask| vec![ask; args.connections];
    let refresh = rate(target, tokens.into_iter().map(Ask::Refresh).collect(), args).await?;
    let client = Client::builder().no_proxy().build()?;
    let own = "grant_type=client_credentials".to_owned();
    let token = text(&post(&client, &target.token, &target.secret, own).await?, "access_token")?;
    let introspect = rate(target, all(Ask::Introspect(token)), args).await?;
    let credentials = rate(target, all(Ask::Credentials), args).await?;
    Ok(json!({ "credentials": credentials, "introspect": introspect, "refresh": refresh }))
}

async fn rate(target: &Target, asks: Vec<Ask>, args: &Args) -> Result<Json> {
    let each = args.requests / args.connections.max(1);
    let total = f64::from(u32::try_from(each * asks.len())?);
    let (start, before) = (Instant::now(), processor_seconds(target.process)?);
    let secret: Arc<str> = target.secret.as_str().into();
    let mut running = tokio::task::JoinSet::new();
    for ask in asks {
        let (token, introspect) = (target.token.clone(), target.introspect.clone());
        let secret = Arc::clone(&secret);
        running.spawn(async move {
            let client = Client::builder().no_proxy().build()?;
            let mut ask = ask;
            for _ in 0..each {
                match &mut ask {
                    Ask::Credentials => {
                        let form = "grant_type=client_credentials".to_owned();
                        post(&client, &token, &secret, form).await?;
                    }
                    Ask::Introspect(token) => {
                        let form = format!("token={token}");
                        let said = post(&client, &introspect, &secret, form).await?;
                        ensure!(said.get("active") == Some(&Json::Bool(true)), "{said}");
                    }
                    Ask::Refresh(refresh) => {
                        let form = format!("grant_type=refresh_token&refresh_token={refresh}");
                        let said = post(&client, &token, &secret, form).await?;
                        *refresh = text(&said, "refresh_token")?;
                    }
                }
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    let cpu = processor_seconds(target.process)? - before;
    Ok(
        json!({ "per_core": (total / cpu.max(0.01)).round(), "per_second": (total / seconds(start)).round() }),
    )
}

/// The npm package.
struct Peer {
    child: Child,
    target: Target,
}

impl Peer {
    fn start(dir: &Path, tokens: usize) -> Result<(Self, Vec<String>)> {
        let script = dir.join("peer.mjs");
        std::fs::write(&script, include_str!("oidc_peer.mjs"))?;
        let mut npm = Command::new("npm");
        npm.current_dir(dir).args(["install", "--silent", "--no-audit", "--no-fund"]);
        let installed = npm.arg("oidc-provider@9.13.3").output().context("`npm` is needed")?;
        let said = String::from_utf8_lossy(&installed.stderr);
        ensure!(installed.status.success(), "npm cannot install oidc-provider: {said}");
        let mut node = Command::new("node");
        node.arg(&script).arg(tokens.to_string()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = node.spawn()?;
        let out = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(out).lines();
        // What it says before is advice.
        let said = lines.find_map(|line| serde_json::from_str::<Json>(&line.ok()?).ok());
        let said = said.context("`oidc-provider` did not start")?;
        std::thread::spawn(move || lines.for_each(drop));
        let port = said.get("port").and_then(Json::as_u64).context("no port")?;
        let tokens = said.get("refresh").and_then(Json::as_array).context("no tokens")?;
        let tokens = tokens.iter().filter_map(|token| Some(token.as_str()?.to_owned())).collect();
        let target = Target {
            url: String::new(),
            token: format!("http://127.0.0.1:{port}/token"),
            introspect: format!("http://127.0.0.1:{port}/token/introspection"),
            secret: "bench-secret-bench-secret-bench-secret".to_owned(),
            process: child.id(),
        };
        Ok((Self { child, target }, tokens))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
    }
}
