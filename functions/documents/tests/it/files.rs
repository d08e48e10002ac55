//! Which files become documents, and what of them is kept.

use connector_documents::DocumentsSettings;
use connector_domain::documents::{DocumentsKey, Skip, SyncState, content_hash};
use connector_domain::ports::{DocumentStore, DocumentSyncs};
use connector_flows::documents::ask;

use crate::desk::{Desk, commit, config};

#[tokio::test]
async fn the_files_that_the_configuration_names_are_documents() {
    let desk = Desk::new().await;
    let text = "Hello.\n\n```\nlet a = 1;\n\nlet b = 2;\n```\n";
    desk.push(
        commit()
            .write("connectors.yml", config(&["docs/**/*.md", "README.md"]))
            .write("README.md", "# Rocket\n")
            .write("docs/guide/start.md", text)
            .write("docs/empty.md", "")
            .write("docs/.hidden/a.md", "not meant")
            .write("src/lib.rs", "fn main() {}")
            .link("docs/link.md", "../README.md"),
    );
    let row = desk.sync().await;
    assert_eq!(row.state, SyncState::Synced);
    assert_eq!((row.counts.written, row.counts.failed), (3, 0));
    let documents = desk.documents().await;
    assert_eq!(documents.keys().collect::<Vec<_>>(), ["README.md", "docs/empty.md", "docs/guide/start.md"]);
    let start = &documents["docs/guide/start.md"];
    assert_eq!(start.content_hash.as_deref(), Some(content_hash(text).as_str()));
    assert_eq!(Some(&start.commit), row.commit.as_ref());
    let chunks = desk.chunks("docs/guide/start.md").await;
    assert_eq!(chunks.iter().map(|chunk| chunk.text.as_str()).collect::<Vec<_>>(), [text.trim()]);
    assert_eq!(chunks[0].embedding.model, "local-1");
    // D107: an empty file is a document, not a failure.
    assert_eq!((documents["docs/empty.md"].chunks, documents["docs/empty.md"].skipped), (0, None));
}

#[tokio::test]
async fn a_repository_without_a_configuration_is_left_alone() {
    let desk = Desk::new().await;
    desk.push(commit().write("README.md", "# Rocket\n"));
    let row = desk.sync().await;
    assert_eq!((row.state.clone(), row.config), (SyncState::NoConfig, None));
    assert_eq!((desk.requests("/git/trees/"), desk.requests("/git/blobs/")), (1, 0));
}

#[tokio::test]
async fn an_empty_repository_is_no_fault() {
    let desk = Desk::new().await;
    assert_eq!(desk.sync().await.state, SyncState::NoConfig);
}

#[tokio::test]
async fn what_has_no_text_is_kept_with_the_reason_and_not_read_again() {
    let settings = DocumentsSettings { max_bytes: 100, ..DocumentsSettings::default() };
    let desk = Desk::with(settings).await;
    desk.push(
        commit()
            .write("connectors.yml", config(&["*.md"]))
            .write("binary.md", b"PNG\0\x01".to_vec())
            .write("latin.md", b"caf\xe9".to_vec())
            .write("large.md", "x".repeat(101))
            .write("fits.md", "x".repeat(100)),
    );
    let row = desk.sync().await;
    assert_eq!((row.state.clone(), row.counts.written, row.counts.skipped), (SyncState::Synced, 4, 3));
    let documents = desk.documents().await;
    assert_eq!(documents["binary.md"].skipped, Some(Skip::Binary));
    assert_eq!(documents["latin.md"].skipped, Some(Skip::NotUtf8));
    assert_eq!(documents["large.md"].skipped, Some(Skip::TooLarge));
    assert_eq!(documents["fits.md"].skipped, None);
    assert_eq!(desk.requests("/git/blobs/"), 1 + 3, "the configuration, and all but the large one");
    desk.forget();
    desk.sync().await;
    assert_eq!(desk.requests("/git/blobs/"), 0);
}

