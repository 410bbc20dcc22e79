//! The one binary, `muster`: the composition root.
//!
//! It knows the process (arguments, environment, streams, clock, signals) and the connectors there are, and hands both to
//! the command line. It decides nothing.

mod connectors;
mod process;

use std::{panic, process::ExitCode, sync::Arc};

use muster_agent::Agents;
use muster_cli::Host;

/// Evaluation makes many small allocations on several threads; this allocator takes a fifth less time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    panic::set_hook(Box::new(process::report_panic));
    let run = panic::catch_unwind(|| {
        // A provider can only be there already when something installed it before main.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return process::cannot_start(&error),
        };
        let host = host();
        runtime.spawn(process::watch_interrupts(
            Arc::clone(&host.interrupted),
            Arc::clone(&host.stops_gracefully),
        ));
        let code = runtime.block_on(muster_cli::run(
            std::env::args_os().collect(),
            host,
            process::streams(),
        ));
        // What is still waiting for a system must not keep the process.
        runtime.shutdown_background();
        ExitCode::from(code)
    });
    // The hook has said what happened.
    run.unwrap_or(ExitCode::FAILURE)
}

/// What `muster serve` answers with.
fn faces(service: &muster_web::Service, agents: &Agents) -> muster_web::Router {
    muster_web::Router::new()
        .merge(muster_api::router())
        .merge(muster_scim_server::router(service))
        .merge(muster_web::events())
        .merge(muster_authzen::router())
        .merge(muster_signin::router())
        .merge(muster_console::router())
        .merge(muster_oidc::router())
        .merge(agents.router())
}

fn host() -> Host {
    let connectors = connectors::BuiltIn::default();
    let agents = connectors.agents.clone();
    Host {
        connectors: Arc::new(connectors),
        faces: Arc::new(move |service| faces(service, &agents)),
        log: || Box::new(std::io::stderr()),
        clock: Arc::new(process::SystemClock),
        actor: process::user_name().into(),
        variables: process::variables(),
        current_dir: std::env::current_dir().unwrap_or_default(),
        temp_dir: std::env::temp_dir(),
        process_id: std::process::id(),
        interrupted: Arc::default(),
        stops_gracefully: Arc::default(),
        version: env!("CARGO_PKG_VERSION"),
        target: process::target(),
    }
}
