//! Applications that people sign in to, and programs that call others: the clients of OpenID Connect and OAuth.

use jiff::SignedDuration;
use muster_model::{Location, SystemId, Text, TypeId};

use crate::Rule;

/// An application that relies on Muster for sign-in, or that gets tokens for itself.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its name; also its client id.
    pub name: Text,
    /// What it is called where people are asked about it.
    pub title: Text,
    /// Who signs in to it.
    pub identity: TypeId,
    /// Whose holders may sign in, by position; everybody when empty.
    pub roles: Vec<usize>,
    /// Where people are sent back to, compared letter by letter.
    pub redirect_uris: Vec<Text>,
    /// Where they may be sent after signing out, compared letter by letter.
    pub logout_redirect_uris: Vec<Text>,
    /// Where the end of a session is posted to.
    pub logout_uri: Option<Text>,
    /// How it gets tokens.
    pub grants: Vec<GrantType>,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// Its public keys, each a JSON Web Key.
    pub keys: Vec<Text>,
    /// What it may ask for.
    pub scopes: Vec<Text>,
    /// What it is told of a person besides what scopes say, in order of name.
    pub claims: Vec<(Text, Rule)>,
    /// The system whose entitlements are its groups and scopes.
    pub system: Option<SystemId>,
    /// Who may rely on its tokens, applications by name; itself when empty.
    pub audience: Vec<Text>,
    /// Whether people are asked before it learns something of them.
    pub consent: bool,
    /// Whether its codes have to be bound by PKCE.
    pub pkce: Pkce,
    /// Whether requests have to be pushed.
    pub pushed: bool,
    /// Whether tokens have to be bound to a key.
    pub bound: bool,
    /// How ID tokens are signed.
    pub algorithm: SigningAlgorithm,
    /// How sure the sign-in has to be.
    pub acr: Assurance,
    /// How long ago the sign-in may be at most.
    pub max_age: Option<SignedDuration>,
    /// How long access tokens and ID tokens live.
    pub access_lifetime: SignedDuration,
    /// How long it stays signed in by refreshing.
    pub refresh_lifetime: SignedDuration,
    /// Where it is written.
    pub at: Location,
}

impl Application {
    /// Whether it may get tokens so.
    pub fn has(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }
}

/// Declares an enum whose variants have words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $variant,)+
        }

        impl $name {
            /// Its words in model files.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The one that a word stands for.
            pub fn named(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// Its word.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

words! {
    /// A way to get tokens; the words are those of OAuth.
    GrantType {
        /// A person signs in with a browser.
        Code = "authorization_code",
        /// The application goes on without the person.
        Refresh = "refresh_token",
        /// The application on its own account.
        Client = "client_credentials",
        /// A person signs in elsewhere, for a device without a browser.
        Device = "device_code",
    }
}

words! {
    /// How an application proves who it is.
    ClientAuthentication {
        /// By a secret that Muster made.
        Secret = "secret",
        /// By signing with its private key.
        Key = "key",
        /// Not at all: it runs where nothing can be kept secret.
        Public = "none",
    }
}

words! {
    /// Whether codes have to be bound by PKCE.
    Pkce {
        /// Always; an application that proves who it is may send a nonce instead.
        Required = "required",
        /// Only where the application does so.
        Optional = "optional",
    }
}

words! {
    /// How sure a sign-in has to be; more is greater.
    #[derive(PartialOrd, Ord)]
    Assurance {
        /// One proof.
        One = "one",
        /// Two proofs of different sorts.
        Two = "two",
        /// A proof that cannot be given to somebody who pretends to be us: a passkey.
        Resistant = "resistant",
    }
}

words! {
    /// How tokens are signed; the words are those of JOSE.
    SigningAlgorithm {
        /// ECDSA with P-256.
        Es256 = "ES256",
        /// RSA, for applications that know nothing else.
        Rs256 = "RS256",
    }
}
