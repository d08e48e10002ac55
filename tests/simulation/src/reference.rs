//! What the provider's world holds: which facts its lists and its webhooks tell. Worked out once for each content.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use connector_domain::backfill::EntityType;
use connector_domain::http::WebhookRequest;
use connector_domain::transformed::{Item, Transformed};
use connector_domain::{ProviderKind, Secret, SourceId, Timestamp};
use connector_simulator::github::{Repository, Webhook};

use crate::Plan;
use crate::history::History;
use crate::place::{self, Items};
use crate::scenario::{Content, LISTS, Scenario};
use crate::setup::SECRET;
use crate::tenant::{ACME, GLOBEX};

/// What a stranger's repository holds.
pub(crate) const STRANGERS: Content = Content { pull_requests: 1, issues: 1, releases: 0 };

/// What there is to know of a repository as it is when it is linked.
#[derive(Debug)]
pub(crate) struct Known {
    /// What each list tells, as an undisturbed run stores it.
    pub(crate) listed: BTreeMap<EntityType, BTreeSet<SourceId>>,
}

type Cache = Mutex<BTreeMap<(Content, usize), Arc<Known>>>;

/// What there is to know of the repository in this place.
pub(crate) fn known(content: Content, place: usize) -> Option<Arc<Known>> {
    static CACHE: OnceLock<Cache> = OnceLock::new();
    let cache = CACHE.get_or_init(Mutex::default);
    let lock = || cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = lock().get(&(content, place)) {
        return Some(Arc::clone(known));
    }
    // Worked out without the lock; twice gives the same.
    let mut listed = BTreeMap::new();
    for entity in LISTS {
        let scenario = Scenario {
            content: if place == 0 { content } else { Content { pull_requests: 0, issues: 0, releases: 0 } },
            page_size: 100,
            entities: BTreeSet::from([entity]),
            stranger: place == 1,
            ..Scenario::default()
        };
        let report = History::new(0, scenario, Plan::scripted([])).ok()?.unjudged().run();
        let workspace = if place == 0 { ACME } else { GLOBEX };
        let found = report.observations.into_iter().filter(|(of, _)| of == workspace).map(|(_, id)| id);
        listed.insert(entity, found.filter_map(|id| SourceId::parse(id).ok()).collect());
    }
    let known = Arc::new(Known { listed });
    lock().insert((content, place), Arc::clone(&known));
    Some(known)
}

/// The signed request of a webhook. The id of the delivery is the sender's, and outside the signature.
pub(crate) fn request(webhook: &Webhook) -> WebhookRequest {
    let signed = webhook.signed(SECRET.as_bytes());
    WebhookRequest { headers: signed.headers.into_iter().collect(), body: signed.body }
}

/// The identities of the facts that a webhook tells.
pub(crate) fn identities(request: &WebhookRequest, now: Timestamp) -> BTreeSet<SourceId> {
    let (Some(provider), Some(secret)) = (connector_providers::provider(ProviderKind::Github), Secret::new(SECRET))
    else {
        return BTreeSet::new();
    };
    let Ok(delivery) = provider.verify(request.clone(), &[secret], now) else { return BTreeSet::new() };
    let Transformed::Items(items) = provider.transform(&delivery) else { return BTreeSet::new() };
    items
        .into_iter()
        .filter_map(|item| match item {
            Item::Event(event) | Item::History { event, .. } => Some(event.source_id),
            Item::Deleted(_) | Item::Ignored(_) | Item::Quarantined(_) => None,
        })
        .collect()
}

/// The number of the item that an identity is about, where it is about one: `github:issue:7#3:opened`.
pub(crate) fn number(source_id: &SourceId) -> Option<u32> {
    source_id.as_str().split(':').nth(2)?.split_once('#')?.1.parse().ok()
}

/// The items of a repository as it is when it is linked. Worked out once: it asks for every webhook there was.
pub(crate) fn items(content: Content, place: usize, repository: &Repository) -> Items {
    static CACHE: OnceLock<Mutex<BTreeMap<(Content, usize), Items>>> = OnceLock::new();
    let mut cache = CACHE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let made = || place::items(&repository.history_webhooks());
    cache.entry((content, place)).or_insert_with(made).clone()
}
