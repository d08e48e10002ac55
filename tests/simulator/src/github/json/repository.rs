//! Repositories, as they stood at one moment.

use jiff::Timestamp;
use serde_json::{Map, Value, json, value::RawValue};

use super::{API, WEB, node_id, raw, user::User};

/// A repository at one moment. Every fact keeps the view of its own moment, so a webhook made again later
/// (a redelivery) has the same bytes as the first time.
pub(crate) struct View {
    pub(crate) id: u64,
    pub(crate) owner: User,
    pub(crate) name: String,
    pub(crate) full_name: String,
    /// `https://api.github.com/repos/{owner}/{name}`
    pub(crate) api: String,
    /// `https://github.com/{owner}/{name}`
    pub(crate) web: String,
    pub(crate) json: Box<RawValue>,
    created_at: Timestamp,
}

/// What of a repository changes over time.
pub(crate) struct Facets<'a> {
    pub(crate) id: u64,
    pub(crate) owner: &'a User,
    pub(crate) name: &'a str,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) pushed_at: Timestamp,
    pub(crate) open_issues: usize,
    /// Set for a fork.
    pub(crate) fork: bool,
}

impl View {
    pub(crate) fn new(facets: &Facets<'_>) -> Self {
        let full_name = format!("{}/{}", facets.owner.login(), facets.name);
        let api = format!("{API}/repos/{full_name}");
        let web = format!("{WEB}/{full_name}");
        let json = raw(&object(facets, &full_name, &api, &web));
        Self {
            id: facets.id,
            owner: facets.owner.clone(),
            name: facets.name.to_owned(),
            full_name,
            api,
            web,
            json,
            created_at: facets.created_at,
        }
    }

    /// The form that only the `push` event uses: times as epoch seconds, and a few fields of its own.
    pub(crate) fn push_form(&self, pushed_at: Timestamp) -> Value {
        let mut object: Value = serde_json::from_str(self.json.get()).unwrap_or_default();
        object["created_at"] = json!(self.created_at.as_second());
        object["pushed_at"] = json!(pushed_at.as_second());
        object["url"] = json!(self.web);
        object["stargazers"] = json!(0);
        object["master_branch"] = json!("main");
        object["organization"] = json!(self.owner.login());
        object["owner"]["name"] = json!(self.owner.login());
        object["owner"]["email"] = Value::Null;
        object
    }
}

/// The addresses of a repository's parts: field, and what follows the repository's own address.
const PARTS: [(&str, &str); 38] = [
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
    ("discussions_url", "/discussions{/number}"),
    ("url", ""),
];

fn object(facets: &Facets<'_>, full_name: &str, api: &str, web: &str) -> Map<String, Value> {
    let mut object = Map::new();
    let open = facets.open_issues;
    let known = json!({
        "id": facets.id,
        "node_id": node_id("R", &[facets.id]),
        "name": facets.name,
        "full_name": full_name,
        "private": false,
        "owner": facets.owner,
        "html_url": web,
        "fork": facets.fork,
        "created_at": facets.created_at,
        "updated_at": facets.updated_at,
        "pushed_at": facets.pushed_at,
        "git_url": format!("git://github.com/{full_name}.git"),
        "ssh_url": format!("git@github.com:{full_name}.git"),
        "clone_url": format!("{web}.git"),
        "svn_url": web,
        "homepage": null,
        "description": "A launcher for small rockets",
        "language": "Rust",
    });
    let settings = json!({

        "size": 1024,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "has_issues": true,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": false,
        "has_pages": false,
        "has_discussions": true,
        "forks_count": 0,
        "forks": 0,
        "mirror_url": null,
        "archived": false,
        "disabled": false,
        "open_issues_count": open,
        "open_issues": open,
        "license": null,
        "allow_forking": true,
        "is_template": false,
        "web_commit_signoff_required": false,
        "topics": [],
        "visibility": "public",
        "default_branch": "main",
        "custom_properties": {},
    });
    for part in [known, settings] {
        if let Value::Object(fields) = part {
            object.extend(fields);
        }
    }
    for (field, suffix) in PARTS {
        object.insert(field.to_owned(), Value::String(format!("{api}{suffix}")));
    }
    object
}
