//! Benchmarks. Each prints its shape, its figures, and as its last line one JSON object with them.
//!
//! Every shape is made by a seeded generator and goes through the same functions as real work; only what lies outside
//! Muster (targets without delay) is replaced. `docs/performance.md` holds figures with the command that made them.

mod change;
mod connectors;
mod console;
mod decisions;
mod directory;
mod import;
mod ldap;
mod leaver;
mod midpoint;
mod nodes;
mod oidc;
mod output;
mod pairs;
mod plan;
mod react;
mod rig;
mod scim_inbound;
mod scim_server;
mod serve;
mod served;
mod shape;

use clap::{Parser, Subcommand};

/// As in the product: evaluation makes many small allocations on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Benchmarks of Muster")]
struct Args {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// Evaluates everybody and plans when nothing changed
    Plan(plan::Args),
    /// Imports records from a CSV file
    Import(import::Args),
    /// Runs the stages of the published midPoint system test
    Midpoint(midpoint::Args),
    /// Changes one person at a time, until the orders are in the queue
    Change(change::Args),
    /// Runs the loop under a stream of changes: latency to the queue and to the verified order
    React(react::Args),
    /// As `react` for an hour, with memory and latency of every minute
    Soak(react::Soak),
    /// Kills one of several nodes at random, again and again
    Nodes(nodes::Args),
    /// Decides for applications, in process and over HTTP
    Decisions(decisions::Args),
    /// Searches in the directory that is served, and in slapd with the same entries
    Directory(directory::Args),
    /// Tokens of the served product: client credentials, refresh, introspection, sign-ins; beside `oidc-provider`
    Oidc(oidc::Args),
    /// Every page of the console: time of the server and bytes, for an operator and for somebody who sees few
    Console(console::Args),
    /// Creates accounts in a real LDAP directory
    Ldap(ldap::Args),
    /// Ends people over the API: how long until every door is shut and their accounts are disabled
    Leaver(leaver::Args),
    /// Starts the served product: time to be ready, memory at rest
    Serve(serve::Args),
    /// Users over SCIM, few and many, beside other servers
    ScimServer(scim_server::Args),
    /// Records pushed over SCIM Bulk that are answered later: at a pace, and more than may wait
    ScimInbound(scim_inbound::Args),
    /// Compares the SCIM connector with a bare HTTP client
    ConnectorScim(connectors::scim::Args),
    /// Compares the SQL connector with the bare drivers of three databases
    ConnectorSql(connectors::Args),
    /// Speaks with a script, directly and through the connector
    ConnectorCommand(connectors::Args),
    /// Reads a CSV file, with the `csv` crate and through the connector
    ConnectorFile(connectors::Args),
    /// Reads and creates users of a REST service, with the bare client and through the connector
    ConnectorHttp(connectors::Args),
    /// The connector for directories against the bare LDAP client, on slapd and Samba
    ConnectorLdap(connectors::ldap::Args),
}

fn main() -> anyhow::Result<()> {
    // A second provider in the same process is an error that only a caller of this program could make.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match Args::parse().benchmark {
            Benchmark::Plan(args) => plan::run(args).await,
            Benchmark::Import(args) => import::run(args).await,
            Benchmark::Midpoint(args) => midpoint::run(args).await,
            Benchmark::Change(args) => change::run(args).await,
            Benchmark::React(args) => react::run_react(args).await,
            Benchmark::Soak(args) => react::run_soak(args).await,
            Benchmark::Nodes(args) => nodes::run(args).await,
            Benchmark::Oidc(args) => oidc::run(args).await,
            Benchmark::Decisions(args) => decisions::run(args).await,
            Benchmark::Directory(args) => directory::run(args).await,
            Benchmark::Console(args) => console::run(args).await,
            Benchmark::Ldap(args) => ldap::run(args).await,
            Benchmark::Leaver(args) => leaver::run(args).await,
            Benchmark::Serve(args) => serve::run(args).await,
            Benchmark::ScimServer(args) => scim_server::run(args).await,
            Benchmark::ScimInbound(args) => scim_inbound::run(args).await,
            Benchmark::ConnectorScim(args) => connectors::scim::run(args).await,
            Benchmark::ConnectorSql(args) => connectors::sql::run(args).await,
            Benchmark::ConnectorCommand(args) => connectors::command::run(args).await,
            Benchmark::ConnectorFile(args) => connectors::file::run(args).await,
            Benchmark::ConnectorHttp(args) => connectors::http::run(args).await,
            Benchmark::ConnectorLdap(args) => connectors::ldap::run(args).await,
        }
    })
}
