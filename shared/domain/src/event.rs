//! A fact, provider-neutral: what every transform returns.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ProviderKind, SourceId, SourceType, Timestamp, text};

/// Facts that only one provider has, by name.
pub type Metadata = serde_json::Map<String, serde_json::Value>;

/// The attribute that names what is made of the rest.
const STAND_IN: &str = "standIn";

/// The attribute of a fact that may have happened later than it says.
const EARLIEST: &str = "occurredAtIsEarliest";

/// Most references one event keeps.
pub const MAX_REFERENCES: usize = 200;
/// Most bytes the variable parts of one event may take as JSON, so that its row stays far below DynamoDB's 400 KB.
pub const MAX_EVENT_BYTES: usize = 200_000;

/// One fact. `title` and `body` are within their limits when made through [`SourceEvent::new`].
#[derive(Debug, Clone, PartialEq)]
pub struct SourceEvent {
    /// What kind of fact; it also says which provider it is from.
    pub source_type: SourceType,
    /// Which fact.
    pub source_id: SourceId,
    /// One line, at most 120 characters.
    pub title: String,
    /// The text, at most 10,000 characters; may be empty.
    pub body: String,
    /// Who acted, where the path knows it.
    pub actor: Option<Actor>,
    /// When the transition itself happened.
    pub occurred_at: Timestamp,
    /// What the fact points at.
    pub references: Vec<Reference>,
    /// What only this provider knows. An attribute that a path cannot know is absent.
    pub metadata: Metadata,
}

impl SourceEvent {
    /// Makes an event whose texts are trimmed and cut to their limits.
    #[must_use]
    pub fn new(source_type: SourceType, source_id: SourceId, title: &str, body: &str, occurred_at: Timestamp) -> Self {
        Self {
            source_type,
            source_id,
            title: text::title(title),
            body: text::body(body),
            actor: None,
            occurred_at,
            references: Vec::new(),
            metadata: Metadata::new(),
        }
    }

    /// Notes in `metadata.standIn` which of `title`, `body` and `occurredAt` are made of the rest, because the path does not
    /// know them.
    #[must_use]
    pub fn with_stand_in(mut self, fields: &[&str]) -> Self {
        self.metadata.insert(STAND_IN.to_owned(), fields.into());
        self
    }

    /// Whether a field is made of the rest. A moment that may have been later is.
    #[must_use]
    pub fn stands_in(&self, field: &str) -> bool {
        if field == "occurredAt" && self.metadata.get(EARLIEST).is_some_and(|earliest| *earliest == true) {
            return true;
        }
        let fields = self.metadata.get(STAND_IN).and_then(serde_json::Value::as_array);
        fields.is_some_and(|fields| fields.iter().any(|known| known == field))
    }

    /// Whose fact it is.
    #[must_use]
    pub const fn provider(&self) -> ProviderKind {
        self.source_type.provider()
    }

    /// Drops references and metadata beyond the limits and says in `metadata.truncated` what went.
    /// The raw delivery keeps everything.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let mut truncated = Vec::new();
        if self.references.len() > MAX_REFERENCES {
            self.references.truncate(MAX_REFERENCES);
            truncated.push("references");
        }
        if json_len(&self.metadata) > MAX_EVENT_BYTES / 2 {
            self.metadata.retain(|_, value| json_len(value) <= 1_000);
            truncated.push("metadata");
        }
        while json_len(&self.references) > MAX_EVENT_BYTES / 2 {
            self.references.truncate(self.references.len() / 2);
            truncated.push("references");
        }
        if !truncated.is_empty() {
            truncated.sort_unstable();
            truncated.dedup();
            self.metadata.insert("truncated".to_owned(), truncated.into());
        }
        self
    }
}

