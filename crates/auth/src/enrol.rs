//! Getting a second factor: an authenticator app, and recovery codes to go with it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened, random, typed_secret};
use muster_model::EntityId;
use muster_store::{Totp, Tx, hex};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

use crate::{
    Amr, Attempt, Authenticator, Flow, Need, Refused, Secret, Session, Step,
    flow::Proof,
    second::{RECOVERY_CODE, code_hash, seed_purpose},
    totp,
};

/// How many recovery codes somebody gets.
const RECOVERY_CODES: usize = 10;
/// How long a seed waits for its first code.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Who gets a factor: somebody on their way in, or in.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// In this sign-in.
    Flow(&'a Flow),
    /// In this session.
    Session(&'a Session),
}

impl Holder<'_> {
    /// Who.
    pub fn identity(&self) -> EntityId {
        match self {
            Self::Flow(flow) => flow.identity,
            Self::Session(session) => session.identity,
        }
    }

    /// What a seed that waits is sealed for: it is of no use to anybody else, nor anywhere else.
    fn purpose(&self) -> String {
        format!("new {} in {}", seed_purpose(self.identity()), self.place())
    }

    /// Where they are.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Flow(flow) => format!("sign-in {}", hex(&flow.hash)),
            Self::Session(session) => format!("session {}", session.id),
        }
    }
}

/// A seed that somebody gives to their app. It counts when a code of the app was shown.
#[derive(Debug)]
pub struct Enrolment {
    /// The address that apps read.
    pub uri: Secret,
    /// The seed as it is typed.
    pub seed: Secret,
    /// The seed as the page sends it back: sealed, for this person in this place.
    pub sealed: String,
}

/// The first code of an app.
#[derive(Debug, Clone, Copy)]
pub struct Confirmation<'a> {
    /// Who gets the app.
    pub holder: Holder<'a>,
    /// Its seed, as the page sent it back.
    pub sealed: &'a str,
    /// What the app shows.
    pub code: &'a Secret,
}

/// Recovery codes, as they are shown once.
pub type RecoveryCodes = Vec<Secret>;

impl Authenticator {
    /// A new seed. Nothing is kept of it here.
    pub async fn begin_totp(
        &self,
        opened: &Opened,
        holder: Holder<'_>,
        now: Timestamp,
    ) -> Result<Enrolment, Error> {
        let seed = random::<{ totp::SEED }>()?;
        let body = [&now.as_microsecond().to_be_bytes()[..], &seed].concat();
        let sealed = opened.sealer()?.seal(&holder.purpose(), &body)?;
        self.enrolment(opened, holder, &seed, URL_SAFE_NO_PAD.encode(sealed), now).await
    }

    /// A seed that was begun before, to be shown again after a wrong code; `None` when it is too old or not of this place.
    pub async fn again_totp(
        &self,
        opened: &Opened,
        holder: Holder<'_>,
        sealed: &str,
        now: Timestamp,
    ) -> Result<Option<Enrolment>, Error> {
        let Some((_, seed)) = open(opened, holder, sealed, now)? else { return Ok(None) };
        self.enrolment(opened, holder, &seed, sealed.to_owned(), now).await.map(Some)
    }

    async fn enrolment(
        &self,
        opened: &Opened,
        holder: Holder<'_>,
        seed: &[u8],
        sealed: String,
        now: Timestamp,
    ) -> Result<Enrolment, Error> {
        let name = self.name_of(opened, holder.identity(), now).await?;
        let label = utf8_percent_encode(&name.display, NON_ALPHANUMERIC);
        let seed = totp::base32(seed);
        let uri = format!("otpauth://totp/Muster:{label}?secret={seed}&issuer=Muster");
        Ok(Enrolment { uri: Secret::new(uri), seed: Secret::new(seed), sealed })
    }

    /// Makes a seed count, by a code that the app shows for it; `None` when it is not right, or the seed is too old. Who has no
    /// recovery codes gets some.
    pub async fn confirm_totp(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        confirmation: Confirmation<'_>,
    ) -> Result<Option<RecoveryCodes>, Error> {
        let mut tx = opened.store.begin().await?;
        let confirmed = self.confirm_in(&mut tx, ctx, opened, confirmation).await?;
        if confirmed.is_some() {
            tx.commit().await?;
        }
        Ok(confirmed)
    }

