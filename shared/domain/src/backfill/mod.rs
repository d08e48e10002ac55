//! Backfill as state machines without I/O: runs, units, windows, coverage, and what each step decides.

mod budget;
mod counters;
mod coverage;
mod cursor;
mod disposition;
mod entity;
mod hold;
mod limits;
mod run;
mod share;
mod state;
mod unit;
mod window;

pub use budget::{Budget, BudgetKey, Pool, Take};
pub use counters::Counters;
pub use coverage::Coverage;
pub use cursor::{Cursor, CursorError};
pub use disposition::{Disposition, FailCode, ProviderError};
pub use entity::EntityType;
pub use hold::{Awaits, Hold, HoldState, Place};
pub use limits::Limits;
pub use run::{Run, RunProgress, RunState, Trigger};
pub use share::Share;
pub use state::{PauseReason, UnitState, WaitReason};
pub use unit::{CALL_BUDGET, Claim, NewUnit, NextPage, PAGE_LIMIT, Unit, UnitKey, Version};
pub use window::{Depth, Window};
