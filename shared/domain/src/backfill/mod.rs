//! Backfill as state machines without I/O: runs, units, windows, coverage, and what each step decides.

mod coverage;
mod cursor;
mod disposition;
mod entity;
mod run;
mod unit;
mod window;

pub use coverage::Coverage;
pub use cursor::{Cursor, CursorError};
pub use disposition::{Disposition, FailCode, ProviderError};
pub use entity::EntityType;
pub use run::{Run, RunProgress, RunState, Trigger};
pub use unit::{
    Claim, Counters, Limits, NewUnit, NextPage, Unit, UnitKey, UnitState, Version, WaitReason,
};
pub use window::{Depth, Window};
