//! A file of a repository as it is kept, and its pieces.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::connection::Integration;
use crate::enrich::Embedding;
use crate::{ProviderKind, ResourceId, Timestamp, WorkspaceId};

/// Longest path that is kept, in bytes, where `#` and `%` count as three: keys have no room for more.
pub const MAX_PATH_BYTES: usize = 900;

/// Whose documents: those of one linked repository. A name is no part of it, since repositories are renamed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentsKey {
    /// For whom.
    pub workspace: WorkspaceId,
    /// Where.
    pub provider: ProviderKind,
    /// Of which repository.
    pub resource: ResourceId,
}

impl DocumentsKey {
    /// The documents of a link.
    #[must_use]
    pub fn of(link: &Integration) -> Self {
        Self { workspace: link.workspace.clone(), provider: link.provider, resource: link.resource.id.clone() }
    }
}

impl fmt::Display for DocumentsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.workspace, self.provider, self.resource)
    }
}

/// Why a file has no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// It is larger than what is read.
    TooLarge,
    /// It holds a zero byte, as texts do not.
    Binary,
    /// It is a text in another encoding.
    NotUtf8,
}

impl Skip {
    /// The name of the reason.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Binary => "binary",
            Self::NotUtf8 => "not_utf8",
        }
    }
}

/// A file as it is kept. Empty ones and those without a text are kept too, without pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Its path in the repository.
    pub path: String,
    /// The name of what it holds, as the provider's version control names it: a file whose name is the same is not read
    /// again. `None` while its pieces are being written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// The commit at which it was read.
    pub commit: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its text; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// How its text was cut and made into vectors ([`ChunkSettings::hash`](super::ChunkSettings::hash)).
    pub config_hash: String,
    /// Why it has no text, where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skip>,
    /// How many pieces it has.
    pub chunks: u32,
    /// What made the vectors of its pieces.
    pub model: String,
    /// The claim of the sync that wrote it: a later one is not overwritten by an earlier one.
    pub fence: u64,
    /// When it was written.
    pub updated_at: Timestamp,
}

impl Document {
    /// Names the pieces that belong to it: those of another text, or cut otherwise, do not.
    #[must_use]
    pub fn revision(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.content_hash.as_deref().unwrap_or_default());
        hash.update(&self.config_hash);
        hex::encode(&hash.finalize()[..8])
    }

    /// Its name for people.
    #[must_use]
    pub fn title(&self) -> &str {
        title(&self.path)
    }
}

/// A piece of a document's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chunk {
    /// The document.
    pub path: String,
    /// The [`revision`](Document::revision) that it belongs to.
    pub revision: String,
    /// Which piece, from 0.
    pub index: u32,
    /// Where it starts in the text, in bytes.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// How many tokens it has.
    pub tokens: u32,
    /// The text.
    pub text: String,
    /// The same as a vector.
    pub embedding: Embedding,
}

/// SHA-256 of a text, in hexadecimal digits.
#[must_use]
pub fn content_hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// The name of a file without its folders.
#[must_use]
pub fn title(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A name for addresses, of a title or, where that has nothing to show, of a path.
#[must_use]
pub fn slug(title: &str, path: &str) -> String {
    let of = |text: &str| {
        let mut slug = String::new();
        for c in text.to_lowercase().chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.trim_end_matches('-').to_owned()
    };
    let slug = of(title);
    if slug.is_empty() { of(path) } else { slug }
}

/// Whether a path can be kept.
#[must_use]
pub fn is_storable_path(path: &str) -> bool {
    let bytes: usize = path.bytes().map(|byte| if matches!(byte, b'#' | b'%') { 3 } else { 1 }).sum();
    !path.is_empty() && bytes <= MAX_PATH_BYTES && !path.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_must_fit_a_key_and_be_a_line() {
        assert!(is_storable_path("docs/Getting Started #1.md"));
        assert!(!is_storable_path("") && !is_storable_path("a\nb"));
        assert!(is_storable_path(&"x".repeat(900)) && !is_storable_path(&"x".repeat(901)));
        assert!(is_storable_path(&"#".repeat(300)) && !is_storable_path(&"#".repeat(301)));
    }

    #[test]
    fn a_slug_shows_the_title_or_else_the_path() {
        assert_eq!(slug("Getting Started.md", "docs/Getting Started.md"), "getting-started-md");
        assert_eq!(slug("---", "a/b.md"), "a-b-md");
        assert_eq!(title("docs/a.md"), "a.md");
    }
}
