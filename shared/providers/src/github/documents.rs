//! The files of a repository, through the Git database: <https://docs.github.com/en/rest/git>.
//!
//! What changed is not asked of the list of compared commits, which ends at 300 files, nor of the webhook, which may leave
//! some out: two trees say it exactly, since equal files have equal names.

use connector_domain::backfill::{Disposition, EntityType, ProviderError};
use connector_domain::connection::ResourceRef;
use connector_domain::delivery::Origin;
use connector_domain::documents::Head;
use connector_domain::http::{HttpRequest, HttpResponse, RateLimit};
use connector_domain::{Delivery, ProviderKind, Timestamp, Verified};
use serde::Deserialize;
use sha1::{Digest, Sha1};

use super::backfill::{get, repository_path};
use super::facts::push;
use super::payload::Push;
use super::{GitHub, errors};
use crate::{DocumentSource, Entry, Pushed, Tree, json};

/// From so many commits on, a webhook does not count as naming all of them: older hooks end there.
/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>
const MANY_COMMITS: usize = 20;

#[derive(Deserialize)]
struct Touched {
    #[serde(default)]
    forced: bool,
    #[serde(default)]
    created: bool,
    commits: Option<Vec<TouchedBy>>,
}

#[derive(Deserialize)]
struct TouchedBy {
    added: Option<Vec<String>>,
    modified: Option<Vec<String>>,
    removed: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
    commit: Described,
}

#[derive(Deserialize)]
struct Described {
    tree: Named,
}

#[derive(Deserialize)]
struct Named {
    sha: String,
}

#[derive(Deserialize)]
struct Listed {
    tree: Vec<Node>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Node {
    path: String,
    mode: String,
    r#type: String,
    sha: Option<String>,
    size: Option<u64>,
}

impl DocumentSource for GitHub {
    fn pushed(&self, delivery: &Delivery<Verified>) -> Option<Pushed> {
        if !matches!(&delivery.origin, Origin::Webhook { event, .. } if event == "push") {
            return None;
        }
        let told: Push = json::parse(&delivery.raw).ok()?;
        push::branch(&told).ok()?.ok()?;
        Some(Pushed { before: told.before, commit: told.after, paths: touched(&delivery.raw) })
    }

    /// Without a branch, the list of commits is that of the default branch.
    /// <https://docs.github.com/en/rest/commits/commits#list-commits>
    fn head_request(&self, resource: &ResourceRef) -> Option<HttpRequest> {
        Some(get(format!("{}/commits", repository_path(&resource.name)?)).query("per_page", "1"))
    }

    fn read_head(&self, response: &HttpResponse, now: Timestamp) -> Result<Head, ProviderError> {
        check(response, now)?;
        let commits: Vec<Commit> = json::parse(&response.body).map_err(|_| errors::not_a_page(response))?;
        let commit = commits.into_iter().next();
        let commit = commit.ok_or_else(|| errors::error(response, "there is no commit", Disposition::Empty))?;
        Ok(Head { commit: commit.sha, tree: commit.commit.tree.sha })
    }

    /// <https://docs.github.com/en/rest/git/trees#get-a-tree>
    fn tree_request(&self, resource: &ResourceRef, tree: &str, whole: bool) -> Option<HttpRequest> {
        let request = get(format!("{}/git/trees/{}", repository_path(&resource.name)?, name(tree)?));
        Some(if whole { request.query("recursive", "1") } else { request })
    }

    fn read_tree(&self, response: &HttpResponse, now: Timestamp) -> Result<Tree, ProviderError> {
        check(response, now)?;
        let listed: Listed = json::parse(&response.body).map_err(|_| errors::not_a_page(response))?;
        Ok(Tree { entries: listed.tree.into_iter().filter_map(entry).collect(), truncated: listed.truncated })
    }

