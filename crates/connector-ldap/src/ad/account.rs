//! Accounts: the bits that switch them, and their passwords.

use ldap3::Mod;
use muster_connector::ConnectorError;
use muster_model::{Applied, ObjectRef, Value};
use rustls::crypto::aws_lc_rs;

use super::{CONTROL, guard};
use crate::{
    change::{self, Chain, Written},
    error::{code, from_result},
    link::{Link, Request},
    settings::LdapSettings,
};

/// The bit of an account that may not be used.
pub(crate) const DISABLED: u32 = 0x2;
/// An ordinary account.
pub(crate) const NORMAL: u32 = 0x200;
/// The attribute that takes a password and never shows it.
pub(crate) const PASSWORD: &str = "unicodePwd";

/// How often an account is looked at again because somebody else changed it in between.
const MOST_TRIES: usize = 3;
/// How many characters a made password has beyond those that every policy on kinds of characters is content with.
const RANDOM_CHARACTERS: usize = 40;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// True for an attribute that takes the password of an account; `password` is a name for `unicodePwd`.
pub(crate) fn is_password(attribute: &str) -> bool {
    attribute.eq_ignore_ascii_case(PASSWORD) || attribute.eq_ignore_ascii_case("password")
}

/// A password as the directory takes it.
pub(crate) fn password_bytes(
    settings: &LdapSettings,
    password: &Value,
) -> Result<Vec<u8>, ConnectorError> {
    if !settings.is_encrypted() {
        return Err(ConnectorError::Settings(
            "Active Directory takes passwords only over TLS, and this connection has none; use ldaps:// or \
             `starttls: true`"
                .to_owned(),
        ));
    }
    match password.to_wire_text().as_text() {
        Some(text) if !text.is_empty() => Ok(encoded(text)),
        Some(_) | None => Err(ConnectorError::Invalid(
            "a password can be changed, but an account cannot be left without one".to_owned(),
        )),
    }
}

/// Between quotes, in UTF-16, least significant byte first.
fn encoded(password: &str) -> Vec<u8> {
    format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A password that nobody knows: 240 random bits, and a character of each kind that policies ask for.
pub(crate) fn random_password() -> Result<Value, ConnectorError> {
    let mut random = [0u8; RANDOM_CHARACTERS];
    aws_lc_rs::default_provider().secure_random.fill(&mut random).map_err(|_| {
        ConnectorError::Malformed("the operating system gives no random numbers".to_owned())
    })?;
    let characters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 0x3f)));
    let mut password: String = characters.map(|byte| char::from(*byte)).collect();
    password.push_str("aZ7.");
    Ok(Value::text(password))
}

/// `control` with the account enabled or disabled and every other bit as it was.
pub(crate) fn switched(control: u32, enabled: bool) -> u32 {
    if enabled { control & !DISABLED } else { control | DISABLED }
}

/// The number as the directory writes it, with a sign.
pub(crate) fn written(control: u32) -> String {
    control.cast_signed().to_string()
}

/// Takes the old value away and adds the new one, so that a change made in between by somebody else is not lost but
/// makes this one fail.
pub(crate) fn exchange(old: u32, new: u32) -> Vec<Mod<Vec<u8>>> {
    let values = |control| std::iter::once(written(control).into_bytes()).collect();
    let attribute = || CONTROL.as_bytes().to_vec();
    vec![Mod::Delete(attribute(), values(old)), Mod::Add(attribute(), values(new))]
}

/// Adds to the values of a new account what makes it one: the bits that say whether it may be used and a password.
///
/// A password that the model does not give is made here and shown to nobody. Without TLS an account can only be made
/// disabled and without one.
pub(crate) fn complete(
    settings: &LdapSettings,
    values: &mut Vec<Written<'_>>,
    enabled: bool,
) -> Result<(), ConnectorError> {
    let given = |name: &str| values.iter().position(|(of, _)| of.eq_ignore_ascii_case(name));
    if given(PASSWORD).is_none() && (enabled || settings.is_encrypted()) {
        values.push((PASSWORD, vec![password_bytes(settings, &random_password()?)?]));
    }
    let given = values.iter_mut().find(|(of, _)| of.eq_ignore_ascii_case(CONTROL));
    let number = |value: &Vec<u8>| std::str::from_utf8(value).ok()?.parse::<i32>().ok();
    let control = given.as_ref().and_then(|(_, values)| number(values.first()?));
    let control = control.map_or(NORMAL, i32::cast_unsigned);
    let bytes = vec![written(switched(control, enabled)).into_bytes()];
    match given {
        Some((_, values)) => *values = bytes,
        None => values.push((CONTROL, bytes)),
    }
    Ok(())
}

/// Enables or disables an account and leaves its other bits as they are.
pub(crate) async fn switch(
    chain: &Chain<'_>,
    link: &Link,
    object: &ObjectRef,
    enabled: bool,
) -> Result<Applied, ConnectorError> {
    let name = chain.name_of(object);
    let mut last = change::outcome(code::NO_SUCH_OBJECT);
    for _ in 0..MOST_TRIES {
        let Some(present) = guard::find(chain.directory, link, object, &name).await? else {
            return Err(ConnectorError::NotFound { name: name.into() });
        };
        let Some(control) = present.control else {
            return Err(ConnectorError::Invalid(format!(
                "`{}` shows no `{CONTROL}`; it is no account, or Muster may not read the attribute",
                present.dn
            )));
        };
        let wanted = switched(control, enabled);
        if wanted == control {
            return Ok(Applied::default());
        }
        let request = Request::Modify(exchange(control, wanted));
        last = link.send(&present.dn, &request, Vec::new()).await?;
        match last.rc {
            code::SUCCESS => return Ok(Applied::default()),
            // Somebody changed the bits in between.
            code::NO_SUCH_ATTRIBUTE | code::NO_SUCH_OBJECT => {}
            _ => break,
        }
    }
    Err(from_result(&last, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_an_account_leaves_its_other_bits() {
        assert_eq!(switched(0x10202, true), 0x10200);
        assert_eq!(switched(0x10200, false), 0x10202);
        assert_eq!(switched(0x10200, true), 0x10200);
        assert_eq!(written(0x8000_0200), "-2147483136");
    }

    #[test]
    fn passwords_are_quoted_and_in_two_bytes_a_character() {
        assert_eq!(encoded("aß"), [34, 0, 97, 0, 223, 0, 34, 0]);
    }

    #[test]
    fn a_made_password_is_long_of_every_kind_and_never_the_same() {
        let text = |value: Value| value.to_string();
        let (first, second) = (text(random_password().unwrap()), text(random_password().unwrap()));
        assert_ne!(first, second);
        for password in [first, second] {
            assert!(password.len() >= 24);
            let kinds: [fn(char) -> bool; 4] = [
                |c| c.is_ascii_lowercase(),
                |c| c.is_ascii_uppercase(),
                |c| c.is_ascii_digit(),
                |c| c.is_ascii_punctuation(),
            ];
            assert!(kinds.iter().all(|kind| password.chars().any(kind)));
        }
    }
}
