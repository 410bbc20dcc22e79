//! What an application asks for when it sends a person here: read once, checked once, kept while the person signs in.

use muster_policy::{Application, ClientAuthentication, GrantType, Pkce};
use serde::{Deserialize, Serialize};

use crate::{
    asked::Asked,
    params::Params,
    refused::Refused,
    scopes::Scopes,
    wanted::{Named, Wanted},
};

/// Letters of `state` and `nonce` at most.
const LONGEST: usize = 1024;
/// Letters of a challenge: the SHA-256 of a verifier, in base64url.
const CHALLENGE: usize = 43;

/// A checked request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) application: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) state: Option<String>,
    #[serde(default)]
    pub(crate) mode: Mode,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) prompt: Vec<Prompt>,
    /// Seconds since the sign-in at most.
    pub(crate) max_age: Option<i64>,
    /// How sure the sign-in has to be: any of these.
    pub(crate) acr: Vec<String>,
    /// Whom the application thinks it is.
    pub(crate) subject: Option<String>,
    /// The name that the application thinks they will sign in with.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// What it wants to be told besides what the scopes say.
    #[serde(default)]
    pub(crate) wanted: Wanted,
    /// The key that tokens have to be bound to.
    pub(crate) key: Option<String>,
    /// When it was asked for.
    pub(crate) asked_at: i64,
    /// Whether the person was let through by their consent to exactly this.
    #[serde(default)]
    pub(crate) consented: bool,
}

/// How an application gets its answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// In the query of the address to return to.
    #[default]
    Query,
    /// In a form that the browser posts there (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl Mode {
    /// The ones there are, as requests and the discovery document name them.
    pub(crate) const WORDS: [&str; 2] = ["query", "form_post"];

    /// The one that is asked for. A form can be posted only to a site.
    fn read(params: &Params, uri: &str) -> Option<Self> {
        let is_site = uri.starts_with("https://") || uri.starts_with("http://");
        match params.get("response_mode") {
            None | Some("query") => Some(Self::Query),
            Some("form_post") if is_site => Some(Self::FormPost),
            Some(_) => None,
        }
    }
}

/// Where an application hears what came of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Back {
    pub(crate) uri: String,
    pub(crate) state: Option<String>,
    pub(crate) mode: Mode,
}

/// What a person has to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Prompt {
    /// Nothing.
    None,
    /// Who they are, again.
    Login,
    /// What the application may know, again.
    Consent,
    /// Which of their accounts it should be; here there is one, so it is as `login`.
    SelectAccount,
}

/// Why a request goes no further, and whether the application is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) refused: Refused,
    /// Where the application hears of it. `None` while it is not sure that the address is the application's.
    pub(crate) back: Option<Box<Back>>,
}

impl Wrong {
    /// What the application hears of there.
    pub(crate) fn at(back: &Back, refused: Refused) -> Self {
        Self { refused, back: Some(Box::new(back.clone())) }
    }
}

impl From<Refused> for Wrong {
    fn from(refused: Refused) -> Self {
        Self { refused, back: None }
    }
}

impl Request {
    /// Reads a request of an application. Where people would be sent back is compared letter by letter, before anything else.
    pub(crate) fn read(
        asked: &Asked,
        application: &Application,
        params: &Params,
    ) -> Result<Self, Wrong> {
        let uri = params.need("redirect_uri", "the address to return to is missing")?;
        if !application.redirect_uris.iter().any(|known| &**known == uri) {
            let detail = "the address to return to is none of the application's";
            return Err(Refused::request(detail).into());
        }
        let state = params.get("state").map(ToOwned::to_owned);
        let mode = Mode::read(params, uri).unwrap_or_default();
        let back = Back { uri: uri.to_owned(), state, mode };
        checked(asked, application, params, &back).map_err(|refused| Wrong::at(&back, refused))
    }

    /// Where the application hears what came of it.
    pub(crate) fn back(&self) -> Back {
        let (uri, state) = (self.redirect_uri.clone(), self.state.clone());
        Back { uri, state, mode: self.mode }
    }

    /// The scopes that are asked for.
    pub(crate) fn scopes(&self) -> Scopes {
        Scopes::of(&self.scope)
    }

