//! PostgreSQL with a standby that follows it, for restarts and failovers.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::{
    database::{
        User, address, as_user, command, execute, initialise, programs, query, unprivileged_user,
    },
    process::{Launch, Server, free_port, pause, run},
};

/// How long a server may take to come back or to take over.
const PATIENCE: Duration = Duration::from_mins(1);

/// A primary and a standby with synchronous replication: what is confirmed is on both.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    user: Option<User>,
    ports: [u16; 2],
    primary: Option<Server>,
    _standby: Server,
}

impl Cluster {
    /// Starts both.
    pub fn start() -> Result<Self> {
        let (programs, user) = (programs()?, unprivileged_user()?);
        // The shell that watches the standby removes it.
        let folder = tempfile::Builder::new().prefix("muster-cluster-").tempdir()?.keep();
        let own = |path: &Path| match &user {
            Some(user) => chown(path, Some(user.uid), Some(user.gid)),
            None => Ok(()),
        };
        own(&folder)?;
        let first = folder.join("first");
        fs::create_dir(&first)?;
        own(&first)?;
        for place in [&first, &folder] {
            fs::write(place.join("server.log"), "")?;
        }
        initialise(user.as_ref(), &first.join("data"))?;
        let ports = [free_port()?, free_port()?];
        let [primary_port, standby_port] = ports;
        let primary = launch(user.as_ref(), &first, primary_port)?;
        let mut copy = as_user(user.as_ref(), &programs.join("pg_basebackup"));
        copy.extend(
            ["-R", "-X", "stream", "-c", "fast", "-h", "127.0.0.1", "-U", "muster"].map(Into::into),
        );
        copy.extend(["-p".into(), primary_port.to_string().into(), "-D".into()]);
        copy.push(folder.join("data").into());
        run(&mut command(&copy)?, "")?;
        let standby = launch(user.as_ref(), &folder, standby_port)?;
        let cluster = Self { folder, user, ports, primary: Some(primary), _standby: standby };
        let primary = address(primary_port);
        cluster.wait(|| {
            query(&primary, "SELECT 1 FROM pg_stat_replication").is_ok_and(|rows| !rows.is_empty())
        })?;
        execute(&primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        execute(&primary, "SELECT pg_reload_conf()")?;
        Ok(cluster)
    }

    /// The address of whichever of both takes writes.
    pub fn url(&self) -> String {
        let [first, second] = self.ports;
        format!(
            "postgres://muster@127.0.0.1:{first},127.0.0.1:{second}/postgres?target_session_attrs=read-write"
        )
    }

    /// Kills the primary and starts it again.
    pub fn restart_primary(&mut self) -> Result<()> {
        self.kill_primary()?;
        let begin = Instant::now();
        loop {
            // The helpers of the one that was killed may still be about.
            match launch(self.user.as_ref(), &self.folder.join("first"), self.ports[0]) {
                Ok(server) => {
                    self.primary = Some(server);
                    return Ok(());
                }
                Err(error) if begin.elapsed() > PATIENCE => return Err(error),
                Err(_) => pause(),
            }
        }
    }

    /// Kills the primary for good; the standby takes over.
    pub fn fail_over(&mut self) -> Result<()> {
        self.kill_primary()?;
        let standby = address(self.ports[1]);
        execute(&standby, "SELECT pg_promote(true)")?;
        self.wait(|| {
            query(&standby, "SELECT pg_is_in_recovery()").is_ok_and(|rows| rows.trim() == "f")
        })
    }

    fn kill_primary(&mut self) -> Result<()> {
        match self.primary.take() {
            Some(mut server) => server.tell("kill"),
            None => Ok(()),
        }
    }

    fn wait(&self, mut holds: impl FnMut() -> bool) -> Result<()> {
        let begin = Instant::now();
        while !holds() {
            ensure!(
                begin.elapsed() < PATIENCE,
                "the cluster in {} does not answer",
                self.folder.display()
            );
            pause();
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // What was killed for a test left its folder behind.
        drop(self.primary.take());
        drop(fs::remove_dir_all(self.folder.join("first")));
    }
}

fn launch(user: Option<&User>, place: &Path, port: u16) -> Result<Server> {
    let mut line = as_user(user, &programs()?.join("postgres"));
    line.extend(["-D".into(), place.join("data").into()]);
    for setting in [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
        "hot_standby=on".to_owned(),
        "max_connections=300".to_owned(),
    ] {
        line.extend(["-c".into(), setting.into()]);
    }
    let server = Server::start(&Launch { folder: place, end: "QUIT", command: line })?;
    server.ready_when(|| execute(&address(port), "SELECT 1").is_ok())
}
