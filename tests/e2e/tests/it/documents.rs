//! Documents through the whole system: a link, pushes as webhooks, the management API, and the end.

use std::collections::BTreeSet;

use connector_domain::documents::{DocumentsKey, Sync, SyncState};
use connector_domain::ports::Paging;
use connector_flows::documents::search;
use connector_simulator::github::{NewCommit, Populate};
use serde_json::json;

use crate::flows::history;
use crate::harness::{Harness, workspace};

fn nothing() -> Populate {
    Populate { pull_requests: 0, issues: 0, releases: 0, ..history() }
}

fn config(patterns: &str) -> String {
    format!("version: 1\nstore: docs\ninclude: [{patterns}]\n")
}

impl Harness {
    fn documents_key(&self) -> DocumentsKey {
        DocumentsKey::of(&self.integration)
    }

    /// Pushes a commit, has it told by a webhook, and waits until all is done.
    async fn pushed(&self, commit: NewCommit) -> Sync {
        let webhook = self.repository.push("main", &[commit], self.world.now());
        assert_eq!(self.send(&webhook).await.0, 200);
        self.check_quiet().await;
        self.sync().await
    }

    async fn sync(&self) -> Sync {
        self.stack.stores().document_syncs.sync(&self.documents_key()).await.unwrap().unwrap()
    }

    async fn paths(&self) -> BTreeSet<String> {
        let documents = self.stack.stores().documents.documents(&self.documents_key(), None, 1_000).await.unwrap();
        documents.into_iter().map(|document| document.path).collect()
    }

    async fn pieces(&self) -> usize {
        let all = Paging { after: None, limit: 10_000 };
        self.stack.stores().documents.all_chunks(&self.documents_key(), &all).await.unwrap().items.len()
    }
}

