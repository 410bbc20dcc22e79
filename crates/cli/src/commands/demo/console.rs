//! The sample company in a browser: a link that signs one in, until Ctrl-C.

use std::{net::Ipv4Addr, path::Path, sync::Arc};

use jiff::SignedDuration;
use muster_app::{Error, PeopleQuery, list_people};
use muster_auth::OneTimeLink;
use muster_console::with_view_as;
use muster_web::{Limits, Service};
use tokio::net::TcpListener;

use crate::{
    Exit, Result,
    commands::serve::{ended, stopped},
    error::CommandError,
    shell::Shell,
};

/// The port that is tried first; any other is as good.
const PORT: u16 = 7070;
/// How long the link works.
const LENGTH: SignedDuration = SignedDuration::from_mins(30);
/// Who signs in: somebody who may do everything.
const OPERATOR: &str = "title == 'Head of IT'";

/// Takes the port.
pub(super) async fn listen() -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
        Ok(listener) => Ok(listener),
        Err(_) => {
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| cannot_listen(&error))
        }
    }
}

/// Serves the project in `dir` until somebody asks to stop.
pub(super) async fn serve(shell: &mut Shell, dir: &Path, listener: TcpListener) -> Result<Exit> {
    shell.stop_gracefully();
    let (ctx, opened) = shell.open_at(dir).await?;
    let query =
        PeopleQuery { condition: Some(OPERATOR.to_owned()), limit: 1, ..PeopleQuery::default() };
    let operator = list_people(&ctx, &opened, &query).await?.items.into_iter().next();
    let operator = operator.ok_or_else(|| Error::bug("the sample company has no head of IT"))?;
    let (link, secret) = OneTimeLink::new(operator.id, ctx.now(), LENGTH)?;
    let service = Service::new(opened, Arc::clone(&shell.host.clock), Limits::default());
    let faces = with_view_as((shell.host.faces)(&service)).merge(muster_signin::link(link));
    let router = muster_web::finish(faces, service);
    let address = listener.local_addr().map_err(|error| cannot_listen(&error))?;
    let text = format!(
        "\nConsole   http://{address}/d/{}   you are signed in as {}; the link works once, 30 min\n\
         Ctrl-C ends it.\n",
        secret.reveal(),
        operator.display
    );
    shell.ui.write(&text)?;
    shell.ui.flush();
    let stop = stopped(shell);
    let limits = Limits::default();
    ended(tokio::spawn(async move { muster_web::serve(listener, router, &limits, stop).await }))
        .await?;
    Ok(Exit::Interrupted)
}

fn cannot_listen(error: &std::io::Error) -> CommandError {
    CommandError::new(Exit::Unreachable, format!("cannot listen on this machine: {error}"))
}