fn json_len(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

/// A person or machine that acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor {
    /// The provider's immutable id.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// E-mail address, where the provider gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// What a [`Reference`] points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferenceKind {
    /// A commit, by sha.
    Commit,
    /// A branch, by name.
    Branch,
    /// A tag, by name.
    Tag,
    /// A pull request, as `#7`.
    Pr,
    /// An issue, as `#7` or `TEAM-7`.
    Issue,
    /// A release, by its id.
    Release,
    /// A discussion, as `#7`.
    Discussion,
    /// A deployment.
    Deployment,
    /// A project.
    Project,
    /// A cycle.
    Cycle,
    /// A person a thing is assigned to.
    Assignee,
    /// A person asked to review.
    Reviewer,
    /// A person who wrote a thing.
    Author,
    /// A team.
    Team,
    /// A label.
    Label,
    /// An initiative: projects with one aim.
    Initiative,
    /// A document.
    Document,
}

impl ReferenceKind {
    /// The name in rows and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::Pr => "pr",
            Self::Issue => "issue",
            Self::Release => "release",
            Self::Discussion => "discussion",
            Self::Deployment => "deployment",
            Self::Project => "project",
            Self::Cycle => "cycle",
            Self::Assignee => "assignee",
            Self::Reviewer => "reviewer",
            Self::Author => "author",
            Self::Team => "team",
            Self::Label => "label",
            Self::Initiative => "initiative",
            Self::Document => "document",
        }
    }
}

/// A pointer from a fact to a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// What it points at.
    #[serde(rename = "type")]
    pub kind: ReferenceKind,
    /// Which one.
    pub id: String,
    /// Where to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How the fact relates to it, such as `closes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Reference {
    /// A reference without address and relation; `None` when the id is blank, since an empty id points at nothing.
    #[must_use]
    pub fn new(kind: ReferenceKind, id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        (!id.trim().is_empty()).then(|| Self { kind, id: text::cut(&id, 512).to_owned(), url: None, label: None })
    }

    /// Adds where to see it.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Adds how the fact relates to it.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// The JSON form: `source` and `sourceType` apart, as the product's users know it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    source: ProviderKind,
    source_type: String,
    source_id: SourceId,
    title: String,
    body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<Actor>,
    occurred_at: Timestamp,
    references: Vec<Reference>,
    metadata: Metadata,
}

impl Serialize for SourceEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.clone();
        Wire {
            source: event.provider(),
            source_type: event.source_type.name().to_owned(),
            source_id: event.source_id,
            title: event.title,
            body: event.body,
            actor: event.actor,
            occurred_at: event.occurred_at,
            references: event.references,
            metadata: event.metadata,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SourceEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let source_type =
            SourceType::find(wire.source, &wire.source_type).ok_or_else(|| D::Error::custom("unknown source type"))?;
        Ok(Self {
            source_type,
            source_id: wire.source_id,
            title: wire.title,
            body: wire.body,
            actor: wire.actor,
            occurred_at: wire.occurred_at,
            references: wire.references,
            metadata: wire.metadata,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> SourceEvent {
        SourceEvent::new(
            SourceType::GithubPush,
            SourceId::once(ProviderKind::Github, "push", "1:refs/heads/main", "abc"),
            " [Push] x ",
            "",
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn json_keeps_every_field() {
        let mut event = event();
        event.references = vec![Reference::new(ReferenceKind::Commit, "abc").unwrap().label("merge")];
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["source"], "github");
        assert_eq!(json["sourceType"], "push");
        assert_eq!(serde_json::from_value::<SourceEvent>(json).unwrap(), event);
    }

    #[test]
    fn an_event_always_fits_its_row() {
        let mut event = event();
        for n in 0..5_000 {
            let id = format!("{n}-{}", "é".repeat(600));
            event.references.extend(Reference::new(ReferenceKind::Label, id));
        }
        event.metadata.insert("big".into(), "y".repeat(500_000).into());
        let event = event.bounded();
        assert!(json_len(&event) < MAX_EVENT_BYTES);
        assert_eq!(event.metadata["truncated"], serde_json::json!(["metadata", "references"]));
    }

    #[test]
    fn a_reference_points_at_something() {
        assert_eq!(Reference::new(ReferenceKind::Label, " "), None);
    }
}
