//! What payloads say about themselves that only people need: names to show, and ids of listed items.

use connector_domain::ResourceId;
use serde_json::Value;

/// Where items may say which resource they are of.
const IDS: [&str; 6] = ["/base/repo/id", "/repository/id", "/projectId", "/projectID", "/team/id", "/project/id"];
const NAMES: [&str; 4] = ["/base/repo/full_name", "/repository/full_name", "/team/key", "/project/slug"];
/// Addresses of items hold the name after this.
const ADDRESSES: [&str; 2] = ["/repository_url", "/url"];
const BEFORE_NAME: &str = "/repos/";

/// The items of a response: the response itself, the list inside it, or the one thing that it is.
pub(super) fn items(response: &Value) -> Vec<&Value> {
    fn list(value: &Value) -> Option<&Vec<Value>> {
        match value {
            Value::Array(items) => Some(items),
            Value::Object(fields) => fields.values().find_map(list),
            _ => None,
        }
    }
    let list = if response.get("id").is_some() { None } else { list(response) };
    list.map_or_else(|| vec![response], |items| items.iter().collect())
}

/// The provider's id of the resource.
pub(super) fn resource_id(item: &Value) -> Option<ResourceId> {
    as_id(IDS.iter().find_map(|path| item.pointer(path))?)
}

/// The provider's id of the thing that a response is, when it is one.
pub(super) fn own_id(response: &Value) -> Option<ResourceId> {
    as_id(response.get("id")?)
}

fn as_id(id: &Value) -> Option<ResourceId> {
    ResourceId::parse(id.as_str().map_or_else(|| id.to_string(), str::to_owned)).ok()
}

/// The name of the resource.
pub(super) fn resource_name(item: &Value) -> Option<String> {
    let text = |path: &&str| item.pointer(path).and_then(Value::as_str);
    let written = NAMES.iter().find_map(text).map(str::to_owned);
    written.or_else(|| {
        let (_, rest) = ADDRESSES.iter().find_map(|path| text(path)?.split_once(BEFORE_NAME))?;
        let mut parts = rest.split('/').filter(|part| !part.is_empty());
        Some(format!("{}/{}", parts.next()?, parts.next()?))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_may_stand_inside_its_response() {
        assert_eq!(items(&json!([1, 2])), [&json!(1), &json!(2)]);
        assert_eq!(items(&json!({ "data": { "issues": { "nodes": [7] } } })), [&json!(7)]);
        assert_eq!(items(&json!({ "id": 7, "tags": [1] })), [&json!({ "id": 7, "tags": [1] })]);
        assert_eq!(items(&json!([])), Vec::<&Value>::new());
    }

    #[test]
    fn items_and_webhooks_say_which_resource_they_are_of() {
        let known = |item: &Value| (resource_id(item).map(|id| id.to_string()), resource_name(item));
        let pull = json!({ "base": { "repo": { "id": 9, "full_name": "o/r" } } });
        assert_eq!(known(&pull), (Some("9".into()), Some("o/r".into())));
        let deployment = json!({ "projectId": "prj_1", "name": "shop" });
        assert_eq!(known(&deployment), (Some("prj_1".into()), None));
        let webhook = json!({ "repository": { "id": "9", "full_name": "o/r" } });
        assert_eq!(known(&webhook), (Some("9".into()), Some("o/r".into())));
        let release = json!({ "url": "https://api.github.com/repos/o/r/releases/1" });
        assert_eq!(known(&release), (None, Some("o/r".into())));
        assert_eq!(known(&json!(7)), (None, None));
    }
}
