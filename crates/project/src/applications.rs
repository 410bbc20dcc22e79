//! Applications that rely on Muster for sign-in: from `applications:` to clients of OpenID Connect.

use std::sync::Arc;

use jiff::SignedDuration;
use muster_lang::{Env, Type};
use muster_model::{Schema, Span, SystemId, Text, ValueType};
use muster_policy::{
    Application, Assurance, ClientAuthentication, GrantType, Pkce, Rule, SigningAlgorithm,
};

use crate::{
    context::Context,
    duration::parse_duration,
    expression::{about_identity, rule, value_type},
    merge::Parts,
    names,
    roles::{RoleNames, find_roles},
    suggest::known_names,
    systems::not_a_value,
    types::identity_type,
    yaml::{Entry, Node},
};

const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Keys stay published for longer than this after they sign no more.
const LONGEST_ACCESS: SignedDuration = SignedDuration::from_hours(24);
const SCOPES: &[&str] = &["openid", "profile", "email"];
/// Claims that the protocol gives a meaning.
const TAKEN: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "azp",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "at_hash",
    "c_hash",
    "sid",
    "events",
    "scope",
    "client_id",
    "cnf",
    "act",
    "active",
    "typ",
];

/// What applications are built from.
struct Ground<'a> {
    schema: &'a Arc<Schema>,
    roles: &'a RoleNames,
    systems: &'a [&'a Entry],
    applications: &'a [&'a Entry],
}

/// Builds the applications in order of name.
pub(crate) fn applications(
    context: &mut Context<'_>,
    parts: &Parts<'_>,
    schema: &Arc<Schema>,
    roles: &RoleNames,
) -> Vec<Application> {
    let Parts { systems, applications, url, .. } = parts;
    if let (Some(first), None) = (applications.first(), url) {
        context.error(
            "E0922",
            first.key_span,
            "applications need to know where Muster is reached",
            "say it at the top level: `url: https://muster.tern.example`",
        );
    }
    let ground = Ground { schema, roles, systems, applications };
    applications.iter().filter_map(|entry| application(context, entry, &ground)).collect()
}

fn application(
    context: &mut Context<'_>,
    entry: &Entry,
    ground: &Ground<'_>,
) -> Option<Application> {
    names::part(context, &entry.key, entry.key_span, "an application");
    let node = &entry.value;
    let identity = identity_type(context, ground.schema, entry, "the application")?;
    let env = about_identity(ground.schema, identity);
    let length = |key: &str| node.get_text(key).and_then(|text| parse_duration(text));
    let redirect_uris = addresses(context, node.get("redirect_uris"), is_redirect);
    let grants = grants(node, redirect_uris.is_empty());
    let authentication = node.get_text("authentication");
    let authentication = authentication.and_then(|word| ClientAuthentication::named(word));
    let pkce = node.get_text("pkce").and_then(|word| Pkce::named(word));
    let algorithm = node.get_text("algorithm").and_then(|word| SigningAlgorithm::named(word));
    let acr = node.get_text("acr").and_then(|word| Assurance::named(word));
    let application = Application {
        name: entry.key.clone(),
        title: node.get_text("title").unwrap_or(&entry.key).clone(),
        identity: identity.id,
        roles: find_roles(context, ground.roles, node.get("roles")),
        redirect_uris,
        logout_redirect_uris: addresses(context, node.get("logout_redirect_uris"), is_redirect),
        logout_uri: addresses(context, node.get("logout_uri"), is_web).pop(),
        grants,
        authentication: authentication.unwrap_or(ClientAuthentication::Secret),
        keys: keys(context, node.get("keys")),
        scopes: scopes(context, node.get("scopes")),
        claims: claims(context, node.get("claims"), &env),
        system: node.get("system").and_then(|node| system(context, node, ground.systems)),
        audience: audience(context, node.get("audience"), ground.applications),
        consent: node.flag("consent"),
        pkce: pkce.unwrap_or(Pkce::Required),
        pushed: node.flag("pushed"),
        bound: node.flag("bound"),
        algorithm: algorithm.unwrap_or(SigningAlgorithm::Es256),
        acr: acr.unwrap_or(Assurance::One),
        max_age: length("max_age"),
        access_lifetime: length("access_lifetime").unwrap_or(ACCESS_LIFETIME),
        refresh_lifetime: length("refresh_lifetime").unwrap_or(REFRESH_LIFETIME),
        at: context.location(entry.key_span),
    };
    contradictions(context, entry.key_span, &application);
    Some(application)
}

