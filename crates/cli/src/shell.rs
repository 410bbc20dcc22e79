//! What every command is given: output, the process, the global options, and the way to the project.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use muster_app::{Ctx, Opened};

use crate::{Result, args::Global, error::CommandError, host::Host, ui::Ui, when::When};

/// The surroundings of a command.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) ui: Ui,
    pub(crate) host: Host,
    pub(crate) global: Global,
}

impl Shell {
    /// The project folder: `-C`, `MUSTER_PROJECT`, else the nearest one upwards with a `muster.yaml`.
    pub(crate) fn project_dir(&self) -> PathBuf {
        if let Some(dir) = &self.global.project {
            return self.host.current_dir.join(dir);
        }
        if let Some(dir) = self.host.variable("MUSTER_PROJECT") {
            return self.host.current_dir.join(dir);
        }
        let has_project = |dir: &&Path| dir.join("muster.yaml").is_file();
        let nearest = self.host.current_dir.ancestors().find(has_project);
        nearest.unwrap_or(&self.host.current_dir).to_owned()
    }

    /// Who acts, now.
    pub(crate) fn ctx(&self) -> Ctx {
        let now = self.host.clock.now();
        let correlation = format!("{:x}-{:x}", now.as_microsecond(), self.host.process_id);
        Ctx::new(self.host.actor.clone(), correlation.into(), self.host.clock.clone())
    }

    /// Opens the project and its repository. Errors of the project are shown first, on standard error.
    pub(crate) async fn open(&mut self) -> Result<(Ctx, Opened)> {
        let dir = self.project_dir();
        self.open_at(&dir).await
    }

    /// As [`Shell::open`], with the model that held at `as_of`; also the instant.
    pub(crate) async fn open_as_of(
        &mut self,
        as_of: Option<When>,
    ) -> Result<(Ctx, Opened, Option<Timestamp>)> {
        let (ctx, opened) = self.open().await?;
        let Some(at) = Self::instant(&opened, as_of) else { return Ok((ctx, opened, None)) };
        Ok((ctx, opened.as_of(at).await?, Some(at)))
    }

    /// Opens the project in `dir`.
    pub(crate) async fn open_at(&mut self, dir: &Path) -> Result<(Ctx, Opened)> {
        let ctx = self.ctx();
        let variable = self.host.variable("MUSTER_STORE").map(str::to_owned);
        let store = self.global.store.clone().or(variable);
        let connectors = self.host.connectors.clone();
        match Opened::open(dir, store.as_deref(), connectors, &ctx).await {
            Ok(opened) => Ok((ctx, opened)),
            Err(error) => {
                if let Some(loaded) = error.loaded() {
                    let shown = muster_project::render(
                        &loaded.diagnostics,
                        &loaded.sources,
                        self.ui.paint_talk().is_on(),
                    );
                    self.ui.say(shown.trim_end())?;
                }
                Err(error.into())
            }
        }
    }

    /// The instant of a `--at` or `--as-of`; days begin in the project's zone.
    pub(crate) fn instant(opened: &Opened, when: Option<When>) -> Option<Timestamp> {
        when.map(|when| when.instant(&opened.model.timezone))
    }

    /// Says that this command stops by itself when Ctrl-C was pressed.
    pub(crate) fn stop_gracefully(&self) {
        self.host.stops_gracefully.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// True once Ctrl-C was pressed.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.host.interrupted.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// A path as the person meant it: relative to where they are.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        self.host.current_dir.join(path)
    }

    /// A path as short as it can be shown.
    pub(crate) fn shown_path(&self, path: &Path) -> String {
        path.strip_prefix(&self.host.current_dir)
            .ok()
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

/// Reads a file a person named.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| CommandError::file("read", path, &error))
}

/// Writes a file and the folders it needs.
pub(crate) fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| CommandError::file("make the folder of", path, &error))?;
    }
    std::fs::write(path, content).map_err(|error| CommandError::file("write", path, &error))
}
