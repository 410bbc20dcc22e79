//! Signing in with a certificate.

use muster_app::Opened;

use crate::{
    Amr, Attempt, Authenticator, Purpose, Refused, Step,
    find::{find, name_key},
    log,
};

impl Authenticator {
    /// Signs in whoever has the name of the attempt, which a certificate says that is right at this time; the password of the attempt is not
    /// looked at. How much it is worth is said by the model.
    ///
    /// Each call is one entry of the log. Whoever is locked out stays it.
    pub async fn certificate(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        purpose: Purpose<'_>,
    ) -> Result<Step, Refused> {
        let mut tx = opened.store.read().await?;
        let identity = find(&mut tx, opened, attempt.name).await?;
        drop(tx);
        let tried = async {
            let key = name_key(identity, attempt.name);
            let counted = self.count_try(opened, &attempt, &key).await??;
            let identity = identity.ok_or(Refused::Wrong)?;
            if !self.is_alive(opened, identity, attempt.now).await? {
                return Err(Refused::Inactive);
            }
            let on_card = opened.model.sign_in.certificates.on_card;
            let proof = if on_card { Amr::Card } else { Amr::Certificate };
            self.begin_by(opened, &attempt, (identity, proof), counted, purpose).await
        };
        let tried = tried.await;
        if let Err(refused) = &tried {
            log::refuse(opened, &attempt, identity, refused).await?;
        }
        tried
    }
}
