//! What a fact shares with others, by exact keys: a commit, a branch of one repository, an issue, a deployment.
//!
//! A key names one thing in the world, whoever names it. A number such as `#7` is nothing without its repository, so what
//! has no address gives no key.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::capture::EntityCategory;
use crate::observation::Observation;
use crate::{ProviderKind, Reference, ReferenceKind, SourceId, SourceType, Timestamp};

/// Names one thing that facts share, such as `commit:…` or `issue:linear:ENG-7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkKey(String);

/// Longest key in bytes; a longer one ends in the hash of the whole.
const MAX_KEY_BYTES: usize = 400;

impl LinkKey {
    fn new(text: String) -> Self {
        if text.len() <= MAX_KEY_BYTES {
            return Self(text);
        }
        let head = crate::text::cut(&text, MAX_KEY_BYTES / 8);
        Self(format!("{head}~{}", hex::encode(Sha256::digest(text.as_bytes()))))
    }

    /// Takes a key that was made before, as stored.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn parse(text: impl Into<String>) -> Result<Self, crate::IdError> {
        let text = text.into();
        match text.len() {
            0 => Err(crate::IdError::Empty("link key")),
            1..=MAX_KEY_BYTES => Ok(Self(text)),
            _ => Err(crate::IdError::TooLong("link key")),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a fact is to the thing that a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The fact is about the thing itself.
    Own,
    /// The fact says that it closes, fixes or resolves the thing.
    Fixes,
    /// A provider says that this commit resolved the fact's issue.
    ResolvedBy,
    /// The fact names it as what it was made of or made for.
    Names,
    /// The thing stands in its text.
    Mentions,
}

/// That a fact has to do with a thing. It says enough about the fact to judge what it is to others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The thing.
    pub key: LinkKey,
    /// What the fact is to it.
    pub role: Role,
    /// The fact.
    pub source_id: SourceId,
    /// Whose fact it is.
    pub source: ProviderKind,
    /// What kind of fact, without the provider.
    pub source_type: String,
    /// Its title.
    pub title: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

impl Link {
    /// What the fact is about: two facts of one pull request have the same subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.source_id.subject()
    }
}

/// A key of a tracker, such as `ENG-7`, as a part of a branch's name.
static IN_BRANCH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?:^|[/_.-])(?P<key>[a-z][a-z0-9]{0,9}-[0-9]{1,6})(?:$|[/_.-])").ok());
/// The whole of an issue key.
static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Z][A-Z0-9]{0,9}-[0-9]{1,6}$").ok());
/// Addresses of things at the providers.
/// <https://docs.sentry.io/product/issues/>, <https://linear.app/docs>
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)https?://(?:",
        r"(?P<repo>github\.com/[\w.-]+/[\w.-]+)/(?:issues|pull)/(?P<number>[0-9]{1,10})",
        r"|linear\.app/[\w-]+/issue/(?P<linear>[a-z][a-z0-9]{0,9}-[0-9]{1,6})",
        r"|[\w.-]*sentry\.io/(?:organizations/[\w-]+/)?issues/(?P<sentry>[0-9]{1,20})",
        r")\b"
    ))
    .ok()
});

/// What a fact has to do with; each key once, in its strongest role.
#[must_use]
pub fn links(observation: &Observation) -> Vec<Link> {
    let event = &observation.event;
    let mut keys: BTreeMap<LinkKey, Role> = BTreeMap::new();
    let mut add = |key: String, role: Role| {
        let known = keys.entry(LinkKey::new(key)).or_insert(role);
        *known = role.min(*known);
    };
    let own = own_kind(event.source_type);
    for reference in &event.references {
        let role = match reference.label.as_deref() {
            None if own == Some(reference.kind) => Role::Own,
            Some("closes" | "fixes" | "resolves") => Role::Fixes,
            Some("resolved_by") => Role::ResolvedBy,
            _ => Role::Names,
        };
        for key in keys_of(reference, event.provider(), role) {
            add(key, role);
        }
        if reference.kind == ReferenceKind::Branch {
            for found in IN_BRANCH.iter().flat_map(|pattern| pattern.captures_iter(&reference.id)) {
                add(format!("issue:linear:{}", found["key"].to_uppercase()), Role::Names);
            }
        }
    }
    for entity in observation.entities.iter().filter(|entity| entity.category == EntityCategory::Project) {
        if KEY.as_ref().is_some_and(|pattern| pattern.is_match(&entity.key)) {
            add(format!("issue:linear:{}", entity.key), Role::Mentions);
            add(format!("issue:sentry:{}", entity.key), Role::Mentions);
        }
    }
    let text = format!("{}\n{}", event.title, event.body);
    for found in ADDRESS.iter().flat_map(|pattern| pattern.captures_iter(&text)) {
        if let (Some(repo), Some(number)) = (found.name("repo"), found.name("number")) {
            add(format!("item:{}#{}", repo.as_str().to_lowercase(), number.as_str()), Role::Mentions);
        }
        if let Some(key) = found.name("linear") {
            add(format!("issue:linear:{}", key.as_str().to_uppercase()), Role::Mentions);
        }
        if let Some(id) = found.name("sentry") {
            add(format!("issue:sentry:{}", id.as_str()), Role::Mentions);
        }
    }
    let link = |(key, role)| Link {
        key,
        role,
        source_id: event.source_id.clone(),
        source: event.provider(),
        source_type: event.source_type.name().to_owned(),
        title: event.title.clone(),
        occurred_at: event.occurred_at,
    };
    keys.into_iter().map(link).collect()
}

