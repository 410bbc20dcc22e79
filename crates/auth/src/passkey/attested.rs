//! Whose passkeys have to be on authenticators that prove their make, and which makers are believed.

use std::{collections::BTreeMap, fs};

use jiff::Timestamp;
use muster_app::{Error, Kind, Opened};
use muster_model::EntityId;
use muster_policy::PasskeyPolicy;
use muster_store::ReadTx;
use webauthn_rs::prelude::{AttestationCaList, AttestationCaListBuilder, Uuid, WebauthnError};

use crate::standing::evaluated;

/// How a certificate in a file of several ends.
const END: &str = "-----END CERTIFICATE-----";

/// The makers that are believed of somebody who holds a role that needs it; `None` for everybody else.
pub(super) async fn makers(
    tx: &mut ReadTx,
    opened: &Opened,
    identity: EntityId,
    now: Timestamp,
) -> Result<Option<AttestationCaList>, Error> {
    let policy = &opened.model.sign_in.passkeys;
    if policy.attested_for.is_empty() {
        return Ok(None);
    }
    let found = evaluated(tx, opened, identity, now).await?;
    let needs = found.is_some_and(|(_, evaluation)| {
        evaluation.roles.iter().any(|held| policy.attested_for.contains(&held.role))
    });
    if needs { read(opened, policy).map(Some) } else { Ok(None) }
}

/// Reads the file of the model.
fn read(opened: &Opened, policy: &PasskeyPolicy) -> Result<AttestationCaList, Error> {
    let path = opened.dir.join(policy.authorities.as_deref().unwrap_or_default());
    let cannot = |what: &str| {
        Error::new(Kind::Unavailable, format!("{what} `{}`", path.display()))
            .hint("put certificates in PEM there; `sign_in.passkeys.authorities` names the file")
    };
    let text = fs::read_to_string(&path).map_err(|error| cannot("cannot read").caused_by(error))?;
    let certificates = text.split_inclusive(END).filter(|part| part.contains(END));
    let unreadable = || cannot("no certificate can be read in");
    let mut all = AttestationCaList::default();
    for certificate in certificates {
        let pem = certificate.trim_start().as_bytes();
        let mut one = AttestationCaListBuilder::new();
        if policy.models.is_empty() {
            all.union(&AttestationCaList::try_from(pem).map_err(|_| unreadable())?);
        }
        for model in &policy.models {
            let model = Uuid::parse_str(model).map_err(|_| unreadable())?;
            let nameless = (String::new(), BTreeMap::new());
            one.insert_device_pem(pem, model, nameless.0, nameless.1).map_err(|_| unreadable())?;
        }
        all.union(&one.build());
    }
    if all.is_empty() { Err(unreadable()) } else { Ok(all) }
}

/// Whether an authenticator was not taken for what it is, or does not say.
pub(super) fn is_about_make(error: &WebauthnError) -> bool {
    matches!(
        error,
        WebauthnError::AttestationNotSupported
            | WebauthnError::AttestationNotVerifiable
            | WebauthnError::AttestationUntrustedAaguid
            | WebauthnError::AttestationFormatMissingAaguid
            | WebauthnError::AttestationChainNotTrusted(_)
            | WebauthnError::CredentialMayNotBeHardwareBound
    )
}
