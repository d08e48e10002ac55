//! Features as items: their vectors are binary, which is half of what their JSON form takes. Rows of earlier versions, which
//! have that form, are read as well.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use connector_domain::enrich::{Feature, View};
use connector_domain::ports::PortError;

use crate::dynamodb::item::{self, Item, corrupt, text};

pub(super) fn to_item(operation: &'static str, feature: &Feature) -> Result<Item, PortError> {
    let mut item = item::to_item(operation, feature)?;
    for values in vectors(&mut item) {
        if let AttributeValue::S(hex) = &*values {
            *values = AttributeValue::B(Blob::new(hex::decode(hex).map_err(|_| corrupt(operation))?));
        }
    }
    if feature.is_embedded() {
        item.insert("embedded".to_owned(), AttributeValue::Bool(true));
    }
    Ok(item)
}

pub(super) fn from_item(operation: &'static str, mut item: Item) -> Result<Feature, PortError> {
    for values in vectors(&mut item) {
        if let AttributeValue::B(bytes) = &*values {
            *values = text(hex::encode(bytes.as_ref()));
        }
    }
    item::from_item(operation, item)
}

/// The numbers of all vectors of an item.
fn vectors(item: &mut Item) -> Vec<&mut AttributeValue> {
    let mut embeddings = Vec::new();
    for (name, value) in item.iter_mut() {
        let AttributeValue::M(map) = value else { continue };
        match name.as_str() {
            "embedding" => embeddings.push(map),
            "views" => embeddings.extend(map.iter_mut().filter_map(|(view, value)| match value {
                AttributeValue::M(map) if View::find(view).is_some() => Some(map),
                _ => None,
            })),
            _ => {}
        }
    }
    embeddings.into_iter().filter_map(|embedding| embedding.get_mut("values")).collect()
}

#[cfg(test)]
mod tests {
    use connector_domain::enrich::{Embedding, feature};
    use connector_testkit::builders::{at, observation, workspace};

    use super::*;

    fn some() -> Feature {
        let service = Embedding { model: "other".to_owned(), values: vec![-127, 0, 5] };
        let feature = feature(&observation(&workspace("acme"), "9#1", at(0)));
        feature.with_views(View::ALL.map(|view| (view, service.clone())).into())
    }

    #[test]
    fn vectors_are_binary_and_read_back() {
        let mut item = to_item("x", &some()).unwrap();
        let all = vectors(&mut item);
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|values| values.is_b()));
        assert_eq!(from_item("x", item).unwrap(), some());
    }

    #[test]
    fn rows_of_the_version_before_are_read() {
        let feature = some();
        let mut item = item::to_item("x", &feature).unwrap();
        item.remove("views");
        assert!(item["embedding"].as_m().unwrap()["values"].is_s());
        assert_eq!(from_item("x", item).unwrap(), Feature { views: [].into(), ..feature });
    }
}