fn grants(node: &Node, no_browser: bool) -> Vec<GrantType> {
    let written = node.get("grants").map(Node::several).unwrap_or_default();
    let said = written.iter().filter_map(|item| GrantType::named(item.text()?));
    let said: Vec<GrantType> = said.collect();
    match (written.is_empty(), no_browser) {
        (false, _) => said,
        (true, true) => vec![GrantType::Client],
        (true, false) => vec![GrantType::Code],
    }
}

/// What cannot go together.
fn contradictions(context: &mut Context<'_>, span: Span, application: &Application) {
    let mut wrong = |message: &str, help: &str| context.error("E0921", span, message, help);
    let public = application.authentication == ClientAuthentication::Public;
    let by_key = application.authentication == ClientAuthentication::Key;
    let signs_in = application.has(GrantType::Code) || application.has(GrantType::Device);
    if application.has(GrantType::Code) && application.redirect_uris.is_empty() {
        let help = "add `redirect_uris`: the addresses to which people are sent back";
        wrong("the grant `authorization_code` needs an address to return to", help);
    }
    if public && application.has(GrantType::Client) {
        let help = "leave `client_credentials` out, or let it authenticate";
        wrong("an application that keeps no secret cannot act on its own account", help);
    }
    if public && application.pkce == Pkce::Optional {
        let help = "leave `pkce` out, or let it authenticate";
        wrong("an application that keeps no secret needs PKCE", help);
    }
    if application.has(GrantType::Refresh) && !signs_in {
        let help = "add `authorization_code` or `device_code`, or leave `refresh_token` out";
        wrong("there is nothing to refresh where nobody signs in", help);
    }
    if application.access_lifetime > LONGEST_ACCESS {
        wrong("access tokens live for 24 hours at most", "write a shorter `access_lifetime`");
    }
    if by_key && application.keys.is_empty() {
        wrong("`authentication: key` needs a key", "add `keys`: its public keys as JSON Web Keys");
    }
}

fn system(context: &mut Context<'_>, node: &Node, systems: &[&Entry]) -> Option<SystemId> {
    let name = node.text()?;
    let position = systems.iter().position(|entry| entry.key == *name);
    if position.is_none() {
        let help = known_names(name, "systems", systems.iter().map(|entry| &*entry.key));
        context.error("E0530", node.span, format!("unknown system `{name}`"), help);
    }
    position.and_then(|position| u16::try_from(position).ok()).map(SystemId)
}

