//! A list response as a page of a run that never was: of which resource, and over all of time.

use connector_domain::backfill::{EntityType, Window};
use connector_domain::connection::ResourceRef;
use connector_domain::delivery::Origin;
use connector_domain::{Delivery, ProviderKind, ResourceId, RunId, Timestamp, Verified};
use connector_providers::Provider;
use serde_json::Value;

use super::super::payload::{items, own_id, resource_id, resource_name};
use super::Failure;
use crate::render::text::list;

/// What is known of a list response.
pub(super) struct Page {
    provider: ProviderKind,
    entity: EntityType,
    resource: ResourceRef,
    /// What had to be guessed, for the reader to know.
    pub(super) guess: Option<&'static str>,
}

impl Page {
    /// What was given goes before what the items say.
    pub(super) fn of(
        provider: &dyn Provider,
        entity: EntityType,
        raw: &[u8],
        name: Option<&str>,
        id: Option<ResourceId>,
    ) -> Result<Self, Failure> {
        if !provider.entity_types().contains(&entity) {
            let lists: Vec<_> = provider.entity_types().iter().map(|entity| entity.as_str()).collect();
            return Err(Failure::new(format!("{} has no list of {entity}", provider.kind()))
                .hint(format!("it has {}", list(&lists))));
        }
        let response: Value = serde_json::from_slice(raw).unwrap_or_default();
        let items = items(&response);
        let known = id.or_else(|| items.iter().find_map(|item| resource_id(item))).or_else(|| own_id(&response));
        let guess = (known.is_none() && !items.is_empty())
            .then_some("the items do not say which resource they are of: 0 is taken, and --resource-id sets another");
        let resource = ResourceRef {
            id: match known {
                Some(id) => id,
                None => ResourceId::parse("0")?,
            },
            name: name
                .map(str::to_owned)
                .or_else(|| items.iter().find_map(|item| resource_name(item)))
                .unwrap_or_else(|| "unknown/unknown".into()),
        };
        Ok(Self { provider: provider.kind(), entity, resource, guess })
    }

    /// The page as backfill would hand it on.
    pub(super) fn delivery(self, raw: Vec<u8>, now: Timestamp) -> Result<Delivery<Verified>, Failure> {
        let origin = Origin::Page {
            run: RunId::parse("dry-run")?,
            resource: self.resource,
            entity: self.entity,
            page: 0,
            window: Window { since: Timestamp::MIN, until: Timestamp::MAX },
            hold: false,
        };
        Ok(Delivery::page(self.provider, origin, raw, now))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(items: &Value, name: Option<&str>, id: Option<&str>) -> Page {
        let provider = connector_providers::provider(ProviderKind::Github).unwrap();
        let id = id.map(|id| ResourceId::parse(id).unwrap());
        Page::of(provider, EntityType::Issue, items.to_string().as_bytes(), name, id).unwrap()
    }

    #[test]
    fn items_say_which_resource_they_are_of() {
        let pull = json!([{}, { "base": { "repo": { "id": 9, "full_name": "o/r" } } }]);
        let known = page(&pull, None, None);
        assert_eq!((known.resource.id.as_str(), known.resource.name.as_str(), known.guess), ("9", "o/r", None));
        let given = page(&pull, Some("a/b"), Some("7"));
        assert_eq!((given.resource.id.as_str(), given.resource.name.as_str()), ("7", "a/b"));
    }

    #[test]
    fn a_guess_is_told() {
        let release = json!([{ "url": "https://api.github.com/repos/o/r/releases/1" }]);
        let guessed = page(&release, None, None);
        assert_eq!((guessed.resource.id.as_str(), guessed.resource.name.as_str()), ("0", "o/r"));
        assert!(guessed.guess.is_some());
        assert_eq!(page(&json!([]), None, None).guess, None, "an empty list makes no sourceId");
    }

    #[test]
    fn a_provider_has_its_own_lists() {
        let provider = connector_providers::provider(ProviderKind::Github).unwrap();
        assert!(Page::of(provider, EntityType::Cycle, b"[]", None, None).is_err());
    }
}
