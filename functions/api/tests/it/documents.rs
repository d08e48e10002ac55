//! Documents: who asks for a look, and who is let in.

use connector_domain::documents::{DocumentsKey, SyncState};
use connector_domain::ports::{ConnectionStore, DocumentSyncs};
use connector_testkit::builders::{at, connection, integration, workspace};
use serde_json::json;

use crate::desk::{Desk, person};

const READ: &str = "connectors:read";
const WRITE: &str = "connectors:read connectors:write";

async fn linked() -> (Desk, DocumentsKey) {
    let desk = Desk::new();
    let connection = connection("conn", &workspace("acme"), "42");
    desk.connections.put_connection(&connection).await.unwrap();
    let link = integration(&connection, "9");
    desk.connections.put_integration(&link).await.unwrap();
    (desk, DocumentsKey::of(&link))
}

#[tokio::test]
async fn a_look_is_asked_for_once_and_told_how_it_stands() {
    let (desk, key) = linked().await;
    let path = "/v1/workspaces/acme/sources/github:9/documents";
    let write = || person("acme", WRITE);
    assert_eq!(desk.send("GET", path, None, write()).await.status, 404, "it was never looked at");
    let sync = format!("{path}/sync");
    assert_eq!(desk.send("POST", &sync, None, person("acme", READ)).await.code(), "insufficient_scope");
    assert_eq!(desk.send("POST", &sync, None, person("beta", WRITE)).await.status, 404);
    let asked = desk.send("POST", &sync, None, write()).await;
    assert_eq!((asked.status, asked.body["state"].as_str()), (202, Some("pending")), "{asked:?}");
    assert_eq!(desk.document_tasks.len(), 1);
    assert_eq!(desk.send("GET", path, None, write()).await.body["source"], "github:9");
    let row = desk.documents.sync(&key).await.unwrap().unwrap();
    assert_eq!((row.asked, row.updated_at), (1, at(0)));
}

#[tokio::test]
async fn what_turns_documents_off_or_on_or_ends_the_link_has_them_looked_at() {
    let (desk, key) = linked().await;
    let source = "/v1/workspaces/acme/sources/github:9";
    let change = async |documents: bool| {
        let body = Some(json!({ "documents": documents }));
        let changed = desk.send("PATCH", source, body, person("acme", WRITE)).await;
        assert_eq!((changed.status, changed.body["documents"].as_bool()), (200, Some(documents)), "{changed:?}");
    };
    change(false).await;
    assert!(desk.documents.sync(&key).await.unwrap().is_none(), "there is nothing to remove");
    let refused = desk.send("POST", &format!("{source}/documents/sync"), None, person("acme", WRITE)).await;
    assert_eq!((refused.status, refused.code()), (409, "not_linked"));
    change(true).await;
    assert_eq!(desk.documents.sync(&key).await.unwrap().unwrap().asked, 1);
    let body = Some(json!({ "resources": ["9"] }));
    let unlink = "/v1/workspaces/acme/connections/conn/unlink";
    assert_eq!(desk.send("POST", unlink, body, person("acme", WRITE)).await.status, 200);
    let row = desk.documents.sync(&key).await.unwrap().unwrap();
    assert_eq!((row.asked, row.state), (2, SyncState::Pending), "the function removes them");
}