    /// Says whom the request is about, where an ID token says so too.
    pub(crate) fn name_subject(&mut self, hinted: Option<String>) -> Result<(), Refused> {
        let Some(hinted) = hinted else { return Ok(()) };
        if self.subject.as_ref().is_some_and(|named| *named != hinted) {
            return Err(Refused::request("`claims` and `id_token_hint` name different people"));
        }
        self.subject = Some(hinted);
        Ok(())
    }

    /// Whether the person has to be asked this.
    pub(crate) fn wants(&self, prompt: Prompt) -> bool {
        self.prompt.contains(&prompt)
    }
}

fn checked(
    asked: &Asked,
    application: &Application,
    params: &Params,
    back: &Back,
) -> Result<Request, Refused> {
    if !application.has(GrantType::Code) {
        let detail = "the model does not let people sign in to the application";
        return Err(Refused::new("unauthorized_client", detail));
    }
    if params.get("request").is_some() {
        return Err(Refused::new("request_not_supported", "push the request instead (RFC 9126)"));
    }
    if params.need("response_type", "`response_type` is missing")? != "code" {
        return Err(Refused::new("unsupported_response_type", "only `code` is given"));
    }
    if Mode::read(params, &back.uri).is_none() {
        return Err(Refused::request("the answer comes in the query, or as a form to a site"));
    }
    if params.get("state").is_some_and(|text| text.len() > LONGEST)
        || params.get("nonce").is_some_and(|text| text.len() > LONGEST)
    {
        return Err(Refused::request("`state` or `nonce` is too long"));
    }
    let scopes = Scopes::of(params.get("scope").unwrap_or_default());
    if scopes.is_empty() {
        return Err(Refused::new("invalid_scope", "ask for `openid`, or for what you need"));
    }
    let max_age = params.get("max_age").map(str::parse::<u32>).transpose();
    let max_age = max_age.map_err(|_| Refused::request("`max_age` is no number of seconds"))?;
    let ours = application.max_age.map(|length| length.as_secs());
    let Named { wanted, subject, mut acr } = Named::read(params)?;
    acr.extend(params.words("acr_values").map(ToOwned::to_owned));
    let name = params.get("login_hint").filter(|name| name.len() <= LONGEST);
    Ok(Request {
        application: application.name.to_string(),
        redirect_uri: back.uri.clone(),
        scope: scopes.to_string(),
        state: back.state.clone(),
        mode: back.mode,
        nonce: params.get("nonce").map(ToOwned::to_owned),
        challenge: challenge(application, params)?,
        prompt: prompts(params)?,
        max_age: max_age.map(i64::from).into_iter().chain(ours).min(),
        acr,
        subject,
        name: name.map(ToOwned::to_owned),
        wanted,
        key: params.get("dpop_jkt").map(ToOwned::to_owned),
        asked_at: asked.now.as_second(),
        consented: false,
    })
}

/// The challenge. Only an application that proves who it is may do without: when it binds its ID token by a nonce (OAuth 2.1, 7.5.1), or
/// when the model says so.
fn challenge(application: &Application, params: &Params) -> Result<Option<String>, Refused> {
    let Some(challenge) = params.get("code_challenge") else {
        let is_public = application.authentication == ClientAuthentication::Public;
        let is_bound = params.get("nonce").is_some() || application.pkce == Pkce::Optional;
        if is_public || !is_bound || params.get("code_challenge_method").is_some() {
            return Err(Refused::request("send a `code_challenge` (RFC 7636)"));
        }
        return Ok(None);
    };
    if params.get("code_challenge_method") != Some("S256") {
        return Err(Refused::request("`code_challenge_method` has to be `S256`"));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if challenge.len() != CHALLENGE || !challenge.bytes().all(fits) {
        return Err(Refused::request("the `code_challenge` is no SHA-256 in base64url"));
    }
    Ok(Some(challenge.to_owned()))
}

fn prompts(params: &Params) -> Result<Vec<Prompt>, Refused> {
    let mut prompts = Vec::new();
    for word in params.words("prompt") {
        prompts.push(match word {
            "none" => Prompt::None,
            "login" => Prompt::Login,
            "consent" => Prompt::Consent,
            "select_account" => Prompt::SelectAccount,
            _ => return Err(Refused::request("a `prompt` is not known")),
        });
    }
    if prompts.len() > 1 && prompts.contains(&Prompt::None) {
        return Err(Refused::request("`prompt=none` goes with nothing else"));
    }
    Ok(prompts)
}
