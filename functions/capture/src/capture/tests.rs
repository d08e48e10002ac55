use connector_domain::connection::WorkspaceSettings;
use connector_domain::{DeliveryId, ProviderKind, SourceId, SourceType};
use connector_testkit::builders::at;

use super::*;

const LINKED_AT: i64 = 1_000;

/// The identities of what is kept, and how many items were left out as told live.
fn kept(items: Vec<Item>) -> (Vec<String>, u64) {
    let context = Context {
        workspace: &WorkspaceId::parse("acme").unwrap(),
        sync: &SyncSettings::everything(ProviderKind::Sentry),
        settings: &WorkspaceSettings { significance_threshold: 0, ..WorkspaceSettings::default() },
        source: IngestionSource::Backfill,
        page: None,
        delivery: &DeliveryId::parse("sentry#1").unwrap(),
        correlation: "c",
        now: at(0),
    };
    let mut report = CaptureReport::default();
    let kept = sort_out(&context, at(LINKED_AT), items, &mut report);
    (kept.into_iter().map(|one| one.event.source_id.to_string()).collect(), report.filtered_total())
}

fn resolved(second: i64, live: Option<&str>) -> Item {
    let id = |occurrence: &str| SourceId::once(ProviderKind::Sentry, "issue", 7, occurrence);
    let event = SourceEvent::new(SourceType::SentryIssueResolved, id("own"), "Resolved", "", at(second));
    Item::History { event: Box::new(event), live: live.map(id) }
}

#[test]
fn what_only_history_tells_has_its_own_identity_before_the_link_and_that_of_the_webhook_since() {
    let (own, live) = ("sentry:issue:7:own".to_owned(), "sentry:issue:7:live".to_owned());
    for known in [None, Some("live")] {
        assert_eq!(kept(vec![resolved(LINKED_AT - 1, known)]), (vec![own.clone()], 0));
    }
    assert_eq!(kept(vec![resolved(LINKED_AT, Some("live"))]), (vec![live], 0));
    assert_eq!(kept(vec![resolved(LINKED_AT, None)]), (Vec::new(), 1));
}
