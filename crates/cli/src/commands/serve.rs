//! `muster serve`.

mod directory;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use jiff::SignedDuration;
use muster_app::{Ctx, Kind, Opened};
use muster_auth::Caretaker;
use muster_engine::{RunEnd, RunOptions};
use muster_model::{Network, Text};
use muster_oidc::Teller;
use muster_policy::{Server, ServerLimits, TlsFiles};
use muster_web::{Door, Limits, Rate, Service, Tls};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use self::directory::Directory;
use crate::{
    Exit, Result,
    commands::run::{MODEL_CHANGED, drive},
    error::CommandError,
    log::{self, LogArgs},
    shell::Shell,
    ui::Format,
};

/// Where it listens when nothing is said.
const LISTEN: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080));
/// How often it is looked whether somebody asked to stop.
const LOOK: Duration = Duration::from_millis(100);
/// Before the loop is begun again after trouble.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// Serve the API, SCIM and decisions, and keep every system right, until stopped
///
/// It is `muster run` with listeners: one process reads, plans and applies what is due, and answers over HTTP. Programs
/// call it with a token from `muster token create`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Where to listen [default: `server.listen` of the model, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where to listen for LDAP [default: `directory.listen` of the model]
    #[arg(long, value_name = "ADDRESS")]
    ldap_listen: Option<SocketAddr>,
    /// A file with the certificate and its chain, in PEM form; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// A file with the private key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// A proxy, or a network of them, that is believed when it says whose request it passes on; may be repeated
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    trusted_proxies: Vec<Network>,
    /// Only answer; another process keeps the systems right
    #[arg(long)]
    no_run: bool,
    #[command(flatten)]
    log: LogArgs,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    shell.stop_gracefully();
    let (ctx, opened) = shell.open().await?;
    let telemetry = args.log.start(shell, &opened.model.server)?;
    let end = listen(shell, args, ctx, opened).await;
    log::end(telemetry).await;
    end
}

async fn listen(shell: &mut Shell, args: Args, ctx: Ctx, opened: Opened) -> Result<Exit> {
    let Serving { listen, tls, limits } = Serving::of(shell, &args, &opened.model.server)?;
    let tls = tls.map(|tls| asking_clients(shell, tls, &opened.model.server)).transpose()?;
    let certificate = Serving::of(shell, &args, &opened.model.server)?.tls;
    let directory = Directory::open(args.ldap_listen, &opened.model, certificate).await?;
    let listener = TcpListener::bind(listen).await;
    let listener = listener.map_err(|error| cannot_listen(listen, &error, "--listen"))?;
    let address = listener.local_addr().unwrap_or(listen);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let door = Door { listener, tls };
    let service = Service::new(opened.clone(), Arc::clone(&shell.host.clock), limits.clone());
    let router = muster_web::finish((shell.host.faces)(&service), service.clone());
    let mut urls = vec![format!("{scheme}://{address}")];
    urls.extend(directory.iter().flat_map(|directory| directory.urls.clone()));
    say_where(shell, &opened, &urls)?;
    let stop = stopped(shell);
    let directory = directory.map(|directory| directory.serve(service.clone(), stopped(shell)));
    let served = tokio::spawn(async move { muster_web::serve(door, router, &limits, stop).await });
    let cared = service.clone();
    let caretaker = Caretaker::new(move || cared.opened(), Arc::clone(&shell.host.clock));
    let caring = tokio::spawn(caretaker.run(stopped(shell)));
    let telling = tokio::spawn(Teller::new(service.clone()).run(stopped(shell)));
    let end = if args.no_run { Ok(()) } else { keep_right(shell, ctx, opened, &service).await };
    // Whatever ended the loop, requests that run may still end.
    if end.is_err() {
        shell.host.interrupted.store(true, Ordering::Relaxed);
    }
    // They stop by themselves; what they could not do is done by the next process.
    drop((telling.await, caring.await));
    ended(served).await?;
    if let Some(directory) = directory {
        ended(directory).await?;
    }
    end.map(|()| Exit::Interrupted)
}

/// Waits for the end of a listener.
pub(super) async fn ended(served: JoinHandle<io::Result<()>>) -> Result<()> {
    match served.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            Err(CommandError::new(Exit::Unreachable, format!("cannot serve: {error}")))
        }
        Err(_) => Err(CommandError::new(Exit::Failed, "the listener ended with a panic")),
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error, option: &str) -> CommandError {
    CommandError::new(Exit::Unreachable, format!("cannot listen on {address}: {error}"))
        .hint(format!("another process may listen there already; choose another with {option}"))
}

