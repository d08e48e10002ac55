//! Messages. They carry ids only: no body, token or cursor, and nothing outside printable ASCII.

use serde::{Deserialize, Serialize};

use crate::backfill::UnitKey;
use crate::documents::DocumentsKey;
use crate::transformed::Deletion;
use crate::{DeliveryId, RunId, SourceId, WorkspaceId};

/// Version written into every message; a reader keeps a message of a newer version in the queue instead of dropping it.
pub const TASK_VERSION: u32 = 1;

/// What every message can tell its queue.
pub trait Task: Serialize + for<'de> Deserialize<'de> + Send + Sync + 'static {
    /// Name for logs.
    const NAME: &'static str;

    /// The tenant, so that a fair queue can keep one from delaying the others.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
    fn workspace(&self) -> &WorkspaceId;

    /// The version of its form.
    fn version(&self) -> u32;
}

/// Largest message. Far below what SQS takes, since a message carries ids only.
pub const MAX_TASK_BYTES: usize = 64 * 1024;

/// A task cannot be a message.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// It has no JSON form.
    #[error("a {name} task has no JSON form")]
    Json {
        /// Which kind.
        name: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// It is longer than [`MAX_TASK_BYTES`].
    #[error("a {0} task is longer than {MAX_TASK_BYTES} bytes")]
    TooLong(&'static str),
}

/// The message of a task: JSON in ASCII, since SQS refuses some characters that JSON allows.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
///
/// # Errors
/// When it has no JSON form or is too long.
pub fn encode<T: Task>(task: &T) -> Result<String, EncodeError> {
    let json = serde_json::to_string(task).map_err(|source| EncodeError::Json { name: T::NAME, source })?;
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
            continue;
        }
        // JSON has such characters inside strings only, where an escape means the same.
        for unit in c.encode_utf16(&mut [0; 2]) {
            ascii.push_str(&format!("\\u{unit:04x}"));
        }
    }
    if ascii.len() > MAX_TASK_BYTES {
        return Err(EncodeError::TooLong(T::NAME));
    }
    Ok(ascii)
}

/// Capture a stored delivery for one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptureTask {
    /// [`TASK_VERSION`] when it was written.
    pub v: u32,
    /// For whom.
    pub workspace: WorkspaceId,
    /// What.
    pub delivery: DeliveryId,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

impl Task for CaptureTask {
    const NAME: &'static str = "capture";

    fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    fn version(&self) -> u32 {
        self.v
    }
}

/// Capture what a run has held back, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayTask {
    /// [`TASK_VERSION`] when it was written.
    pub v: u32,
    /// For whom.
    pub workspace: WorkspaceId,
    /// Which run.
    pub run: RunId,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

impl ReplayTask {
    /// The message for a run of a workspace.
    #[must_use]
    pub fn of(run: &RunId, workspace: &WorkspaceId, correlation: &str) -> Self {
        let (run, workspace) = (run.clone(), workspace.clone());
        Self { v: TASK_VERSION, workspace, run, correlation: correlation.to_owned() }
    }
}

impl Task for ReplayTask {
    const NAME: &'static str = "replay";

    fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    fn version(&self) -> u32 {
        self.v
    }
}

/// A message of the queue of captures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CaptureMessage {
    /// About one delivery.
    Delivery(CaptureTask),
    /// About one run.
    Replay(ReplayTask),
}

impl Task for CaptureMessage {
    const NAME: &'static str = "capture";

    fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Delivery(task) => task.workspace(),
            Self::Replay(task) => task.workspace(),
        }
    }

    fn version(&self) -> u32 {
        match self {
            Self::Delivery(task) => task.version(),
            Self::Replay(task) => task.version(),
        }
    }
}

/// Fetch one page of one unit. The cursor is in the unit's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageTask {
    /// [`TASK_VERSION`] when it was written.
    pub v: u32,
    /// Which unit.
    pub unit: UnitKey,
    /// Of which run; a message of an older run does nothing.
    pub run: RunId,
    /// Which page, from 0; a message for a page that is done does nothing.
    pub page: u32,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

impl Task for PageTask {
    const NAME: &'static str = "page";

    fn workspace(&self) -> &WorkspaceId {
        &self.unit.workspace
    }

    fn version(&self) -> u32 {
        self.v
    }
}