    pub(crate) async fn confirm_in(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        opened: &Opened,
        Confirmation { holder, sealed, code }: Confirmation<'_>,
    ) -> Result<Option<RecoveryCodes>, Error> {
        let (now, entity) = (ctx.now(), holder.identity());
        let Some((made_at, seed)) = open(opened, holder, sealed, now)? else { return Ok(None) };
        let digits = totp::digits(code.reveal());
        let step = digits.and_then(|digits| totp::step_of(&seed, &digits, now, 0));
        let Some(last_step) = step else { return Ok(None) };
        let sealed = opened.sealer()?.seal(&seed_purpose(entity), &seed)?;
        let kept = Totp { entity, sealed, last_step, confirmed_at: now };
        if !tx.save_totp(&kept, made_at).await? {
            return Ok(None);
        }
        if let Holder::Session(session) = holder {
            // Whoever else is in came without it.
            tx.end_sessions(entity, Some(session.id), now).await?;
        }
        self.write_down(tx, ctx, opened, entity, ("factor.enrol", about_app())).await?;
        if tx.recovery_codes(entity).await? > 0 {
            return Ok(Some(Vec::new()));
        }
        self.codes_in(tx, ctx, opened, entity).await.map(Some)
    }

    /// As [`Authenticator::confirm_totp`], as the next proof of a sign-in on its way that needs a second factor nobody has yet.
    pub async fn enrol(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        attempt: Attempt<'_>,
        (secret, sealed): (&str, &str),
    ) -> Result<(Step, RecoveryCodes), Refused> {
        let flow = self.flow_at(opened, &attempt, secret, Need::Enrol).await?;
        let confirmation =
            Confirmation { holder: Holder::Flow(&flow), sealed, code: attempt.password };
        let mut tx = opened.store.begin().await?;
        let confirmed = self.confirm_in(&mut tx, ctx, opened, confirmation).await?;
        let done = if let Some(codes) = confirmed {
            let proof = Proof { amr: Amr::Otp, counted: None };
            let step = self.go_on(tx, opened, &attempt, &flow, proof).await;
            step.map(|step| (step, codes))
        } else {
            drop(tx);
            Err(Refused::Wrong)
        };
        self.settle_flow(opened, &attempt, &flow, done).await
    }

    /// Gives an identity new recovery codes; those it had are worth nothing any more.
    pub async fn new_recovery_codes(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
    ) -> Result<RecoveryCodes, Error> {
        let mut tx = opened.store.begin().await?;
        let codes = self.codes_in(&mut tx, ctx, opened, identity).await?;
        tx.commit().await?;
        Ok(codes)
    }

    async fn codes_in(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
    ) -> Result<RecoveryCodes, Error> {
        let made = std::iter::repeat_with(|| typed_secret(RECOVERY_CODE)).take(RECOVERY_CODES);
        let codes: Vec<String> = made.collect::<Result<_, _>>()?;
        let hashes: Vec<_> = codes.iter().map(|code| code_hash(identity, code)).collect();
        tx.save_recovery_codes(identity, &hashes, ctx.now()).await?;
        self.write_down(tx, ctx, opened, identity, ("recovery-codes.make", about_app())).await?;
        Ok(codes.into_iter().map(Secret::new).collect())
    }
}

/// What the journal says with all that is about an authenticator app.
fn about_app() -> Json {
    json!({ "factor": "totp" })
}

/// When a seed that waits was made, and the seed; `None` when it is too old or was not made for this.
fn open(
    opened: &Opened,
    holder: Holder<'_>,
    sealed: &str,
    now: Timestamp,
) -> Result<Option<(Timestamp, Vec<u8>)>, Error> {
    let Ok(sealed) = URL_SAFE_NO_PAD.decode(sealed) else { return Ok(None) };
    let Ok(body) = opened.sealer()?.open(&holder.purpose(), &sealed) else { return Ok(None) };
    let Some((made_at, seed)) = body.split_first_chunk::<8>() else { return Ok(None) };
    let made_at = Timestamp::from_microsecond(i64::from_be_bytes(*made_at));
    let fresh = made_at.ok().filter(|made_at| now.duration_since(*made_at) < PATIENCE);
    Ok(fresh.map(|made_at| (made_at, seed.to_vec())))
}
