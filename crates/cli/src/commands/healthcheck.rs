//! `muster healthcheck`.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{Exit, Result, error::CommandError, shell::Shell};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than an answer has.
const LONGEST: u64 = 4_096;

/// Ask a `muster serve` on this machine whether it is ready, for containers; exit code 5 when it is not
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    address: SocketAddr,
}

pub(crate) async fn run(shell: &mut Shell, args: Args) -> Result<Exit> {
    let asked = timeout(PATIENCE, ask(args.address)).await;
    let answer = match asked.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())) {
        Ok(answer) => answer,
        Err(error) => {
            let message = format!("nothing answers at {}: {error}", args.address);
            return Err(CommandError::new(Exit::Unreachable, message));
        }
    };
    let said = answer.split("\r\n\r\n").nth(1).unwrap_or_default().trim().to_owned();
    if answer.starts_with("HTTP/1.1 200 ") {
        shell.ui.say("ready")?;
        return Ok(Exit::Done);
    }
    Err(CommandError::new(Exit::Unreachable, format!("not ready: {said}")))
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
