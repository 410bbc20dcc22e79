//! The keys of applications.

use muster_policy::{Assurance, ClientAuthentication, GrantType, Pkce, SigningAlgorithm};

use crate::spec::{Group, Shape, key};

/// An application.
pub(crate) const APPLICATION: Group = Group {
    what: "an application",
    path: "applications.NAME",
    doc: "An application that people sign in to by OpenID Connect, or a program that gets tokens by OAuth 2. Its name is its client \
          id; `muster applications secret NAME` makes its secret. `url` at the top level has to say where Muster is reached.",
    keys: &[
        key(
            "title",
            Shape::Text,
            "its name",
            "What it is called where people are asked about it.",
            "Tern wiki",
        ),
        key("for", Shape::Text, "the only identity type", "Who signs in to it.", "person"),
        key(
            "roles",
            Shape::Many(&Shape::Text),
            "everybody who may sign in",
            "Who may sign in to it: those who hold one of these roles.",
            "[employee]",
        ),
        key(
            "redirect_uris",
            Shape::Many(&Shape::Text),
            "none",
            "Where people are sent back to. A request names one of them, letter by letter.",
            "[\"https://wiki.tern.example/oidc\"]",
        ),
        key(
            "logout_redirect_uris",
            Shape::Many(&Shape::Text),
            "none",
            "Where people may be sent after signing out, letter by letter.",
            "[\"https://wiki.tern.example/bye\"]",
        ),
        key(
            "logout_uri",
            Shape::Text,
            "it is not told",
            "Where the end of a session is posted to (OpenID Connect Back-Channel Logout), until it was accepted.",
            "https://wiki.tern.example/oidc/logout",
        ),
        key(
            "grants",
            Shape::Many(&Shape::Choice(GrantType::WORDS)),
            "`authorization_code` where there are `redirect_uris`, otherwise `client_credentials`",
            "How it gets tokens.",
            "[authorization_code, refresh_token]",
        ),
        key(
            "authentication",
            Shape::Choice(ClientAuthentication::WORDS),
            "secret",
            "How it proves who it is: by its secret, by signing with its key (`private_key_jwt`), or not at all, where it runs \
             in a browser or on a phone.",
            "key",
        ),
        key(
            "keys",
            Shape::Many(&Shape::Text),
            "none",
            "Its public keys, each a JSON Web Key as text. For `authentication: key`.",
            "['{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"…\", \"y\": \"…\"}']",
        ),
        key(
            "scopes",
            Shape::Many(&Shape::Text),
            "[openid, profile, email]",
            "What it may ask for. `openid`, `profile`, `email`, `address`, `phone`, `groups`, `roles` and `offline_access` are known; for \
             any other word a person has to hold the entitlement of that name in `system`.",
            "[openid, profile, groups]",
        ),
        key(
            "claims",
            Shape::Named(&Shape::Expression),
            "",
            "What it is told of a person besides what the scopes say, whatever it asks for.",
            "{ department: person.department.code }",
        ),
        key(
            "system",
            Shape::Text,
            "none",
            "The connected system that stands for it: entitlements of a person there are the claim `groups`, and its other scopes.",
            "wiki",
        ),
        key(
            "audience",
            Shape::Many(&Shape::Text),
            "itself",
            "The applications that its access tokens are for. Nobody else is told what they say.",
            "[shop-api]",
        ),
        key(
            "consent",
            Shape::Bool,
            "false",
            "Whether people are asked before it learns something of them: for applications of others.",
            "true",
        ),
        key(
            "pkce",
            Shape::Choice(Pkce::WORDS),
            "`required`",
            "Whether its requests need PKCE or, where it proves who it is, a `nonce`. `optional` is for applications that know neither.",
            "optional",
        ),
        key(
            "pushed",
            Shape::Bool,
            "false",
            "Whether it has to push its requests first (RFC 9126).",
            "true",
        ),
        key(
            "bound",
            Shape::Bool,
            "false",
            "Whether its tokens have to be bound to a key that it holds (DPoP, RFC 9449).",
            "true",
        ),
        key(
            "algorithm",
            Shape::Choice(SigningAlgorithm::WORDS),
            "ES256",
            "How its ID tokens are signed.",
            "RS256",
        ),
        key(
            "acr",
            Shape::Choice(Assurance::WORDS),
            "`one`, or what it asks for",
            "How sure the sign-in has to be: `one` proof, `two` proofs of different sorts, or one that is `resistant` to pages that \
             pretend to be us, which is a passkey. Who proved less is sent to prove more, also when a token is refreshed.",
            "two",
        ),
        key(
            "max_age",
            Shape::Duration,
            "whatever it asks for",
            "How long ago people may have proved who they are; otherwise they do so again.",
            "8h",
        ),
        key(
            "access_lifetime",
            Shape::Duration,
            "10m",
            "How long access tokens and ID tokens live.",
            "5m",
        ),
        key(
            "refresh_lifetime",
            Shape::Duration,
            "30d",
            "How long it stays signed in by refreshing, from the sign-in on.",
            "12h",
        ),
    ],
};
