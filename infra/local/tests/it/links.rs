//! Linking for local use.

use connector_domain::WorkspaceId;
use connector_domain::connection::{ConnectionStatus, SyncSettings};
use connectors::stack::{Data, LinkOutcome};

use crate::support::{github, link_request, start};

#[tokio::test]
async fn linking_again_changes_only_what_is_different() {
    let github = github().await;
    let stack = start(Data::Memory, &github).await;
    let request = link_request(&github.repository);
    let first = stack.link(request.clone()).await.unwrap();
    assert_eq!(first.outcome, LinkOutcome::Created);
    let same = stack.link(request.clone()).await.unwrap();
    assert_eq!((same.outcome, &same.integration), (LinkOutcome::Unchanged, &first.integration));

    let mut fewer = request.clone();
    fewer.settings = SyncSettings { events: ["push".to_owned()].into(), ..request.settings.clone() };
    let updated = stack.link(fewer.clone()).await.unwrap();
    assert_eq!((updated.outcome, &updated.integration.settings), (LinkOutcome::Updated, &fewer.settings));
    assert_eq!(updated.integration.id, first.integration.id);

    let connections = &stack.stores().connections;
    let mut inactive = updated.integration;
    inactive.active = false;
    inactive.inactive_reason = Some("removed".to_owned());
    connections.put_integration(&inactive).await.unwrap();
    let again = stack.link(fewer).await.unwrap();
    assert_eq!((again.outcome, again.integration.active), (LinkOutcome::Reactivated, true));
    assert_eq!(again.integration.inactive_reason, None);
    let stored = connections.integrations_in(&request.workspace).await.unwrap();
    assert_eq!(stored, [again.integration]);
}

#[tokio::test]
async fn a_workspace_gets_its_own_connection_and_never_a_revoked_one() {
    let github = github().await;
    let stack = start(Data::Memory, &github).await;
    let ours = link_request(&github.repository);
    let mut theirs = ours.clone();
    theirs.workspace = WorkspaceId::parse("other").unwrap();
    let first = stack.link(ours.clone()).await.unwrap().integration;
    let second = stack.link(theirs).await.unwrap().integration;
    assert_ne!(first.connection, second.connection);

    let connections = &stack.stores().connections;
    let mut revoked = connections.connection(&first.connection).await.unwrap().unwrap();
    assert_eq!(revoked.workspace, ours.workspace);
    revoked.status = ConnectionStatus::Revoked;
    connections.put_connection(&revoked).await.unwrap();
    let renewed = stack.link(ours).await.unwrap();
    assert_ne!(renewed.integration.connection, first.connection);
    assert_eq!(renewed.outcome, LinkOutcome::Updated);
    let fresh = connections.connection(&renewed.integration.connection).await.unwrap().unwrap();
    assert_eq!(fresh.status, ConnectionStatus::Active);
}
