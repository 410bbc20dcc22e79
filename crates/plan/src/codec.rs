//! The form in which an operation is kept and hashed: a flat list of values, first its version.

use muster_model::{AccountId, EntityId, Location, Text, Value, decode_values, encode_values};

use crate::{AttributeChange, Kind, Operation, OperationReason, Target};

const VERSION: i64 = 1;

/// Stored bytes that are not an operation of this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stored operation cannot be read: {0}")]
pub struct DecodeError(String);

/// Writes an operation.
pub fn encode_operation(operation: &Operation) -> Vec<u8> {
    let Operation { identity, subject, target, kind, reason, blocked } = operation;
    let Target { system, account_type, account, native_id, name } = target;
    let text = |text: &Text| Value::Text(text.clone());
    let mut values = vec![
        Value::Int(VERSION),
        Value::text(kind.name()),
        Value::Int(identity.0),
        text(subject),
        text(system),
        text(account_type),
        account.map_or(Value::Null, |id| Value::Int(id.0)),
        text(native_id),
        text(name),
        text(&reason.text),
        reason.at.as_ref().map_or(Value::Null, |at| text(&at.file)),
        Value::Int(reason.at.as_ref().map_or(0, |at| i64::from(at.line))),
        Value::Int(reason.at.as_ref().map_or(0, |at| i64::from(at.column))),
        blocked.as_ref().map_or(Value::Null, text),
    ];
    match kind {
        Kind::Create { values: attributes, enabled } => {
            values.push(Value::Bool(*enabled));
            values.extend(
                attributes.iter().flat_map(|(attribute, value)| [text(attribute), value.clone()]),
            );
        }
        Kind::Update { changes } => values.extend(changes.iter().flat_map(|change| {
            let AttributeChange { attribute, old, new } = change;
            [text(attribute), old.clone(), new.clone()]
        })),
        Kind::Rename { to } => values.push(text(to)),
        Kind::Enable | Kind::Disable | Kind::Delete => {}
        Kind::Grant { entitlement, name } | Kind::Revoke { entitlement, name } => {
            values.extend([text(entitlement), text(name)]);
        }
    }
    encode_values(&values)
}

/// Reads what [`encode_operation`] wrote.
pub fn decode_operation(bytes: &[u8]) -> Result<Operation, DecodeError> {
    let values = decode_values(bytes).map_err(|error| DecodeError(error.to_string()))?;
    let mut reader = Reader { values: values.into_iter() };
    match reader.int()? {
        VERSION => {}
        other => {
            return Err(DecodeError(format!(
                "it has format {other}, this version reads format {VERSION}"
            )));
        }
    }
    let kind = reader.text()?;
    let identity = EntityId(reader.int()?);
    let subject = reader.text()?;
    let target = Target {
        system: reader.text()?,
        account_type: reader.text()?,
        account: reader.optional_int()?.map(AccountId),
        native_id: reader.text()?,
        name: reader.text()?,
    };
    let reason_text = reader.text()?;
    let (file, line, column) = (reader.optional_text()?, reader.number()?, reader.number()?);
    let reason =
        OperationReason { text: reason_text, at: file.map(|file| Location { file, line, column }) };
    let blocked = reader.optional_text()?;
    let kind = reader.kind(&kind)?;
    Ok(Operation { identity, subject, target, kind, reason, blocked })
}

struct Reader {
    values: std::vec::IntoIter<Value>,
}

impl Reader {
    fn next(&mut self) -> Result<Value, DecodeError> {
        self.values.next().ok_or_else(|| DecodeError("it ends too early".to_owned()))
    }

    fn int(&mut self) -> Result<i64, DecodeError> {
        self.optional_int()?.ok_or_else(|| DecodeError("a number is missing".to_owned()))
    }

    fn number(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.int()?).map_err(|_| DecodeError("a number is too large".to_owned()))
    }

    fn optional_int(&mut self) -> Result<Option<i64>, DecodeError> {
        let value = self.next()?;
        if let Value::Int(int) = value {
            Ok(Some(int))
        } else if value.is_null() {
            Ok(None)
        } else {
            Err(DecodeError("a number was expected".to_owned()))
        }
    }

    fn text(&mut self) -> Result<Text, DecodeError> {
        self.optional_text()?.ok_or_else(|| DecodeError("a text is missing".to_owned()))
    }

    fn optional_text(&mut self) -> Result<Option<Text>, DecodeError> {
        let value = self.next()?;
        if value.is_null() {
            return Ok(None);
        }
        value
            .as_text()
            .cloned()
            .map(Some)
            .ok_or_else(|| DecodeError("a text was expected".to_owned()))
    }

    fn kind(&mut self, name: &str) -> Result<Kind, DecodeError> {
        Ok(match name {
            "create" => {
                let enabled = self.next()? == Value::Bool(true);
                let mut values = Vec::new();
                while self.values.len() > 0 {
                    values.push((self.text()?, self.next()?));
                }
                Kind::Create { values, enabled }
            }
            "update" => {
                let mut changes = Vec::new();
                while self.values.len() > 0 {
                    changes.push(AttributeChange {
                        attribute: self.text()?,
                        old: self.next()?,
                        new: self.next()?,
                    });
                }
                Kind::Update { changes }
            }
            "rename" => Kind::Rename { to: self.text()? },
            "enable" => Kind::Enable,
            "disable" => Kind::Disable,
            "delete" => Kind::Delete,
            "grant" => Kind::Grant { entitlement: self.text()?, name: self.text()? },
            "revoke" => Kind::Revoke { entitlement: self.text()?, name: self.text()? },
            other => return Err(DecodeError(format!("`{other}` is no kind of operation"))),
        })
    }
}