/// Most observations that one message names.
pub const MAX_ENRICHED: usize = 20;

/// Enrich observations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrichTask {
    /// [`TASK_VERSION`] when it was written.
    pub v: u32,
    /// Whose.
    pub workspace: WorkspaceId,
    /// Which ones; [`MAX_ENRICHED`] at most.
    pub observations: Vec<SourceId>,
    /// And all facts of these things, which were deleted at their provider.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<String>,
    /// Summarise what belongs together in this week, by its Monday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summarise: Option<String>,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

impl EnrichTask {
    /// The messages for any number of observations of a workspace.
    #[must_use]
    pub fn split(workspace: &WorkspaceId, observations: &[SourceId], correlation: &str) -> Vec<Self> {
        let none = Self::none(workspace, correlation);
        let task = |part: &[SourceId]| Self { observations: part.to_vec(), ..none.clone() };
        observations.chunks(MAX_ENRICHED).map(task).collect()
    }

    /// The messages for what is kept of things that are gone.
    #[must_use]
    pub fn deleted(workspace: &WorkspaceId, gone: &[Deletion], correlation: &str) -> Vec<Self> {
        let none = Self::none(workspace, correlation);
        let subjects = |part: &[Deletion]| part.iter().map(|deletion| deletion.subject.clone()).collect();
        gone.chunks(MAX_ENRICHED).map(|part| Self { deleted: subjects(part), ..none.clone() }).collect()
    }

    /// The message that asks for a look at a week.
    #[must_use]
    pub fn summarise(workspace: &WorkspaceId, week: &str, correlation: &str) -> Self {
        Self { summarise: Some(week.to_owned()), ..Self::none(workspace, correlation) }
    }

    fn none(workspace: &WorkspaceId, correlation: &str) -> Self {
        Self {
            v: TASK_VERSION,
            workspace: workspace.clone(),
            observations: Vec::new(),
            deleted: Vec::new(),
            summarise: None,
            correlation: correlation.to_owned(),
        }
    }
}

impl Task for EnrichTask {
    const NAME: &'static str = "enrich";

    fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    fn version(&self) -> u32 {
        self.v
    }
}

/// Do the next step of a repository's documents. Where it is, its row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentsTask {
    /// [`TASK_VERSION`] when it was written.
    pub v: u32,
    /// Whose documents.
    pub documents: DocumentsKey,
    /// Which step; a message for a step that is done does nothing.
    pub step: u64,
    /// Follows the work through logs and rows.
    pub correlation: String,
}

impl Task for DocumentsTask {
    const NAME: &'static str = "documents";

    fn workspace(&self) -> &WorkspaceId {
        &self.documents.workspace
    }

    fn version(&self) -> u32 {
        self.v
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(workspace: &str, correlation: &str) -> CaptureTask {
        CaptureTask {
            v: TASK_VERSION,
            workspace: WorkspaceId::parse(workspace).unwrap(),
            delivery: DeliveryId::parse("github#1").unwrap(),
            correlation: correlation.to_owned(),
        }
    }

    #[test]
    fn a_message_is_ascii_and_reads_back() {
        let task = task("caf\u{e9}-\u{1f600}-\u{ffff}", "c");
        let message = encode(&task).unwrap();
        assert!(message.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{message}");
        assert!(message.contains("caf\\u00e9-\\ud83d\\ude00-\\uffff"), "{message}");
        assert_eq!(serde_json::from_str::<CaptureTask>(&message).unwrap(), task);
    }

    #[test]
    fn the_longest_identities_fit_a_message() {
        let id = SourceId::once(crate::ProviderKind::Github, "push", "\u{e9}".repeat(900), "x");
        let workspace = WorkspaceId::parse("w".repeat(255)).unwrap();
        let tasks = EnrichTask::split(&workspace, &vec![id; MAX_ENRICHED + 1], "c");
        assert_eq!(tasks.iter().map(|task| task.observations.len()).collect::<Vec<_>>(), [MAX_ENRICHED, 1]);
        assert!(encode(&tasks[0]).is_ok());
    }

    #[test]
    fn an_oversized_task_is_refused() {
        assert!(matches!(encode(&task("w", &"x".repeat(MAX_TASK_BYTES))), Err(EncodeError::TooLong("capture"))));
    }
}
