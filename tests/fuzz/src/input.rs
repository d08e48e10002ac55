//! Choices out of bytes.

use arbitrary::Unstructured;
use serde_json::{Value, json};

use crate::fixtures::Fixture;

/// No text is made longer than this, in bytes: more than any limit of ours.
const LONG: usize = 50_000;

/// The bytes of a run, from which everything else is made. When they are used up, every choice is the first one.
pub(crate) struct Input<'a>(Unstructured<'a>);

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(Unstructured::new(data))
    }

    /// A number below `count`; 0 when there is none.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0.int_in_range(0..=count.saturating_sub(1)).unwrap_or(0)
    }

    pub(crate) fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }

    pub(crate) fn number(&mut self) -> u32 {
        self.0.arbitrary().unwrap_or(0)
    }

    pub(crate) fn text(&mut self) -> String {
        self.0.arbitrary().unwrap_or_default()
    }

    /// The bytes of a fixture: as they are, edited here and there, cut, or quite other ones.
    pub(crate) fn like(&mut self, fixture: &Fixture) -> Vec<u8> {
        let way = self.below(8);
        if way == 7 {
            return self.0.arbitrary().unwrap_or_default();
        }
        let mut body = fixture.body.clone();
        for _ in 0..self.below(6) {
            self.edit(&mut body, &fixture.body);
        }
        let mut bytes = serde_json::to_vec(&body).unwrap();
        if way == 6 {
            bytes.truncate(self.below(bytes.len() + 1));
        } else if way == 5 {
            let at = self.below(bytes.len());
            bytes[at] = self.number().to_le_bytes()[0];
        }
        bytes
    }

    /// The bytes with one bit turned.
    pub(crate) fn tampered(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        let mut tampered = body.to_vec();
        *tampered.get_mut(self.below(body.len()))? ^= 1 << self.below(8);
        Some(tampered)
    }

    /// Changes one value somewhere in a document.
    fn edit(&mut self, value: &mut Value, whole: &Value) {
        let inner = match value {
            Value::Object(fields) => fields.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        if inner > 0 && self.below(6) > 0 {
            let at = self.below(inner);
            return match value {
                Value::Object(fields) => self.edit(fields.values_mut().nth(at).unwrap(), whole),
                Value::Array(items) => self.edit(&mut items[at], whole),
                _ => {}
            };
        }
        *value = self.other(value.take(), whole);
    }

    /// What stands in the place of a value.
    fn other(&mut self, value: Value, whole: &Value) -> Value {
        match (self.below(10), value) {
            (0, _) => Value::Null,
            (1, _) => self.odd(),
            (2, _) => Value::String(self.text()),
            (3, _) => json!(self.0.arbitrary::<i64>().unwrap_or(0)),
            (4, _) => self.elsewhere(whole).clone(),
            (5, Value::Object(mut fields)) => {
                let at = self.below(fields.len());
                if let Some(name) = fields.keys().nth(at).cloned() {
                    fields.remove(&name);
                }
                Value::Object(fields)
            }
            (6, Value::Object(mut fields)) => {
                fields.insert(self.text(), self.odd());
                Value::Object(fields)
            }
            (5, Value::Array(mut items)) => {
                items.truncate(self.below(items.len()));
                Value::Array(items)
            }
            (6, Value::Array(mut items)) => {
                items.extend(items.first().cloned());
                Value::Array(items)
            }
            (7, Value::String(text)) => {
                let most = LONG / text.len().max(1);
                Value::String(text.repeat(1 + self.below(most)))
            }
            (8, Value::String(text)) => Value::String(format!("{}{text}", self.text())),
            (9, value) => json!([value]),
            (_, value) => json!({ "id": value }),
        }
    }

    /// A value of the document.
    fn elsewhere<'v>(&mut self, mut value: &'v Value) -> &'v Value {
        while self.below(6) > 0 {
            let inner: Vec<&Value> = match value {
                Value::Object(fields) => fields.values().collect(),
                Value::Array(items) => items.iter().collect(),
                _ => Vec::new(),
            };
            if inner.is_empty() {
                break;
            }
            value = inner[self.below(inner.len())];
        }
        value
    }

    /// What programs trip over.
    fn odd(&mut self) -> Value {
        let odd = [
            json!(""),
            json!([]),
            json!({}),
            json!(true),
            json!(-1),
            json!(0.5),
            json!(u64::MAX),
            json!(1e300),
            json!("0"),
            json!("-1"),
            json!("99999999999999999999"),
            json!("\u{0}"),
            json!("\u{202e}\u{feff}"),
            json!("e\u{301}".repeat(500)),
            json!("#%2e%2e/../#@:?"),
            json!("2026-01-31T23:59:60Z"),
            json!("-009999-01-01T00:00:00Z"),
            json!("9999-12-31T23:59:59.999999999Z"),
            json!("2026-01-15"),
            json!(253_402_300_800_i64),
            json!(-62_135_596_800_000_i64),
            json!("fixes #1 ".repeat(300)),
            json!("https://evil.example\\@github.com/x#y"),
            json!("refs/heads/"),
            json!("opened"),
            json!("closed"),
        ];
        self.pick(&odd).clone()
    }
}