/// The kind of reference by which a fact of this type names what it is about itself.
fn own_kind(kind: SourceType) -> Option<ReferenceKind> {
    let entity = kind.name().split_once('.').map_or(kind.name(), |(entity, _)| entity);
    match (kind.provider(), entity) {
        (ProviderKind::Github, "pull-request") => Some(ReferenceKind::Pr),
        (ProviderKind::Github | ProviderKind::Linear | ProviderKind::Sentry, "issue") => Some(ReferenceKind::Issue),
        (ProviderKind::Github, "discussion") => Some(ReferenceKind::Discussion),
        (ProviderKind::Github | ProviderKind::Vercel, "deployment") => Some(ReferenceKind::Deployment),
        _ => None,
    }
}

fn keys_of(reference: &Reference, provider: ProviderKind, role: Role) -> Vec<String> {
    let Reference { kind, id, .. } = reference;
    match kind {
        // An abbreviated hash may stand for more than one commit.
        ReferenceKind::Commit if is_hash(id) => vec![format!("commit:{}", id.to_lowercase())],
        ReferenceKind::Branch => repository(reference).map(|repo| format!("branch:{repo}:{id}")).into_iter().collect(),
        ReferenceKind::Pr | ReferenceKind::Issue | ReferenceKind::Discussion => {
            if let Some(item) = item(reference) {
                return vec![item];
            }
            match provider {
                // Its own key, or another's that it names: who is not of a tracker cannot tell which one is meant.
                ProviderKind::Linear | ProviderKind::Sentry
                    if role == Role::Own || provider == ProviderKind::Sentry =>
                {
                    vec![format!("issue:{provider}:{}", id.to_uppercase())]
                }
                ProviderKind::Linear => vec![format!("issue:linear:{}", id.to_uppercase())],
                ProviderKind::Github | ProviderKind::Vercel if *kind == ReferenceKind::Issue && !id.contains('#') => {
                    let key = id.to_uppercase();
                    vec![format!("issue:linear:{key}"), format!("issue:sentry:{key}")]
                }
                ProviderKind::Github | ProviderKind::Vercel => Vec::new(),
                ProviderKind::Sentry => Vec::new(),
            }
        }
        ReferenceKind::Deployment => vec![format!("deployment:{provider}:{id}")],
        _ => Vec::new(),
    }
}

