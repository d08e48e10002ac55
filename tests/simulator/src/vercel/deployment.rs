//! Deployments, and how they change. Times are milliseconds since 1970, as Vercel's are.

use super::{account::User, draft::NewDeployment};
use crate::random::Random;

/// A deployment: what never changes, and how it stands.
pub(crate) struct Deployment {
    /// `dpl_...`
    pub(crate) id: String,
    /// The project's name at the time.
    pub(crate) name: String,
    /// The host that serves it.
    pub(crate) url: String,
    pub(crate) draft: NewDeployment,
    pub(crate) creator: User,
    pub(crate) sha: String,
    pub(crate) created: i64,
    pub(crate) now: Standing,
}

/// Where a deployment goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The project's own domains.
    Production,
    /// The staging environment of old projects.
    Staging,
    /// An address of its own: Vercel says null.
    #[default]
    Preview,
    /// An environment of that name: null too, and the list names it elsewhere.
    Custom(String),
}

impl Target {
    /// As the API says it.
    pub(crate) fn name(&self) -> Option<&'static str> {
        match self {
            Self::Production => Some("production"),
            Self::Staging => Some("staging"),
            Self::Preview | Self::Custom(_) => None,
        }
    }
}

/// How a deployment stands.
#[derive(Default)]
pub(crate) struct Standing {
    pub(crate) state: Phase,
    pub(crate) building_at: Option<i64>,
    /// When the build ended, well or not. Of some failed ones the list does not tell it.
    pub(crate) ended_at: Option<i64>,
    pub(crate) checked_at: Option<i64>,
    pub(crate) alias_assigned: Option<i64>,
    /// Whether it ever had the production domains.
    pub(crate) promoted: bool,
    pub(crate) failure: Option<Failure>,
    /// When the retention policy deleted it.
    pub(crate) deleted: Option<i64>,
    /// Gone from every list, but its past webhooks were sent.
    pub(crate) gone: bool,
}

/// `state` of a listed deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Queued,
    Initializing,
    Building,
    Ready,
    Error,
    Canceled,
    Deleted,
}

impl Phase {
    pub(crate) const ALL: [Self; 7] =
        [Self::Queued, Self::Initializing, Self::Building, Self::Ready, Self::Error, Self::Canceled, Self::Deleted];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Initializing => "INITIALIZING",
            Self::Building => "BUILDING",
            Self::Ready => "READY",
            Self::Error => "ERROR",
            Self::Canceled => "CANCELED",
            Self::Deleted => "DELETED",
        }
    }

    /// Whether a build can still be begun, ended or canceled.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Initializing | Self::Building)
    }
}

/// Why a deployment has no result.
pub(crate) struct Failure {
    /// None where somebody or something called it off.
    pub(crate) code: Option<&'static str>,
    pub(crate) message: &'static str,
}

/// What can happen to a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It got a builder, which is not told by webhook. Nor is the next one.
    Initializing,
    Building,
    Ready,
    /// Built, and all checks passed.
    Succeeded,
    Failed,
    Canceled,
    Promoted,
    /// By the retention policy: it stays listed for a while, as deleted.
    Expired,
    /// By hand: it leaves the lists at once.
    Deleted,
}

/// How long a deployment that expired can be brought back, and is listed
/// (<https://vercel.com/docs/deployment-retention>).
pub(crate) const RECOVERABLE: i64 = 30 * 86_400_000;

impl Deployment {
    /// Whether lists show it.
    pub(crate) fn is_listed(&self, now: i64) -> bool {
        !self.now.gone && self.now.deleted.is_none_or(|deleted| now < deleted + RECOVERABLE)
    }

    /// Whether this can happen to it now.
    pub(crate) fn can(&self, change: Change) -> bool {
        let (now, held) = (&self.now, &self.draft);
        match change {
            Change::Initializing => now.state == Phase::Queued,
            Change::Building => matches!(now.state, Phase::Queued | Phase::Initializing),
            Change::Ready | Change::Failed | Change::Canceled => now.state.is_open(),
            Change::Succeeded => now.state == Phase::Ready && now.checked_at.is_none(),
            Change::Promoted => now.state == Phase::Ready && (now.checked_at.is_some() || !held.checks),
            Change::Expired => !now.state.is_open() && now.deleted.is_none() && !now.gone,
            Change::Deleted => !now.gone,
        }
    }

    pub(crate) fn change(&mut self, change: Change, at: i64) {
        let mut random = Random::new(crate::random::of_name(&self.id), &[0xFA11]);
        let now = &mut self.now;
        match change {
            Change::Initializing => now.state = Phase::Initializing,
            Change::Building => {
                now.state = Phase::Building;
                now.building_at = Some(at);
            }
            Change::Ready => {
                now.state = Phase::Ready;
                now.building_at.get_or_insert(at);
                now.ended_at = Some(at);
                if !self.draft.checks {
                    now.alias_assigned = Some(at);
                }
            }
            Change::Succeeded => {
                now.checked_at = Some(at);
                now.alias_assigned = Some(at);
            }
            Change::Failed => {
                now.state = Phase::Error;
                now.building_at.get_or_insert(at);
                now.ended_at = random.chance(90).then_some(at);
                let (code, message) = random.pick(&FAILURES);
                now.failure = Some(Failure { code: Some(code), message });
            }
            Change::Canceled => {
                now.state = Phase::Canceled;
                now.ended_at = now.building_at.filter(|_| random.chance(60)).map(|_| at);
                now.failure = random.chance(50).then_some(Failure {
                    code: None,
                    message: "The Deployment has been canceled because this project was not affected",
                });
            }
            Change::Promoted => now.promoted = true,
            Change::Expired => {
                now.state = Phase::Deleted;
                now.deleted = Some(at);
            }
            Change::Deleted => now.gone = true,
        }
    }
}

const FAILURES: [(&str, &str); 3] = [
    ("BUILD_FAILED", "Command \"npm run build\" exited with 1"),
    ("BUILD_UTILS_SPAWN_1", "Command \"pnpm install\" exited with 1"),
    ("lambda_size_exceeded", "A Serverless Function has exceeded the unzipped maximum size of 250 MB"),
];