#[tokio::test]
async fn a_file_larger_than_the_contents_api_gives_is_read() {
    let desk = Desk::new().await;
    let large = "Words and words.\n\n".repeat(80_000);
    assert!(large.len() > 1_000_000);
    desk.push(commit().write("connectors.yml", config(&["*.md"])).write("large.md", large.clone()));
    assert_eq!(desk.sync().await.state, SyncState::Synced);
    let chunks = desk.chunks("large.md").await;
    assert!(chunks.len() > 500 && chunks.iter().all(|chunk| chunk.tokens <= 512), "{}", chunks.len());
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_fails_with_its_problem_and_keeps_what_was_kept() {
    let desk = Desk::new().await;
    desk.push(commit().write(".connectors.yml", config(&["*.md"])).write("a.md", "a"));
    desk.sync().await;
    desk.push(commit().write(".connectors.yml", "version: 1\nstore: Bad_Name\ninclude: ['*.md']\n"));
    let row = desk.sync().await;
    let SyncState::Failed { code, detail } = row.state else { panic!("{row:?}") };
    assert_eq!(code.as_str(), "config_invalid");
    let expected = ".connectors.yml: Configuration validation failed: \
                    store: Store name must be lowercase alphanumeric with hyphens only";
    assert_eq!(detail.as_deref(), Some(expected));
    assert_eq!(desk.paths().await.len(), 1);
    desk.push(commit().write(".connectors.yml", "#".repeat(64 * 1024 + 1)));
    assert!(desk.sync().await.state.name() == "failed");
    desk.push(commit().write(".connectors.yml", config(&["*.md"])));
    assert_eq!(desk.sync().await.state, SyncState::Synced);
}

/// D101 and D102: a path is no identity, and a repository's name is none either.
#[tokio::test]
async fn the_same_path_in_two_repositories_and_two_workspaces_is_four_documents() {
    let desk = Desk::new().await;
    let (other, beside) = desk.beside("till").await;
    let elsewhere = desk.elsewhere("beta").await;
    desk.push(commit().write("connectors.yml", config(&["*.md"])).write("README.md", "Rocket"));
    other.push(
        "main",
        &[commit().write("connectors.yml", config(&["*.md"])).write("README.md", "Till")],
        desk.world.now(),
    );
    desk.sync().await;
    for link in [&beside, &elsewhere] {
        ask(&desk.ask, link, None, "cor").await.unwrap();
    }
    desk.settle().await;
    let mut hashes = Vec::new();
    for link in [&desk.link, &beside, &elsewhere] {
        let key = DocumentsKey::of(link);
        assert_eq!(desk.store.sync(&key).await.unwrap().unwrap().state, SyncState::Synced);
        hashes.push(desk.store.document(&key, "README.md").await.unwrap().unwrap().content_hash.unwrap());
    }
    assert_eq!(hashes, [content_hash("Rocket"), content_hash("Till"), content_hash("Rocket")]);
    desk.repository.rename("starship", desk.world.now());
    desk.forget();
    assert_eq!(desk.sync().await.counts.unchanged, 1, "a new name is no new document");
}

#[tokio::test]
async fn a_tree_that_is_not_told_whole_is_read_folder_by_folder() {
    let settings = DocumentsSettings { batch: 7, max_folders: 3, ..DocumentsSettings::default() };
    let (desk, whole) = (Desk::with(settings).await, Desk::new().await);
    for desk in [&desk, &whole] {
        let mut all = commit().write("connectors.yml", config(&["docs/**/*.md", "a*/*.md"]));
        for n in 0..40 {
            all = all.write(format!("docs/{}/{}/{n}.md", n % 5, n % 3), format!("text {n}"));
            all = all.write(format!("src/{n}/deep/file.md"), "not meant");
        }
        for path in ["a-b/x.md", "a/x.md", "a.md/x.md", "a/b/x.md", "docs-old/x.md", "docs.md"] {
            all = all.write(path, path);
        }
        desk.push(all);
    }
    desk.repository.tell_of_trees(20);
    let row = desk.sync().await;
    assert_eq!((row.state.clone(), row.counts.written), (SyncState::Synced, 43));
    whole.sync().await;
    assert_eq!(desk.paths().await, whole.paths().await);
    assert_eq!(desk.requests("recursive=1"), 1, "once is enough to know");
    desk.push(commit().delete("docs/0/0/0.md").write("docs/4/2/new.md", "new"));
    whole.push(commit().delete("docs/0/0/0.md").write("docs/4/2/new.md", "new"));
    let row = desk.sync().await;
    assert_eq!((row.counts.written, row.counts.removed), (1, 1));
    whole.sync().await;
    assert_eq!(desk.paths().await, whole.paths().await);
}
