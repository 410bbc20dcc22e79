//! Asks systems in quarantine whether they are well again.

use jiff::Timestamp;
use muster_app::Error;
use serde_json::json;

use super::Runner;
use crate::{backoff::is_due, systems::probe_system};

impl Runner<'_> {
    /// Probes every system whose time has come; what waits for one that is well goes on in this round.
    pub(super) async fn probe(&mut self) -> Result<(), Error> {
        let now = self.ctx.now();
        let health = self.opened.store.read().await?.system_health().await?;
        for health in health {
            let is_asked = health.paused_at.is_none()
                && health.ill_since.is_some()
                && is_due(health.next_probe, now);
            let names = self.opened.names.systems.iter();
            let Some(position) = names.clone().position(|names| names.no == health.system_no)
            else {
                continue;
            };
            let Some(system) = self.opened.model.systems.get(position).filter(|_| is_asked) else {
                continue;
            };
            if probe_system(self.ctx, self.opened, system).await? {
                let detail = json!({ "system": &*system.name });
                self.tell("recover", format!("{} is well again", system.name), detail);
            }
        }
        Ok(())
    }

    /// When the next probe is due.
    pub(super) async fn next_probe(&self) -> Result<Option<Timestamp>, Error> {
        let health = self.opened.store.read().await?.system_health().await?;
        let waiting = health.iter().filter(|health| health.paused_at.is_none());
        Ok(waiting.filter_map(|health| health.next_probe).min())
    }
}
