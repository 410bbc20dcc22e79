//! The flat list of values, written and read one after the other.

use muster_model::{Text, Value, decode_values, encode_values};

use super::WireError;

/// Puts values one after the other.
pub(super) struct Writer(Vec<Value>);

impl Writer {
    pub(super) fn new(version: i64) -> Self {
        Self(vec![Value::Int(version)])
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        encode_values(&self.0)
    }

    pub(super) fn value(&mut self, value: Value) {
        self.0.push(value);
    }

    pub(super) fn int(&mut self, n: i64) {
        self.0.push(Value::Int(n));
    }

    pub(super) fn optional_int(&mut self, n: Option<i64>) {
        self.0.push(n.map_or(Value::Null, Value::Int));
    }

    pub(super) fn length(&mut self, n: usize) {
        self.int(i64::try_from(n).unwrap_or(i64::MAX));
    }

    pub(super) fn bool(&mut self, is_so: bool) {
        self.0.push(Value::Bool(is_so));
    }

    pub(super) fn optional_bool(&mut self, is_so: Option<bool>) {
        self.0.push(is_so.map_or(Value::Null, Value::Bool));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.0.push(Value::Text(text.into()));
    }

    pub(super) fn optional(&mut self, text: Option<&str>) {
        self.0.push(text.map_or(Value::Null, |text| Value::Text(text.into())));
    }

    /// A word of the protocol.
    pub(super) fn word(&mut self, word: &'static str) {
        self.text(word);
    }

    pub(super) fn list<T>(&mut self, items: &[T], put: impl Fn(&mut Self, &T)) {
        self.length(items.len());
        for item in items {
            put(self, item);
        }
    }
}

/// Takes values one after the other.
pub(super) struct Reader(std::vec::IntoIter<Value>);

impl Reader {
    pub(super) fn new(bytes: &[u8], version: i64) -> Result<Self, WireError> {
        let values = decode_values(bytes).map_err(|error| WireError::Damaged(error.to_string()))?;
        let mut reader = Self(values.into_iter());
        match reader.int()? {
            told if told == version => Ok(reader),
            other => Err(WireError::Version(other)),
        }
    }

    pub(super) fn value(&mut self) -> Result<Value, WireError> {
        self.0.next().ok_or_else(|| WireError::Damaged("it ends too early".to_owned()))
    }

    pub(super) fn optional_int(&mut self) -> Result<Option<i64>, WireError> {
        let value = self.value()?;
        let Value::Int(n) = value else { return nothing(&value, "a number") };
        Ok(Some(n))
    }

    pub(super) fn int(&mut self) -> Result<i64, WireError> {
        self.optional_int()?.ok_or_else(|| unfit("a number"))
    }

    pub(super) fn length(&mut self) -> Result<usize, WireError> {
        let n = self.int()?;
        usize::try_from(n).map_err(|_| unfit("a length"))
    }

    pub(super) fn optional_bool(&mut self) -> Result<Option<bool>, WireError> {
        let value = self.value()?;
        let Value::Bool(is_so) = value else { return nothing(&value, "true or false") };
        Ok(Some(is_so))
    }

    pub(super) fn bool(&mut self) -> Result<bool, WireError> {
        self.optional_bool()?.ok_or_else(|| unfit("true or false"))
    }

    pub(super) fn optional(&mut self) -> Result<Option<Text>, WireError> {
        let value = self.value()?;
        let Value::Text(text) = value else { return nothing(&value, "a text") };
        Ok(Some(text))
    }

    pub(super) fn text(&mut self) -> Result<Text, WireError> {
        self.optional()?.ok_or_else(|| unfit("a text"))
    }

    pub(super) fn list<T>(
        &mut self,
        take: impl Fn(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
        // A length may lie; what is there sets the pace.
        let n = self.length()?;
        let mut items = Vec::with_capacity(n.min(self.0.len()));
        for _ in 0..n {
            items.push(take(self)?);
        }
        Ok(items)
    }

    /// Nothing may be left.
    pub(super) fn end(mut self) -> Result<(), WireError> {
        match self.0.next() {
            None => Ok(()),
            Some(_) => Err(WireError::Damaged("it goes on after its end".to_owned())),
        }
    }
}

fn nothing<T>(value: &Value, wanted: &str) -> Result<Option<T>, WireError> {
    if value.is_null() { Ok(None) } else { Err(unfit(wanted)) }
}

fn unfit(wanted: &str) -> WireError {
    WireError::Damaged(format!("{wanted} was expected and something else is there"))
}
