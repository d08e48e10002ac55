//! Faults that somebody could build into the system, each as a port or a setting that misbehaves: the simulation is worth
//! what it finds of them.

mod backfills;
mod connections;
mod deliveries;
mod documents;
mod enrichment;
mod holds;
mod http;
mod models;
mod observations;
mod queues;
mod tokens;

pub(crate) use backfills::{CancelIgnored, Carrying, CursorInMessage, Cursors, NoFence, NoSweep, OpensCancelled};
pub(crate) use connections::StaleRouting;
pub(crate) use deliveries::{AckEarly, CheckpointFirst, DoneFirst, DoneForAll, HeaderKey, Held};
pub(crate) use documents::LookUnheard;
pub(crate) use enrichment::{CountedTwice, JunkTaken, Linked, LinksOfFirst, NotedFirst, NothingSent};
pub(crate) use holds::CarelessHolds;
pub(crate) use http::OffsetPaging;
pub(crate) use models::CarelessModels;
pub(crate) use observations::{Deferred, GetThenPut, Pending, SwallowPartial, WrongTenantKey};
pub(crate) use queues::{Flushing, TokenInMessage};
pub(crate) use tokens::{RefreshUnlocked, StateReadThenDelete, TokenByResource, TtlTrusted};

/// A fault that somebody could build in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plant {
    /// An observation is looked for, and then written, in two steps.
    GetThenPut,
    /// The cursor moves before the page is durable.
    CheckpointFirst,
    /// A delivery is known by the id in its header, which nobody signs.
    HeaderKey,
    /// The row of a unit is written whatever version it has.
    NoFence,
    /// A delivery is marked as captured before its observations are stored.
    DoneFirst,
    /// The place in a list travels with the message, and a late message goes back to it.
    CursorInMessage,
    /// A page that fails is asked for again without end.
    RetryForever,
    /// A list that changes is walked by page numbers.
    OffsetPaging,
    /// Tokens are renewed by whoever finds them old, all at once.
    RefreshUnlocked,
    /// What failed of a batch of writes is taken for done.
    SwallowPartial,
    /// An observation is known by its source id alone, whoever's it is.
    WrongTenantKey,
    /// What has expired is taken as good until the store gets round to deleting it.
    TtlTrusted,
    /// Webhooks are routed by an index that has not caught up.
    StaleRouting,
    /// A cancel is answered and not written.
    CancelIgnored,
    /// A run that was cancelled while it starts opens the rest of its lists.
    OpensCancelled,
    /// Nothing looks for what stands still.
    NoSweep,
    /// Two workers may have one page.
    NoLease,
    /// A delivery is done when the first of its workspaces is.
    DoneForAll,
    /// A webhook is answered though it could not be stored.
    AckEarly,
    /// A message carries a token.
    TokenInMessage,
    /// A token is kept for a resource, whoever's connection it came from.
    TokenByResource,
    /// A one-time state is read, and then deleted, in two steps.
    StateReadThenDelete,
    /// That an account acted is counted without the row that proves it was counted.
    CountedTwice,
    /// What facts have to do with others is written for the first message of a workspace.
    LinksOfFirst,
    /// Enrichment is noted as done before it is.
    NotedFirst,
    /// Observations that nobody enriched are not sent again.
    EnrichUnswept,
    /// What an embedder answers is taken, however much it is.
    JunkTaken,
    /// A language model is asked whatever that costs.
    BudgetIgnored,
    /// What a language model said is noted and not kept.
    AnswerDropped,
    /// How far what is held back is captured is written whatever it was.
    HoldUnfenced,
    /// Nobody looks for runs that hold and stand still.
    HoldUnswept,
    /// What is held back is forgotten when it is read.
    HoldForgotten,
    /// Who asks for a look at a repository while one is under way is not heard.
    LookUnheard,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 33] = [
        Self::GetThenPut,
        Self::CheckpointFirst,
        Self::HeaderKey,
        Self::NoFence,
        Self::DoneFirst,
        Self::CursorInMessage,
        Self::RetryForever,
        Self::OffsetPaging,
        Self::RefreshUnlocked,
        Self::SwallowPartial,
        Self::WrongTenantKey,
        Self::TtlTrusted,
        Self::StaleRouting,
        Self::CancelIgnored,
        Self::OpensCancelled,
        Self::NoSweep,
        Self::NoLease,
        Self::DoneForAll,
        Self::AckEarly,
        Self::TokenInMessage,
        Self::TokenByResource,
        Self::StateReadThenDelete,
        Self::CountedTwice,
        Self::LinksOfFirst,
        Self::NotedFirst,
        Self::EnrichUnswept,
        Self::JunkTaken,
        Self::BudgetIgnored,
        Self::AnswerDropped,
        Self::HoldUnfenced,
        Self::HoldUnswept,
        Self::HoldForgotten,
        Self::LookUnheard,
    ];
}