/// Applications by name, each once.
fn audience(context: &mut Context<'_>, node: Option<&Node>, known: &[&Entry]) -> Vec<Text> {
    let mut names = Vec::new();
    for item in node.map(Node::several).unwrap_or_default() {
        let Some(name) = item.text() else { continue };
        if !known.iter().any(|entry| entry.key == *name) {
            let help = known_names(name, "applications", known.iter().map(|entry| &*entry.key));
            context.error("E0901", item.span, format!("unknown application `{name}`"), help);
        } else if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn claims(context: &mut Context<'_>, node: Option<&Node>, env: &Env) -> Vec<(Text, Rule)> {
    let mut claims = Vec::new();
    for entry in node.map_or(&[][..], Node::entries) {
        if TAKEN.contains(&&*entry.key) {
            let message = format!("the claim `{}` means something in the protocol", entry.key);
            context.error("E0920", entry.key_span, message, "choose another name");
        }
        let Some(rule) = rule(context, &entry.value, env, None) else { continue };
        let ty: &Type = rule.program.ty();
        if value_type(ty).is_none() {
            not_a_value(context, &entry.value, ty, env);
        } else if matches!(value_type(ty), Some((ValueType::Binary, _))) {
            let help = "take an attribute that is text, a number or a date";
            context.error("E0407", entry.value.span, "a claim cannot hold bytes", help);
        }
        claims.push((entry.key.clone(), rule));
    }
    claims.sort_by(|a, b| a.0.cmp(&b.0));
    claims
}

fn scopes(context: &mut Context<'_>, node: Option<&Node>) -> Vec<Text> {
    let Some(node) = node else { return SCOPES.iter().map(|word| Text::from(*word)).collect() };
    let mut scopes = Vec::new();
    for item in node.several() {
        let Some(word) = item.text() else { continue };
        let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
        if word.is_empty() || !word.chars().all(fits) {
            context.error(
                "E0920",
                item.span,
                format!("`{}` cannot be a scope", word.escape_debug()),
                "write letters, digits and signs without blanks, quotes and backslashes",
            );
        } else if !scopes.contains(word) {
            scopes.push(word.clone());
        }
    }
    scopes
}

fn keys(context: &mut Context<'_>, node: Option<&Node>) -> Vec<Text> {
    let mut keys = Vec::new();
    for item in node.map(Node::several).unwrap_or_default() {
        let Some(text) = item.text() else { continue };
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
            Ok(key) if key.contains_key("d") || key.contains_key("k") => context.error(
                "E0920",
                item.span,
                "this is a private key",
                "write the public half only, and make a new pair: this one has been seen",
            ),
            Ok(key) if key.contains_key("kty") => keys.push(text.clone()),
            Ok(_) | Err(_) => context.error(
                "E0920",
                item.span,
                "this is no JSON Web Key",
                "write it as text: '{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"…\", \"y\": \"…\"}'",
            ),
        }
    }
    keys
}

/// The addresses of a key that are fit for it.
fn addresses(
    context: &mut Context<'_>,
    node: Option<&Node>,
    is_fit: fn(&str) -> bool,
) -> Vec<Text> {
    let mut found = Vec::new();
    for item in node.map(Node::several).unwrap_or_default() {
        let Some(text) = item.text() else { continue };
        if is_fit(text) {
            found.push(text.clone());
            continue;
        }
        context.error(
            "E0920",
            item.span,
            "people cannot be sent to this address",
            "write `https://` and the whole address without `#`, `*`, `..` and a user; `http://` only for this machine, \
             and `com.example.app:/path` for a program on a phone",
        );
    }
    found
}

/// An address of the web, in the clear only on the machine itself.
fn is_web(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let name = host.strip_prefix('[').map_or_else(
        || host.split(':').next().unwrap_or_default(),
        |long| long.split(']').next().unwrap_or_default(),
    );
    let is_local = matches!(name, "localhost" | "127.0.0.1" | "::1");
    let is_plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"#*\\@".contains(&byte));
    let climbs = rest.split(['/', '?']).any(|part| part == "..");
    let is_known = scheme == "https" || (scheme == "http" && is_local);
    is_known && is_plain && !climbs && !name.is_empty()
}

/// As [`is_web`], or the scheme of a program on a phone: the name of a domain turned round (RFC 8252).
fn is_redirect(uri: &str) -> bool {
    let of_program = |uri: &str| {
        let Some((scheme, rest)) = uri.split_once(':') else { return false };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        scheme.contains('.')
            && scheme.chars().all(fits)
            && rest.starts_with('/')
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"#*\\@".contains(&byte))
    };
    is_web(uri) || of_program(uri)
}
