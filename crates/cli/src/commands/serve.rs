//! `muster serve`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use muster_app::{Ctx, Kind, Opened};
use muster_engine::{CancelFlag, RunEnd, RunEvent, RunOptions};
use muster_model::Text;
use muster_web::{Door, Limits, Service, Tls};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc};

use crate::{
    Exit, Result,
    commands::run::{audit_beside, show},
    error::CommandError,
    shell::Shell,
    ui::Format,
};

/// How often it is looked whether somebody asked to stop.
const LOOK: Duration = Duration::from_millis(100);
/// How often the loop says that it is alive.
const BEAT: Duration = Duration::from_secs(5);
/// Before the loop is begun again after trouble.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// Serve the API, SCIM and decisions, and keep every system right, until stopped
///
/// It is `muster run` with listeners: one process reads, plans and applies what is due, and answers over HTTP. Programs
/// call it with a token from `muster token create`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// A file with the certificate and its chain, in PEM form; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// A file with the private key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Only answer; another process keeps the systems right
    #[arg(long)]
    no_run: bool,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    shell.stop_gracefully();
    let (ctx, opened) = shell.open().await?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        CommandError::new(Exit::Unreachable, format!("cannot listen on {}: {error}", args.listen))
            .hint("another process may listen there already; choose another with --listen")
    })?;
    let address = listener.local_addr().unwrap_or(args.listen);
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(open_tls(shell, certificate, key)?),
        (Some(_) | None, Some(_) | None) => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let door = Door { listener, tls };
    let limits = Limits::default();
    let service = Service::new(opened.clone(), Arc::clone(&shell.host.clock), limits.clone());
    let router = muster_web::finish((shell.host.faces)(), service.clone());
    say_where(shell, &opened, &format!("{scheme}://{address}"))?;
    let stop = stopped(shell);
    let served = tokio::spawn(async move { muster_web::serve(door, router, &limits, stop).await });
    let end = if args.no_run { Ok(()) } else { keep_right(shell, ctx, opened, &service).await };
    // Whatever ended the loop, requests that run may still end.
    if end.is_err() {
        shell.host.interrupted.store(true, Ordering::Relaxed);
    }
    match served.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            return Err(CommandError::new(Exit::Unreachable, format!("cannot serve: {error}")));
        }
        Err(_) => return Err(CommandError::new(Exit::Failed, "the listener ended with a panic")),
    }
    end.map(|()| Exit::Interrupted)
}

/// Done when somebody asked to stop.
fn stopped(shell: &Shell) -> impl Future<Output = ()> + Send + use<> {
    let interrupted = Arc::clone(&shell.host.interrupted);
    async move {
        while !interrupted.load(Ordering::Relaxed) {
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn open_tls(shell: &Shell, certificate: &Path, key: &Path) -> Result<Tls> {
    Tls::open(&shell.path(certificate), &shell.path(key)).map_err(|error| {
        CommandError::new(Exit::Failed, format!("the certificate cannot be used: {error}"))
    })
}

fn say_where(shell: &mut Shell, opened: &Opened, url: &str) -> Result<()> {
    let text = format!(
        "muster {}  {}  {url}  revision {}",
        shell.host.version,
        opened.store.url(),
        opened.revision
    );
    let document = json!({
        "event": "listening", "address": url.split("//").last(), "url": url,
        "revision": opened.revision
    });
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
        ctx.actor = Text::from(format!("{} (muster serve)", shell.host.actor));
        let (heard, mut events) = mpsc::unbounded_channel();
        // Nobody hears it any more when the command ends; then nobody has to.
        let listener = move |event: &RunEvent| drop(heard.send(event.clone()));
        let cancel = CancelFlag(Arc::clone(&shell.host.interrupted));
        let run = muster_engine::run(&ctx, &opened, RunOptions::default(), &listener, &cancel);
        let mut run = Box::pin(run);
        service.beat();
        let audit = audit_beside(&ctx, &opened, &cancel);
        let end = loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => show(shell, &event)?,
                end = &mut run => break end,
                () = tokio::time::sleep(BEAT) => service.beat(),
            }
        };
        drop(audit);
        drop(run);
        while let Ok(event) = events.try_recv() {
            show(shell, &event)?;
        }
        match end {
            Ok(RunEnd::Done | RunEnd::Stopped) => return Ok(()),
            Ok(RunEnd::ModelChanged) => {
                shell.ui.say("the model changed; going on with the new one")?;
            }
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
        match shell.open().await {
            Ok((again, project)) => {
                (ctx, opened) = (again, project);
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
