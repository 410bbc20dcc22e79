//! How a system is while it is worked with: well, resting on its own request, in quarantine; and the way back.
//!
//! A call that failed says little about whom it concerns. The system is asked: where its test passes, the object is the
//! trouble and the others go on; where it does not, the system is left alone until it is probed again.

use muster_app::Error;
use muster_connector::ConnectorError;
use muster_model::Applied;
use muster_store::{SystemHealth, Tx};

use super::system::{State, SystemRun};
use crate::{
    backoff::{is_due, next_try},
    systems::keep_health,
};

impl SystemRun {
    /// True when the system may be worked with now; in quarantine it is probed first when that is due, or when `at_once`.
    ///
    /// `None` as connector: it could not even be opened, for this reason.
    pub(super) async fn is_ready(
        &self,
        health: &mut SystemHealth,
        connector: Result<&dyn muster_connector::Connector, &ConnectorError>,
    ) -> Result<bool, Error> {
        if health.paused_at.is_some() {
            return Ok(false);
        }
        let now = self.ctx.now();
        let waits = !self.at_once && !is_due(health.next_probe, now);
        if waits && (health.ill_since.is_some() || health.next_probe.is_some()) {
            return Ok(false);
        }
        let before = health.clone();
        let answer = match connector {
            Err(error) => Err(error.clone()),
            Ok(connector) if health.ill_since.is_some() => connector.test().await.map(drop),
            Ok(_) => Ok(()),
        };
        match answer {
            Ok(()) => recovered(health),
            Err(error) => self.fell_ill(health, &error),
        }
        if *health != before {
            let mut tx = self.opened.store.begin().await?;
            keep_health(&self.ctx, &mut tx, &self.system, &before, health).await?;
            tx.commit().await?;
        }
        Ok(health.ill_since.is_none())
    }

    /// Finds out what failed calls say about the system.
    pub(super) async fn examine(
        &self,
        state: &mut State,
        results: &[Result<Applied, ConnectorError>],
    ) {
        let errors = || results.iter().filter_map(|result| result.as_ref().err());
        let asked = errors().filter_map(|error| match error {
            ConnectorError::Throttled { after } => Some(after.unwrap_or_default()),
            ConnectorError::Unreachable(_)
            | ConnectorError::Refused(_)
            | ConnectorError::AlreadyExists { .. }
            | ConnectorError::NotFound { .. }
            | ConnectorError::Invalid(_)
            | ConnectorError::Settings(_)
            | ConnectorError::Malformed(_) => None,
        });
        if let Some(asked) = asked.max() {
            state.health.failures += 1;
            let (now, failures) = (self.ctx.now(), state.health.failures);
            let at = next_try(now, failures, Some(asked), &*self.system.name);
            state.health.next_probe = Some(at);
            let resting = ConnectorError::Throttled { after: Some(asked) }.to_string();
            state.part.quarantined = Some((self.system.name.clone(), resting));
            return;
        }
        let may_be_all = errors().any(|error| error.is_transient() || is_about_us(error));
        if may_be_all {
            if let Err(error) = state.connector.test().await {
                self.fell_ill(&mut state.health, &error);
                state.part.quarantined = Some((self.system.name.clone(), error.to_string()));
            }
        } else if results.iter().any(Result::is_ok) {
            recovered(&mut state.health);
        }
    }

    /// One failure more; the next probe comes later than the last.
    fn fell_ill(&self, health: &mut SystemHealth, error: &ConnectorError) {
        let now = self.ctx.now();
        health.failures += 1;
        health.ill_since = Some(health.ill_since.unwrap_or(now));
        health.reason = Some(error.to_string().into());
        health.next_probe = Some(next_try(now, health.failures, None, &*self.system.name));
    }

    /// Keeps what changed in the state of the system, as part of `tx`.
    pub(super) async fn save_health(&self, tx: &mut Tx, state: &mut State) -> Result<(), Error> {
        if state.health == state.stored_health {
            return Ok(());
        }
        keep_health(&self.ctx, tx, &self.system, &state.stored_health, &state.health).await?;
        state.stored_health = state.health.clone();
        Ok(())
    }
}

/// True for what the system says about us and not about one of its objects.
pub(super) fn is_about_us(error: &ConnectorError) -> bool {
    match error {
        ConnectorError::Refused(_) | ConnectorError::Settings(_) => true,
        ConnectorError::Unreachable(_)
        | ConnectorError::Throttled { .. }
        | ConnectorError::AlreadyExists { .. }
        | ConnectorError::NotFound { .. }
        | ConnectorError::Invalid(_)
        | ConnectorError::Malformed(_) => false,
    }
}

fn recovered(health: &mut SystemHealth) {
    (health.ill_since, health.reason, health.failures, health.next_probe) = (None, None, 0, None);
}
