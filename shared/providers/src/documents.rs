//! What a provider of repositories must know, so that their files can be documents.

use connector_domain::backfill::ProviderError;
use connector_domain::connection::ResourceRef;
use connector_domain::documents::Head;
use connector_domain::http::{HttpRequest, HttpResponse, RateLimit};
use connector_domain::{Delivery, Timestamp, Verified};

/// Reads the files of repositories, each by the name of what it holds: so it is that of the commit, whatever comes after.
pub trait DocumentSource: Send + Sync {
    /// What a webhook tells of the branch that counts; `None` when it tells nothing of it.
    fn pushed(&self, delivery: &Delivery<Verified>) -> Option<Pushed>;

    /// The request for the head of that branch; `None` when the resource's name is not one of a repository.
    fn head_request(&self, resource: &ResourceRef) -> Option<HttpRequest>;

    /// The head.
    ///
    /// # Errors
    /// When there is none; the error says what to do. A repository without a commit is `Empty`.
    fn read_head(&self, response: &HttpResponse, now: Timestamp) -> Result<Head, ProviderError>;

    /// The request for the files of a tree: all of them, or those of one folder.
    fn tree_request(&self, resource: &ResourceRef, tree: &str, whole: bool) -> Option<HttpRequest>;

    /// The files of a tree.
    ///
    /// # Errors
    /// When it is not a tree; the error says what to do.
    fn read_tree(&self, response: &HttpResponse, now: Timestamp) -> Result<Tree, ProviderError>;

    /// The request for what a file holds.
    fn file_request(&self, resource: &ResourceRef, blob: &str) -> Option<HttpRequest>;

    /// What the file of this name holds.
    ///
    /// # Errors
    /// When it is not there, or the answer is something else; the error says what to do.
    fn read_file(&self, blob: &str, response: HttpResponse, now: Timestamp) -> Result<Vec<u8>, ProviderError>;

    /// What an answer says of the budget.
    fn rate(&self, response: &HttpResponse) -> RateLimit;
}

/// What a webhook tells of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The commit that its head was, where it is told.
    pub before: Option<String>,
    /// The commit that its head is now.
    pub commit: String,
    /// The paths that were touched; `None` where the webhook may not name all.
    pub paths: Option<Vec<String>>,
}

/// The files of a commit, or of one folder of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Its entries, with paths from where it starts.
    pub entries: Vec<Entry>,
    /// Whether it has more that are not told.
    pub truncated: bool,
}

/// A file or a folder. What is neither, such as a link, is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File {
        /// Its path.
        path: String,
        /// The name of what it holds.
        blob: String,
        /// Its size in bytes.
        bytes: u64,
    },
    /// A folder.
    Folder {
        /// Its path.
        path: String,
        /// Its tree.
        tree: String,
    },
}