/// SHA-1 or SHA-256, whole.
fn is_hash(id: &str) -> bool {
    matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `host/owner/name#7` of an issue, a pull request or a discussion, which share their numbers.
fn item(reference: &Reference) -> Option<String> {
    let address = reference.url.as_deref()?.strip_prefix("https://")?;
    let (repo, number) = ["/issues/", "/pull/", "/discussions/"].iter().find_map(|part| address.split_once(part))?;
    let number = number.split(['/', '#', '?']).next().filter(|number| number.bytes().all(|b| b.is_ascii_digit()))?;
    // Sentry's issues are below no repository.
    (repo.split('/').count() >= 3 && !number.is_empty() && reference.id.ends_with(&format!("#{number}")))
        .then(|| format!("item:{}#{number}", repo.to_lowercase()))
}

/// `host/owner/name` of a branch.
fn repository(reference: &Reference) -> Option<String> {
    let address = reference.url.as_deref()?.strip_prefix("https://")?;
    let (repo, _) = ["/-/tree/", "/tree/", "/branch/"].iter().find_map(|part| address.split_once(part))?;
    Some(repo.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{classify, extract_entities, score, topics};
    use crate::observation::IngestionSource;
    use crate::{DeliveryId, SourceEvent, WorkspaceId};

    fn observe(event: SourceEvent) -> Observation {
        let classification = classify(&event);
        Observation {
            workspace: WorkspaceId::parse("acme").unwrap(),
            significance: score(&event),
            topics: topics(&event, &classification),
            entities: extract_entities(&event),
            classification,
            ingestion_source: IngestionSource::Webhook,
            run: None,
            page: None,
            delivery: DeliveryId::parse("github#1").unwrap(),
            held: false,
            captured_at: Timestamp::UNIX_EPOCH,
            correlation: String::new(),
            deleted_at: None,
            event,
        }
    }

    fn found(
        kind: SourceType,
        body: &str,
        references: &[(ReferenceKind, &str, Option<&str>, Option<&str>)],
    ) -> Vec<String> {
        let id = SourceId::once(kind.provider(), "thing", 1, "seen");
        let mut event = SourceEvent::new(kind, id, "t", body, Timestamp::UNIX_EPOCH);
        event.references = references
            .iter()
            .map(|(kind, id, url, label)| Reference {
                kind: *kind,
                id: (*id).to_owned(),
                url: url.map(str::to_owned),
                label: label.map(str::to_owned),
            })
            .collect();
        links(&observe(event)).into_iter().map(|link| format!("{} {:?}", link.key, link.role)).collect()
    }

    const SHA: &str = "6DCB09B5B57875F334F61AEBED695E2E4193DB5E";

    #[test]
    fn a_pull_request_shares_its_number_branch_commits_and_what_it_fixes() {
        let repo = "https://github.com/Acme/Shop";
        let (pull, tree) = (format!("{repo}/pull/7"), format!("{repo}/tree/jane%2Feng-12"));
        let issue = format!("{repo}/issues/3");
        assert_eq!(
            found(
                SourceType::GithubPullRequestMerged,
                "see ENG-5 and https://acme.sentry.io/issues/4509",
                &[
                    (ReferenceKind::Pr, "#7", Some(&pull), None),
                    (ReferenceKind::Branch, "jane/eng-12-cart", Some(&tree), None),
                    (ReferenceKind::Commit, SHA, None, Some("merge")),
                    (ReferenceKind::Issue, "#3", Some(&issue), Some("closes")),
                    (ReferenceKind::Issue, "eng-9", None, Some("fixes")),
                    (ReferenceKind::Label, "ENG-1", None, None),
                ]
            ),
            [
                "branch:github.com/acme/shop:jane/eng-12-cart Names",
                "commit:6dcb09b5b57875f334f61aebed695e2e4193db5e Names",
                "issue:linear:ENG-12 Names",
                "issue:linear:ENG-5 Mentions",
                "issue:linear:ENG-9 Fixes",
                "issue:sentry:4509 Mentions",
                "issue:sentry:ENG-5 Mentions",
                "issue:sentry:ENG-9 Fixes",
                "item:github.com/acme/shop#3 Fixes",
                "item:github.com/acme/shop#7 Own",
            ]
        );
    }

    #[test]
    fn trackers_own_their_keys() {
        let url = "https://linear.app/acme/issue/ENG-7/cart";
        let own = found(SourceType::LinearIssueCreated, "", &[(ReferenceKind::Issue, "ENG-7", Some(url), None)]);
        assert_eq!(own[0], "issue:linear:ENG-7 Own");
        let url = "https://acme.sentry.io/issues/4509/";
        let own = found(
            SourceType::SentryIssueCreated,
            "",
            &[(ReferenceKind::Issue, "SHOP-1F", Some(url), None), (ReferenceKind::Issue, "4509", Some(url), None)],
        );
        assert_eq!(own, ["issue:sentry:4509 Own", "issue:sentry:SHOP-1F Own"]);
        let error = found(SourceType::SentryError, "", &[(ReferenceKind::Issue, "4509", None, None)]);
        assert_eq!(error, ["issue:sentry:4509 Names"]);
    }

    #[test]
    fn what_is_not_one_thing_for_sure_gives_no_key() {
        for reference in [
            (ReferenceKind::Commit, "6dcb09b", None, None),
            (ReferenceKind::Branch, "main", None, None),
            (ReferenceKind::Pr, "#7", None, None),
            (ReferenceKind::Issue, "#7", Some("https://acme.sentry.io/issues/7"), None),
        ] {
            assert_eq!(found(SourceType::GithubPush, "about #1 and v1.2", &[reference]), Vec::<String>::new());
        }
    }
}
