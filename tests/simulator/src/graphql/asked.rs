//! What a question asks for, as a tree: providers price questions before they answer them.

use apollo_compiler::{
    executable::{Field, SelectionSet},
    schema::ExtendedType,
};

use super::Question;

/// A field that is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Whether it is a value and no object.
    pub(crate) leaf: bool,
    /// Whether it is a list in pages.
    pub(crate) connection: bool,
    /// The page's length, where the question says it.
    pub(crate) length: Option<u64>,
    /// What is asked of it.
    pub(crate) fields: Vec<Asked>,
}

impl Question<'_> {
    /// The fields asked of the root.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.fields(&self.operation().selection_set)
    }

    fn fields(&self, set: &SelectionSet) -> Vec<Asked> {
        set.root_fields(&self.document).map(|field| self.field(field)).collect()
    }

    fn field(&self, field: &Field) -> Asked {
        let type_name = field.definition.ty.inner_named_type();
        let lengths = ["first", "last"].into_iter().filter_map(|name| self.number(field, name));
        Asked {
            leaf: matches!(
                self.api.schema().types.get(type_name),
                Some(ExtendedType::Scalar(_) | ExtendedType::Enum(_)) | None
            ),
            connection: type_name.ends_with("Connection"),
            length: lengths.max(),
            fields: self.fields(&field.selection_set),
        }
    }

    fn number(&self, field: &Field, argument: &str) -> Option<u64> {
        let value = field.specified_argument_by_name(argument)?;
        match value.as_variable() {
            Some(name) => self.variables.get(name.as_str())?.as_u64(),
            None => value.to_i32().and_then(|number| u64::try_from(number).ok()),
        }
    }
}
