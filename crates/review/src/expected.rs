//! What accounts have to lose after a revocation, as it is kept with an item until a read has shown it.

use muster_app::{EntitlementIndex, Error, Opened, observed_account};
use muster_model::AccountId;
use muster_plan::{Kind, Operation};
use muster_store::Account;
use serde_json::{Value as Json, json};

/// What one account has to lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) account: AccountId,
    /// The number of its system, which outlives the account; 0 where it was not noted.
    pub(crate) system_no: i64,
    loss: Loss,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Loss {
    /// An entitlement: the position of its kind, and its name.
    Right(usize, String),
    /// That somebody can sign in with it.
    Use,
    /// Itself.
    Account,
}

impl Expected {
    /// What follows from an operation that takes something.
    pub(crate) fn of(opened: &Opened, operation: &Operation) -> Option<Self> {
        let system = &operation.target.system;
        let place = opened.model.systems.iter().position(|of| of.name == *system)?;
        let loss = match &operation.kind {
            Kind::Revoke { entitlement, name } => {
                let kinds = &opened.model.systems.get(place)?.entitlements;
                let kind = kinds.iter().position(|kind| kind.name == *entitlement)?;
                Loss::Right(kind, name.to_string())
            }
            Kind::Disable => Loss::Use,
            Kind::Delete => Loss::Account,
            Kind::Create { .. }
            | Kind::Update { .. }
            | Kind::Rename { .. }
            | Kind::Enable
            | Kind::Grant { .. } => return None,
        };
        let system_no = opened.names.systems.get(place)?.no;
        Some(Self { account: operation.target.account?, system_no, loss })
    }

    pub(crate) fn to_json(&self) -> Json {
        let (kind, name, what) = match &self.loss {
            Loss::Right(kind, name) => (Some(*kind), &**name, "right"),
            Loss::Use => (None, "", "use"),
            Loss::Account => (None, "", "account"),
        };
        json!([self.account.0, kind, name, self.system_no, what])
    }

    pub(crate) fn read(json: &Json) -> Option<Self> {
        let loss = match json.get(4).and_then(Json::as_str) {
            Some("use") => Loss::Use,
            Some("account") => Loss::Account,
            _ => Loss::Right(
                json.get(1)?.as_u64()?.try_into().ok()?,
                json.get(2)?.as_str()?.to_owned(),
            ),
        };
        let system_no = json.get(3).and_then(Json::as_i64).unwrap_or(0);
        Some(Self { account: AccountId(json.get(0)?.as_i64()?), system_no, loss })
    }

    /// Whether its account, as far as it is known, still has it.
    pub(crate) fn is_there(
        &self,
        opened: &Opened,
        index: &EntitlementIndex,
        account: Option<&Account>,
    ) -> Result<bool, Error> {
        let Some(account) = account else { return Ok(false) };
        Ok(match &self.loss {
            Loss::Account => true,
            Loss::Use => account.enabled != Some(false),
            Loss::Right(kind, name) => {
                let observed = observed_account(opened, index, account)?;
                observed.entitlements.iter().any(|(of, held)| of == kind && **held == **name)
            }
        })
    }
}
