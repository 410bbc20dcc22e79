//! The person behind a token: who it is, whether they may still be here, and what an application is told of them.

use std::{collections::BTreeSet, sync::Arc};

use muster_app::{Error, Known, known_identity};
use muster_model::{EntityId, Value};
use muster_policy::Application;
use serde_json::{Map, Value as Json, json};

use crate::{
    asked::Asked,
    scopes::{KNOWN, Scopes},
};

/// Claims of the standard, the scope that they belong to, and the attributes that are they, the first one that has a value.
const STANDARD: &[(&str, &str, &[&str])] = &[
    ("name", "profile", &["display"]),
    ("given_name", "profile", &["givenName", "firstName", "given_name", "first_name"]),
    ("family_name", "profile", &["familyName", "lastName", "surname", "family_name", "last_name"]),
    ("middle_name", "profile", &["middleName", "middle_name"]),
    ("nickname", "profile", &["nickName", "nickname"]),
    ("preferred_username", "profile", &["userName", "username", "login", "uid"]),
    ("picture", "profile", &["picture", "photo"]),
    ("website", "profile", &["website"]),
    ("zoneinfo", "profile", &["zoneinfo", "timezone", "timeZone"]),
    ("locale", "profile", &["locale", "preferredLanguage", "language"]),
    ("email", "email", &["email", "mail", "emailAddress"]),
    ("phone_number", "phone", &["phone", "phoneNumber", "telephoneNumber", "mobile"]),
];

/// The parts of the claim `address`, which is its own scope.
const ADDRESS: &[(&str, &[&str])] = &[
    ("street_address", &["streetAddress", "street"]),
    ("locality", &["locality", "city", "town"]),
    ("region", &["region", "state"]),
    ("postal_code", &["postalCode", "postcode", "zip"]),
    ("country", &["country", "countryCode"]),
];

/// Claims that stand beside another one. What the repository holds was decided by the organisation, not said by whoever signs in.
const VERIFIED: &[(&str, &str)] =
    &[("email_verified", "email"), ("phone_number_verified", "phone_number")];

/// The claims that are the same everywhere.
pub(crate) fn claims_known() -> Vec<&'static str> {
    let fixed =
        ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "sid", "azp"];
    let of_people = STANDARD.iter().map(|(claim, _, _)| *claim);
    let verified = VERIFIED.iter().map(|(claim, _)| *claim);
    let more = ["address", "groups", "roles"];
    fixed.into_iter().chain(of_people).chain(verified).chain(more).collect()
}

/// Whether a claim is one of the standard's about people, which a request may name by itself.
pub(crate) fn is_claim(name: &str) -> bool {
    name == "address" || STANDARD.iter().any(|(claim, _, _)| *claim == name)
}

/// Somebody who may use an application now.
#[derive(Debug, Clone)]
pub(crate) struct Person(Arc<Known>);

impl Person {
    /// The person of this id, if their lifecycle lets them sign in and the application is for them. Asked at every use of a token:
    /// the fact that makes somebody a leaver ends everything, without another flag.
    pub(crate) async fn allowed(
        asked: &Asked,
        application: &Application,
        id: EntityId,
    ) -> Result<Option<Self>, Error> {
        // One place knows who may sign in, and every door asks it.
        if !asked.authenticator.is_alive(&asked.opened, id, asked.now).await? {
            return Ok(None);
        }
        let known = known_identity(&asked.opened, asked.now, id).await?;
        Ok(known.map(Self).filter(|person| person.may_use(application)))
    }

    fn may_use(&self, application: &Application) -> bool {
        let holder = self.0.holder();
        let has_role = application.roles.iter().any(|role| holder.roles().contains(role));
        holder.type_id() == application.identity && (application.roles.is_empty() || has_role)
    }

    /// Which entity it is.
    pub(crate) fn id(&self) -> EntityId {
        self.0.row().id
    }

    /// How tokens name the person: never used for anybody else.
    pub(crate) fn subject(&self) -> String {
        self.id().0.to_string()
    }

    /// How the person is named to people who run the application.
    pub(crate) fn key(&self) -> &str {
        self.0.key()
    }

    /// Those scopes that the person can give an application: the known ones, and entitlements in the application's system.
    pub(crate) fn granted(&self, application: &Application, asked_for: &Scopes) -> Scopes {
        let entitlements = self.entitlements(application);
        asked_for.only(|word| {
            application.scopes.iter().any(|known| &**known == word)
                && (KNOWN.contains(&word) || entitlements.contains(&word))
        })
    }

    /// The names of the person's entitlements in the application's system, in order, each once.
    fn entitlements(&self, application: &Application) -> Vec<&str> {
        let held = self.0.holder().entitlements().iter();
        let of = held.filter(|(system, _, _)| Some(*system) == application.system);
        let mut names: Vec<&str> = of.map(|(_, _, name)| &**name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What the application is told of the person by these scopes, and by these names where it may ask for their scope; without the subject.
    pub(crate) fn claims(
        &self,
        asked: &Asked,
        application: &Application,
        scopes: &Scopes,
        named: &BTreeSet<String>,
    ) -> Map<String, Json> {
        let may_ask = |scope: &str| application.scopes.iter().any(|known| &**known == scope);
        let is_told = |claim: &str, scope: &str| {
            scopes.has(scope) || (named.contains(claim) && may_ask(scope))
        };
        let first =
            |attributes: &[&str]| attributes.iter().find_map(|name| self.attribute(asked, name));
        let mut claims = Map::new();
        for (claim, _, attributes) in STANDARD.iter().filter(|of| is_told(of.0, of.1)) {
            claims.extend(first(attributes).map(|value| ((*claim).to_owned(), value)));
        }
        if is_told("address", "address") {
            let parts =
                ADDRESS.iter().filter_map(|(part, from)| Some(((*part).to_owned(), first(from)?)));
            let parts: Map<String, Json> = parts.collect();
            claims.extend((!parts.is_empty()).then(|| ("address".to_owned(), parts.into())));
        }
        for (claim, _) in
            VERIFIED.iter().filter(|(_, of)| claims.contains_key(*of)).collect::<Vec<_>>()
        {
            claims.insert((*claim).to_owned(), true.into());
        }
        if scopes.has("groups") {
            claims.insert("groups".to_owned(), json!(self.entitlements(application)));
        }
        if scopes.has("roles") {
            let roles = self.0.holder().roles().iter();
            let names = roles.filter_map(|role| asked.opened.model.roles.get(*role));
            claims.insert("roles".to_owned(), names.map(|role| &*role.name).collect());
        }
        for (name, rule) in &application.claims {
            let value = self.0.value(&asked.opened, &rule.program, asked.now);
            if let Some(value) = json_of(&value) {
                claims.insert(name.to_string(), value);
            }
        }
        claims
    }

    fn attribute(&self, asked: &Asked, name: &str) -> Option<Json> {
        let row = self.0.row();
        let of = asked.opened.model.schema.get(row.type_id)?;
        let slot = of.attribute_named(name)?.slot;
        json_of(row.get(slot))
    }
}

/// A value as a claim has it; `None` where there is none.
fn json_of(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null | Value::Binary(_) | Value::Link(_) | Value::Reference(_) => return None,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::List(items) => items.iter().filter_map(json_of).collect(),
        Value::Text(_) | Value::Date(_) | Value::DateTime(_) | Value::Uuid(_) => {
            value.to_string().into()
        }
    })
}