fn paths(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_keep_the_documents_of_a_repository_as_its_files_are() {
    let all = Harness::new(nothing()).await;
    all.check_quiet().await;
    assert_eq!(all.sync().await.state, SyncState::NoConfig, "the link had it looked at");
    all.pushed(NewCommit::saying("Begin").write("src/main.rs", "")).await;
    let calls = all.world.github().requests().len();
    let other = all.pushed(NewCommit::saying("Code").write("src/lib.rs", "fn main() {}")).await;
    assert_eq!((other.state, all.world.github().requests().len()), (SyncState::NoConfig, calls), "nothing is asked");

    let first = NewCommit::saying("Write")
        .write("connectors.yml", config("'docs/**/*.md', README.md"))
        .write("README.md", "# Rocket")
        .write("docs/fuel.md", "The tank is filled before the start.\n\n".repeat(200))
        .write("docs/old name.md", "Engines");
    let sync = all.pushed(first).await;
    assert_eq!((sync.state.clone(), sync.counts.written), (SyncState::Synced, 3));
    assert_eq!(sync.commit, all.repository.head("main"));
    let pieces = all.pieces().await;
    assert!(pieces > 3, "{pieces}");

    let second = NewCommit::saying("Change")
        .write("docs/fuel.md", "The tank is filled.")
        .delete("docs/old name.md")
        .write("docs/new name.md", "Engines")
        .write("src/lib.rs", "// not a document");
    let sync = all.pushed(second).await;
    assert_eq!((sync.counts.written, sync.counts.removed, sync.counts.unchanged), (2, 1, 1));
    assert_eq!(all.paths().await, paths(&["README.md", "docs/fuel.md", "docs/new name.md"]));
    assert_eq!(all.pieces().await, 3, "a shorter text leaves no pieces");

    let narrowed = all.pushed(NewCommit::saying("Narrow").write("connectors.yml", config("README.md"))).await;
    assert_eq!((narrowed.counts.removed, all.paths().await), (2, paths(&["README.md"])));
    let broken = all.pushed(NewCommit::saying("Break").write("connectors.yml", "version: 2\n")).await;
    assert_eq!((broken.state.name(), all.paths().await), ("failed", paths(&["README.md"])));
    let gone = all.pushed(NewCommit::saying("End").delete("connectors.yml")).await;
    assert_eq!((gone.state, all.pieces().await), (SyncState::NoConfig, 0));
    let topic = all.repository.push(
        "topic",
        &[NewCommit::saying("Elsewhere").write("connectors.yml", config("x"))],
        all.world.now(),
    );
    assert_eq!(all.send(&topic).await.0, 200);
    all.check_quiet().await;
    assert_eq!(all.sync().await.asked, gone.asked, "another branch is nothing to look at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_management_api_shows_syncs_and_searches_documents() {
    let all = Harness::new(nothing()).await;
    all.check_quiet().await;
    let text = "Refunds are paid within a week.";
    let first = NewCommit::saying("Write").write(".connectors.yaml", config("'**/*.md'")).write("docs/a b.md", text);
    all.pushed(first.write("empty.md", "")).await;
    let source = format!("github:{}", all.repository.id);

    let (status, body) = all.api("GET", "/documents?limit=1").await;
    assert_eq!((status, body["items"][0]["path"].as_str()), (200, Some("docs/a b.md")), "{body}");
    let next = body["next"].as_str().unwrap();
    let (_, second) = all.api("GET", &format!("/documents?limit=1&cursor={next}")).await;
    assert_eq!((second["items"][0]["path"].as_str(), second.get("next")), (Some("empty.md"), None), "{second}");
    let (_, other) = all.api("GET", "/documents?source=github:1").await;
    assert_eq!(other["items"].as_array().map(Vec::len), Some(0));

    let id = body["items"][0]["id"].as_str().unwrap();
    let (status, detail) = all.api("GET", &format!("/documents/{id}")).await;
    assert_eq!((status, detail["pieces"][0]["text"].as_str()), (200, Some(text)), "{detail}");
    for nothing in ["x", "Z2l0aHViOjEgeA", "!!"] {
        assert_eq!(all.api("GET", &format!("/documents/{nothing}")).await.0, 404, "{nothing}");
    }

    let (status, found) = all.api("GET", "/documents/search?text=refunds+week").await;
    assert_eq!((status, found["items"][0]["named"].as_bool()), (200, Some(true)), "{found}");
    assert_eq!(found["items"][0]["document"].as_str(), Some(id));

    let (status, sync) = all.api("GET", &format!("/sources/{source}/documents")).await;
    assert_eq!((status, sync["state"].as_str(), sync["counts"]["written"].as_u64()), (200, Some("synced"), Some(2)));
    assert_eq!(sync["config"]["include"][0], "**/*.md");
    let (status, asked) = all.api("POST", &format!("/sources/{source}/documents/sync")).await;
    assert_eq!((status, asked["state"].as_str()), (202, Some("pending")), "{asked}");
    all.check_quiet().await;
    assert_eq!(all.sync().await.counts.unchanged, 2);
    assert_eq!(all.api("GET", "/sources/github:1/documents").await.0, 404);
    assert_eq!(all.api("POST", "/sources/github:1/documents/sync").await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_of_the_connection_ends_its_documents() {
    let all = Harness::new(nothing()).await;
    all.check_quiet().await;
    let first = NewCommit::saying("Write").write("connectors.yml", config("'**/*.md'")).write("a.md", "Engines");
    assert_eq!(all.pushed(first).await.state, SyncState::Synced);
    let body = json!({
        "action": "deleted",
        "installation": { "id": all.repository.installation_id, "account": { "login": "acme", "id": 1 } },
        "repositories": [],
        "sender": { "login": "mira-holt", "id": 2 },
    });
    assert_eq!(all.send_signed("installation", &body.to_string()).await, 200);
    all.check_quiet().await;
    assert_eq!((all.sync().await.state, all.paths().await.len(), all.pieces().await), (SyncState::Off, 0, 0));
    let (stores, embedder) = (all.stack.stores(), connector_domain::ports::LocalEmbedder);
    let found =
        search(&*stores.document_syncs, &*stores.documents, &embedder, &workspace(), "Engines", 9).await.unwrap();
    assert_eq!(found.found, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recovery_goes_on_with_a_sync_whose_message_was_lost() {
    let all = Harness::new(nothing()).await;
    all.check_quiet().await;
    all.repository.push(
        "main",
        &[NewCommit::saying("Write").write("connectors.yml", config("'*.md'")).write("a.md", "a")],
        all.world.now(),
    );
    let syncs = &all.stack.stores().document_syncs;
    let row = all.sync().await;
    let limits = connector_domain::documents::SyncLimits::default();
    let asked = Sync::ask(Some(&row), &all.integration, None, "lost", &limits, "2026-01-01T00:00:00Z".parse().unwrap());
    syncs.put_sync(&asked, Some(row.version)).await.unwrap();
    assert_eq!(all.stack.sweep().await.unwrap().documents, 1);
    all.check_quiet().await;
    assert_eq!((all.sync().await.state, all.paths().await), (SyncState::Synced, paths(&["a.md"])));
}