    /// The contents API ends at 1 MB; this one at 100 MB. <https://docs.github.com/en/rest/git/blobs#get-a-blob>
    fn file_request(&self, resource: &ResourceRef, blob: &str) -> Option<HttpRequest> {
        let path = format!("{}/git/blobs/{}", repository_path(&resource.name)?, name(blob)?);
        let request = HttpRequest::get(ProviderKind::Github, path);
        Some(request.header("accept", "application/vnd.github.raw+json").header("x-github-api-version", "2022-11-28"))
    }

    /// Any text could be a file, a page of an error as well: that it is this one, its name says.
    fn read_file(&self, blob: &str, response: HttpResponse, now: Timestamp) -> Result<Vec<u8>, ProviderError> {
        check(&response, now)?;
        if blob_name(&response.body) == blob {
            return Ok(response.body);
        }
        Err(errors::error(&response, "the body is not the file", Disposition::unavailable(None)))
    }

    fn rate(&self, response: &HttpResponse) -> RateLimit {
        errors::rate(response)
    }
}

/// A name in Git's database, which is all digits: nothing that could change a request's path.
fn name(text: &str) -> Option<&str> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then_some(text)
}

/// How Git names what a file holds. All repositories of GitHub are named by SHA-1.
/// <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>
fn blob_name(body: &[u8]) -> String {
    let mut name = Sha1::new_with_prefix(format!("blob {}\0", body.len()));
    name.update(body);
    hex::encode(name.finalize())
}

/// Whose list it is decides nothing here.
fn check(response: &HttpResponse, now: Timestamp) -> Result<(), ProviderError> {
    errors::check(response, EntityType::Push, false, now)
}

fn touched(raw: &[u8]) -> Option<Vec<String>> {
    let touched: Touched = json::parse(raw).ok()?;
    let commits = touched.commits.filter(|commits| !commits.is_empty() && commits.len() < MANY_COMMITS)?;
    // What a branch had before it was forced is in none of its commits.
    if touched.forced || touched.created {
        return None;
    }
    let mut paths = Vec::new();
    for commit in commits {
        for list in [commit.added?, commit.modified?, commit.removed?] {
            paths.extend(list);
        }
    }
    Some(paths)
}

