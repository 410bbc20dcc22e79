//! Secret settings: where they come from and a type that does not show them.
//!
//! Libraries never read the environment; the composition root passes a [`Secrets`] that does.

use std::{fmt, io};

use muster_model::{Span, Text};
use zeroize::Zeroize as _;

use crate::ConnectorError;

/// Looks secrets up when a connector opens. The composition root implements it.
pub trait Secrets: Send + Sync {
    /// The environment variable `name`, or `None` when it is not set.
    fn env(&self, name: &str) -> Option<String>;
    /// The content of the file at `path`; a relative path is relative to the project folder.
    fn file(&self, path: &str) -> io::Result<String>;
}

/// A [`Secrets`] that knows nothing: for connectors without secrets and for checks that do not open anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, _path: &str) -> io::Result<String> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }
}

/// A secret value. It prints as `[secret]`, and its memory is wiped when it is dropped; the value is taken out with
/// [`Secret::reveal`] where it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself. Never log it or put it into an error.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where a secret is to be found, as written in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRef {
    /// The kind of place.
    pub from: SecretPlace,
    /// The variable's name or the file's path.
    pub name: Text,
    /// Where the setting stands.
    pub span: Span,
}

/// The kinds of places that hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretPlace {
    /// An environment variable.
    Env,
    /// A file, whose last line end is not part of the secret.
    File,
}

impl SecretRef {
    /// Fetches the value. An unset variable, an unreadable file and an empty secret are [`ConnectorError::Settings`].
    pub fn resolve(&self, secrets: &dyn Secrets) -> Result<Secret, ConnectorError> {
        let name = &self.name;
        let value = match self.from {
            SecretPlace::Env => secrets.env(name).ok_or_else(|| {
                ConnectorError::Settings(format!(
                    "the environment variable `{name}` is not set; set it before starting muster"
                ))
            })?,
            SecretPlace::File => {
                let text = secrets.file(name).map_err(|error| {
                    ConnectorError::Settings(format!(
                        "cannot read the secret file `{name}`: {error}"
                    ))
                })?;
                let line = text.strip_suffix('\n').unwrap_or(&text);
                line.strip_suffix('\r').unwrap_or(line).to_owned()
            }
        };
        if value.is_empty() {
            return Err(ConnectorError::Settings(format!("the secret in `{name}` is empty")));
        }
        Ok(Secret(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Vault;

    impl Secrets for Vault {
        fn env(&self, name: &str) -> Option<String> {
            (name == "LDAP_PASSWORD").then(|| "correct horse".to_owned())
        }

        fn file(&self, path: &str) -> io::Result<String> {
            match path {
                "secret.txt" => Ok("battery\r\n".to_owned()),
                "empty.txt" => Ok("\n".to_owned()),
                _ => Err(io::Error::from(io::ErrorKind::NotFound)),
            }
        }
    }

    fn resolve(from: SecretPlace, name: &str) -> Result<Secret, ConnectorError> {
        let span = Span { file: 0, start: 0, end: 0 };
        SecretRef { from, name: name.into(), span }.resolve(&Vault)
    }

    #[test]
    fn a_secret_comes_from_a_variable_or_the_line_of_a_file() {
        assert_eq!(resolve(SecretPlace::Env, "LDAP_PASSWORD").unwrap().reveal(), "correct horse");
        assert_eq!(resolve(SecretPlace::File, "secret.txt").unwrap().reveal(), "battery");
    }

    #[test]
    fn a_secret_that_is_not_there_is_named_by_its_place() {
        let message = |from, name| resolve(from, name).unwrap_err().to_string();
        assert!(message(SecretPlace::Env, "NOPE").contains("`NOPE` is not set"));
        assert!(message(SecretPlace::File, "nope.txt").contains("`nope.txt`"));
        assert!(message(SecretPlace::File, "empty.txt").contains("is empty"));
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", Secret::new("correct horse")), "[secret]");
    }
}
