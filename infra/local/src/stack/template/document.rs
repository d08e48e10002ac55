//! A CloudFormation document with its intrinsic functions resolved, as far as running needs it.

use std::collections::BTreeMap;

use serde_yaml_ng::Value;

use super::TemplateError;

/// A parsed template.
pub(super) struct Document {
    root: Value,
    /// Parameters at their defaults.
    parameters: BTreeMap<String, Value>,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let root: Value = serde_yaml_ng::from_str(text)?;
        let mut parameters = BTreeMap::new();
        for (name, parameter) in entries(root.get("Parameters")) {
            if let Some(default) = parameter.get("Default") {
                parameters.insert(name.to_owned(), default.clone());
            }
        }
        if entries(root.get("Resources")).next().is_none() {
            return Err(TemplateError::Empty);
        }
        Ok(Self { root, parameters })
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = Node<'_>> {
        entries(self.root.get("Resources")).map(|(name, value)| self.node(name, value))
    }

    /// What all functions share.
    pub(super) fn globals<'a>(&'a self, resource: &'a str) -> Option<Node<'a>> {
        let value = self.root.get("Globals")?.get("Function")?;
        Some(Node { path: "Globals.Function".to_owned(), ..self.node(resource, value) })
    }

    fn node<'a>(&'a self, name: &'a str, value: &'a Value) -> Node<'a> {
        Node { name, path: String::new(), value, document: self }
    }
}

/// A value of a resource, with the path that leads to it.
#[derive(Clone)]
pub(super) struct Node<'a> {
    /// Logical id of the resource.
    pub(super) name: &'a str,
    path: String,
    value: &'a Value,
    document: &'a Document,
}

impl<'a> Node<'a> {
    /// The resource's type.
    pub(super) fn kind(&self) -> Result<String, TemplateError> {
        self.require("Type")?.text()
    }

    /// A value below this one, by a dotted path.
    pub(super) fn get(&self, path: &str) -> Option<Self> {
        let mut value = self.value;
        for key in path.split('.') {
            value = value.get(key)?;
        }
        Some(self.below(path, value))
    }

    /// A value that must be there.
    pub(super) fn require(&self, path: &str) -> Result<Self, TemplateError> {
        self.get(path).ok_or_else(|| TemplateError::at(self.name, format!("{} is missing", self.place(path))))
    }

    /// The entries of a mapping.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> {
        entries(Some(self.value)).map(|(key, value)| (key, self.below(key, value)))
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.value.as_sequence().map(Vec::as_slice).unwrap_or_default();
        items.iter().enumerate().map(|(index, value)| self.below(&index.to_string(), value)).collect()
    }

    /// A text, number or truth value as text. A reference to a resource, or to an attribute of it, is its logical id.
    pub(super) fn text(&self) -> Result<String, TemplateError> {
        self.resolve(self.value).ok_or_else(|| {
            self.problem("must be a text, !Ref, !GetAtt, !Sub or !If of a parameter with a default, or of a resource")
        })
    }

    /// A whole number.
    pub(super) fn number(&self) -> Result<u32, TemplateError> {
        let number = self.text()?.parse();
        number.map_err(|_| self.problem("must be a whole number"))
    }

    /// Plain JSON, with every reference resolved.
    pub(super) fn json(&self) -> Result<serde_json::Value, TemplateError> {
        if let Some(items) = self.value.as_sequence() {
            let items = items.iter().enumerate();
            return items.map(|(index, value)| self.below(&index.to_string(), value).json()).collect();
        }
        if let (Value::Mapping(_), None) = (self.value, intrinsic(self.value)) {
            return self.entries().map(|(key, value)| Ok((key.to_owned(), value.json()?))).collect();
        }
        match self.value {
            Value::Number(_) | Value::Bool(_) => {
                serde_json::to_value(self.value).map_err(|_| self.problem("cannot be read"))
            }
            _ => Ok(self.text()?.into()),
        }
    }

    /// Something is wrong with this value.
    pub(super) fn problem(&self, problem: &str) -> TemplateError {
        TemplateError::at(self.name, format!("{} {problem}", self.path))
    }

    fn resolve(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => match intrinsic(value)? {
                ("Ref", Value::String(name)) => self.reference(name),
                ("GetAtt", Value::String(path)) => self.reference(path.split('.').next()?),
                ("GetAtt", Value::Sequence(path)) => self.reference(path.first()?.as_str()?),
                ("Sub", Value::String(text)) => self.substitute(text),
                ("If", Value::Sequence(parts)) => {
                    let [condition, yes, no] = parts.as_slice() else { return None };
                    self.resolve(if self.condition(condition.as_str()?)? { yes } else { no })
                }
                _ => None,
            },
        }
    }

    /// Whether a condition of the template holds with every parameter at its default.
    fn condition(&self, name: &str) -> Option<bool> {
        self.holds(self.document.root.get("Conditions")?.get(name)?)
    }

    fn holds(&self, value: &Value) -> Option<bool> {
        let (function, arguments) = intrinsic(value)?;
        let arguments = arguments.as_sequence()?;
        match function {
            "Equals" => Some(self.resolve(arguments.first()?)? == self.resolve(arguments.get(1)?)?),
            "Not" => self.holds(arguments.first()?).map(|holds| !holds),
            "And" => arguments.iter().map(|one| self.holds(one)).try_fold(true, |all, one| Some(all && one?)),
            "Or" => arguments.iter().map(|one| self.holds(one)).try_fold(false, |any, one| Some(any || one?)),
            _ => None,
        }
    }

    fn reference(&self, name: &str) -> Option<String> {
        if name.starts_with("AWS::") {
            return Some("local".to_owned());
        }
        if let Some(default) = self.document.parameters.get(name) {
            return self.resolve(default);
        }
        let known = self.document.root.get("Resources")?.get(name).is_some();
        known.then(|| name.to_owned())
    }

    fn substitute(&self, text: &str) -> Option<String> {
        let mut parts = text.split("${");
        let mut result = parts.next()?.to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            result.push_str(&self.reference(name.split('.').next()?)?);
            result.push_str(rest);
        }
        Some(result)
    }

    fn below(&self, path: &str, value: &'a Value) -> Self {
        Self { name: self.name, path: self.place(path), value, document: self.document }
    }

    fn place(&self, path: &str) -> String {
        if self.path.is_empty() { path.to_owned() } else { format!("{}.{path}", self.path) }
    }
}

/// The name and the argument of an intrinsic function, in its short form (`!Ref X`) or its long one (`{ Ref: X }`).
fn intrinsic(value: &Value) -> Option<(&str, &Value)> {
    match value {
        Value::Tagged(tagged) => Some((tag(&tagged.tag), &tagged.value)),
        Value::Mapping(mapping) if mapping.len() == 1 => {
            let (key, argument) = mapping.iter().next()?;
            let name = key.as_str()?;
            let name = name.strip_prefix("Fn::").or_else(|| (name == "Ref").then_some(name))?;
            Some((name, argument))
        }
        _ => None,
    }
}

/// The tag without its exclamation mark. `Tag` has no accessor of its text; comparing is all it can do.
fn tag(tag: &serde_yaml_ng::value::Tag) -> &'static str {
    ["Ref", "GetAtt", "Sub", "If", "Equals", "Not", "And", "Or"].into_iter().find(|name| tag == name).unwrap_or("")
}

fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let mapping = value.and_then(Value::as_mapping);
    mapping.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str()?, value)))
}
