//! Who we are to authenticators: the host of the project's `url`, never what a request says.

use muster_app::{Error, Opened};
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};

/// How people are told for whom a passkey is.
const NAME: &str = "Muster";
/// Where somebody tries things out on their own machine.
const DEMO: &str = "http://localhost";

/// What checks passkeys of this project.
pub(crate) struct Party {
    /// The host.
    pub(crate) site: String,
    pub(crate) webauthn: Webauthn,
}

impl Party {
    /// The one of a project. Its pages are at exactly one origin; without `url`, at any port of `localhost`.
    pub(crate) fn of(opened: &Opened) -> Result<Self, Error> {
        let url = opened.model.url.as_deref();
        let cannot = || {
            Error::invalid("there are no passkeys at this address")
                .hint("set `url:` to an address with `https:` and the name of a host")
        };
        let origin = Url::parse(url.unwrap_or(DEMO)).map_err(|_| cannot())?;
        let site = origin.domain().ok_or_else(cannot)?.to_owned();
        let builder = WebauthnBuilder::new(&site, &origin).map_err(|_| cannot())?;
        let builder = builder.rp_name(NAME).allow_any_port(url.is_none());
        let webauthn = builder.build().map_err(|error| cannot().caused_by(error))?;
        Ok(Self { site, webauthn })
    }
}