/// Done when somebody asked to stop.
pub(super) fn stopped(shell: &Shell) -> impl Future<Output = ()> + Send + use<> {
    let interrupted = Arc::clone(&shell.host.interrupted);
    async move {
        while !interrupted.load(Ordering::Relaxed) {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// How it is served: what the command line says, else what the model says, else what is usual.
struct Serving {
    listen: SocketAddr,
    tls: Option<Tls>,
    limits: Limits,
}

impl Serving {
    fn of(shell: &Shell, args: &Args, model: &Server) -> Result<Self> {
        let files = match (&args.tls_certificate, &args.tls_key, &model.tls) {
            (Some(certificate), Some(key), _) => Some((shell.path(certificate), shell.path(key))),
            (None, None, Some(TlsFiles { certificate, key, .. })) => {
                let dir = shell.project_dir();
                Some((dir.join(&**certificate), dir.join(&**key)))
            }
            (Some(_) | None, Some(_) | None, Some(_) | None) => None,
        };
        let tls = files.map(|(certificate, key)| Tls::open(&certificate, &key)).transpose();
        let tls = tls.map_err(|error| no_certificate(&error))?;
        let mut limits = limits(model.limits);
        limits.trusted_proxies = match args.trusted_proxies.as_slice() {
            [] => model.trusted_proxies.clone(),
            said => said.to_vec(),
        };
        Ok(Self { listen: args.listen.or(model.listen).unwrap_or(LISTEN), tls, limits })
    }
}

/// The certificate of the listener for HTTP, which may ask others for theirs. The directory does not.
fn asking_clients(shell: &Shell, tls: Tls, model: &Server) -> Result<Tls> {
    let files = model.tls.as_ref();
    let file = |name: Option<&Text>| name.map(|name| shell.project_dir().join(&**name));
    let Some(authorities) = file(files.and_then(|files| files.client_ca.as_ref())) else {
        return Ok(tls);
    };
    let revoked = file(files.and_then(|files| files.client_crl.as_ref()));
    let asking = tls.with_clients(&authorities, revoked.as_deref());
    asking.map_err(|error| no_certificate(&error))
}

fn no_certificate(error: &io::Error) -> CommandError {
    CommandError::new(Exit::Failed, format!("the certificate cannot be used: {error}"))
}

/// The usual limits, with what the model says instead.
fn limits(model: ServerLimits) -> Limits {
    let ServerLimits { body, connections, answer, drain, rate, burst } = model;
    let usual = Limits::default();
    let number =
        |said: Option<u64>, usual| said.map_or(usual, |n| n.try_into().unwrap_or(usize::MAX));
    let length =
        |said: Option<SignedDuration>, usual| said.map_or(usual, SignedDuration::unsigned_abs);
    let per_second = rate.map_or(usual.rate.per_second, as_rate);
    let burst = burst.map_or(2.0 * per_second, as_rate);
    Limits {
        body: number(body, usual.body),
        connections: number(connections, usual.connections),
        answer_time: length(answer, usual.answer_time),
        drain_time: length(drain, usual.drain_time),
        rate: Rate { per_second, burst },
        ..usual
    }
}

/// The model allows a million at most.
fn as_rate(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Says where it is reached: over HTTP first, then over LDAP.
fn say_where(shell: &mut Shell, opened: &Opened, urls: &[String]) -> Result<()> {
    let text = format!(
        "muster {}  {}  {}  revision {}",
        shell.host.version,
        opened.store.url(),
        urls.join("  "),
        opened.revision
    );
    let (url, ldap) = urls.split_first().map_or(("", &[][..]), |(url, rest)| (url.as_str(), rest));
    let mut document = json!({
        "event": "listening", "address": url.split("//").last(), "url": url,
        "revision": opened.revision
    });
    if let Some(map) = document.as_object_mut().filter(|_| !ldap.is_empty()) {
        map.insert("ldap".to_owned(), ldap.into());
    }
    match shell.ui.format() {
        Format::Json | Format::Jsonl => shell.ui.write(&format!("{document}\n"))?,
        Format::Text | Format::Csv | Format::Md => shell.ui.say(&text)?,
    }
    shell.ui.flush();
    Ok(())
}

/// Runs the loop until somebody asks to stop. A new model is opened and served from then on; trouble is told, and the loop
/// begun again: the listener goes on meanwhile.
async fn keep_right(
    shell: &mut Shell,
    mut ctx: Ctx,
    mut opened: Opened,
    service: &Service,
) -> Result<()> {
    loop {
        let beat = || service.beat();
        match drive(shell, "muster serve", ctx, &opened, RunOptions::default(), beat).await? {
            Ok(RunEnd::Done | RunEnd::Stopped) => return Ok(()),
            Ok(RunEnd::ModelChanged) => shell.ui.say(MODEL_CHANGED)?,
            Err(error) if error.kind() == Kind::Busy => {
                pause(shell, AFTER_TROUBLE).await;
            }
            Err(error) => {
                shell
                    .ui
                    .warn(&format!("{error}; trying again in {} s", AFTER_TROUBLE.as_secs()))?;
                pause(shell, AFTER_TROUBLE).await;
            }
        }
        if shell.host.interrupted.load(Ordering::Relaxed) {
            return Ok(());
        }
        ctx = shell.ctx();
        match shell.open().await {
            Ok((_, project)) => {
                opened = project;
                service.replace(opened.clone());
            }
            Err(error) => shell.ui.fail(&error),
        }
    }
}

/// Waits, but not when somebody asked to stop.
async fn pause(shell: &Shell, length: Duration) {
    drop(tokio::time::timeout(length, stopped(shell)).await);
}