/// Files have the modes 100644 and 100755; a symbolic link has 120000, a submodule 160000.
/// <https://docs.github.com/en/rest/git/trees#create-a-tree>
fn entry(node: Node) -> Option<Entry> {
    let sha = node.sha?;
    match node.r#type.as_str() {
        "tree" => Some(Entry::Folder { path: node.path, tree: sha }),
        "blob" if node.mode != "120000" => {
            Some(Entry::File { path: node.path, blob: sha, bytes: node.size.unwrap_or_default() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::ResourceId;

    use super::*;

    fn pushed(body: &str) -> Option<Pushed> {
        let webhook = Delivery::webhook(ProviderKind::Github, "push".into(), None, body.into(), Timestamp::UNIX_EPOCH);
        GitHub.pushed(&webhook.verify(|_| Ok::<(), ()>(())).unwrap())
    }

    fn push_of(rest: &str) -> String {
        format!(
            r#"{{"ref":"refs/heads/main","after":"a1","repository":{{"id":1,"full_name":"a/b","default_branch":"main"}}{rest}}}"#
        )
    }

    const COMMIT: &str = r#"{"added":["a"],"modified":["b"],"removed":["c"]}"#;

    #[test]
    fn a_push_names_what_it_touched_only_where_it_surely_names_all() {
        let paths = |rest: &str| pushed(&push_of(rest)).unwrap().paths;
        assert_eq!(paths(&format!(r#","commits":[{COMMIT}]"#)), Some(vec!["a".into(), "b".into(), "c".into()]));
        let twenty = [COMMIT; 20].join(",");
        for rest in [
            String::new(),
            r#","commits":[]"#.into(),
            r#","commits":[{"added":[]}]"#.into(),
            format!(r#","commits":[{twenty}]"#),
            format!(r#","forced":true,"commits":[{COMMIT}]"#),
            format!(r#","created":true,"commits":[{COMMIT}]"#),
        ] {
            assert_eq!(paths(&rest), None, "{rest}");
        }
    }

    #[test]
    fn only_the_default_branch_counts() {
        assert_eq!(pushed(&push_of("")).unwrap().commit, "a1");
        assert_eq!(pushed(&push_of("").replace("heads/main", "heads/topic")), None);
        assert_eq!(pushed(&push_of("").replace("heads/main", "tags/main")), None);
        assert_eq!(pushed(&push_of("").replace("a1", &"0".repeat(40))), None, "the branch is gone");
        assert_eq!(pushed("{}"), None);
    }

    fn answer(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, headers: Default::default(), body: body.into() }
    }

    #[test]
    fn a_tree_is_its_files_and_folders() {
        let body = r#"{"sha":"t","truncated":true,"tree":[
            {"path":"a.md","mode":"100644","type":"blob","sha":"1","size":5,"url":"x"},
            {"path":"run","mode":"100755","type":"blob","sha":"2","size":6},
            {"path":"link","mode":"120000","type":"blob","sha":"3","size":7},
            {"path":"docs","mode":"040000","type":"tree","sha":"4"},
            {"path":"module","mode":"160000","type":"commit","sha":"5"}]}"#;
        let tree = GitHub.read_tree(&answer(200, body), Timestamp::UNIX_EPOCH).unwrap();
        let file = |path: &str, blob: &str, bytes| Entry::File { path: path.into(), blob: blob.into(), bytes };
        let folder = Entry::Folder { path: "docs".into(), tree: "4".into() };
        assert_eq!(tree, Tree { entries: vec![file("a.md", "1", 5), file("run", "2", 6), folder], truncated: true });
    }

    #[test]
    fn a_repository_without_a_commit_is_empty() {
        let now = Timestamp::UNIX_EPOCH;
        let empty = |response| GitHub.read_head(&response, now).unwrap_err().disposition;
        assert_eq!(empty(answer(409, r#"{"message":"Git Repository is empty."}"#)), Disposition::Empty);
        assert_eq!(empty(answer(200, "[]")), Disposition::Empty);
        let head = GitHub.read_head(&answer(200, r#"[{"sha":"c","commit":{"tree":{"sha":"t"}}}]"#), now).unwrap();
        assert_eq!(head, Head { commit: "c".into(), tree: "t".into() });
    }

    #[test]
    fn a_file_is_what_its_name_says() {
        let read = |blob: &str, body: &str| GitHub.read_file(blob, answer(200, body), Timestamp::UNIX_EPOCH);
        // As `git hash-object` names them.
        assert_eq!(read("ce013625030ba8dba906f756967f9e9ca394464a", "hello\n").unwrap(), b"hello\n");
        assert_eq!(read("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "").unwrap(), b"");
        for other in ["hello", "", "<html>Unicorn!</html>", r#"{"message":"#] {
            let error = read("ce013625030ba8dba906f756967f9e9ca394464a", other).unwrap_err();
            assert!(matches!(error.disposition, Disposition::Retry { .. }), "{error:?}");
        }
    }

    #[test]
    fn requests_name_the_repository_by_its_parts() {
        let resource = ResourceRef { id: ResourceId::parse("1").unwrap(), name: "acme/till #1".into() };
        assert_eq!(GitHub.head_request(&resource), None);
        let resource = ResourceRef { name: "acme/till".into(), ..resource };
        let whole = GitHub.tree_request(&resource, "7ee", true).unwrap();
        assert_eq!((whole.path.as_str(), whole.query.len()), ("/repos/acme/till/git/trees/7ee", 1));
        assert_eq!(GitHub.tree_request(&resource, "7ee/../x", true), None);
        assert_eq!(GitHub.file_request(&resource, ""), None);
    }
}
