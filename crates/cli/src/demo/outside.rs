//! What goes on between the first two reads: somebody changes accounts past everybody, and a system fails during the second.

use std::{path::Path, sync::Arc};

use jiff::civil::Date;
use muster_app::Connectors;
use muster_connector::{Chaos, ChaosSettings, Connector, ConnectorError, Rate};
use muster_engine::{SyncOptions, sync};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;

use super::open_with;
use crate::{
    Result,
    progress::progress,
    shell::{Shell, write_file},
};

/// Changes the accounts that somebody changes outside.
pub(super) fn change(dir: &Path, today: Date) -> Result<()> {
    for file in muster_demo::changed_outside(today) {
        write_file(&dir.join(file.path), &file.content)?;
    }
    Ok(())
}

/// Changes accounts outside and reads everything again, while the system that fails now and then does; answers how many changes were seen.
pub(super) async fn happen(shell: &mut Shell, dir: &Path, today: Date) -> Result<u64> {
    change(dir, today)?;
    let failing = Failing { inner: Arc::clone(&shell.host.connectors) };
    let (ctx, opened) = open_with(shell, dir, Arc::new(failing)).await?;
    let progress = progress(&shell.ui);
    let report = Box::pin(sync(&ctx, &opened, &SyncOptions::default(), progress.as_ref())).await?;
    Ok(report.reads.iter().map(|read| read.drift).sum())
}

/// Connectors of a bad hour: systems that go wrong now and then end their reads early.
pub(super) struct Failing {
    pub(super) inner: Arc<dyn Connectors>,
}

impl Catalogue for Failing {
    fn connectors(&self) -> Vec<&'static str> {
        self.inner.connectors()
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> std::result::Result<Capabilities, Vec<SettingProblem>> {
        self.inner.capabilities(connector, settings)
    }
}

impl Connectors for Failing {
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        chaos: Option<&Settings>,
        base: &Path,
    ) -> std::result::Result<Arc<dyn Connector>, ConnectorError> {
        let inner = self.inner.open(connector, settings, chaos, base)?;
        if chaos.is_none() {
            return Ok(inner);
        }
        let cut = ChaosSettings { cut_reads: Rate::ALWAYS, ..ChaosSettings::default() };
        Ok(Arc::new(Chaos::new(inner, cut)))
    }
}
