//! How a backfill ended.

use std::process::ExitCode;
use std::time::Duration;

use connector_domain::backfill::{CALL_BUDGET, Counters, FailCode, PauseReason, RunState, Unit, UnitState};

use super::super::follow::{Ended, Standing};
use super::super::interrupt::INTERRUPTED;
use super::Failure;
use crate::render::Output;
use crate::render::runs::{counters, report};
use crate::render::table::{Column, Table};
use crate::render::text::{count, duration};

/// Tells what was done; a run that did not complete is a failure.
pub(super) fn tell(
    standing: &Standing,
    ended: Ended,
    took: Duration,
    more: &str,
    output: &mut Output,
) -> Result<ExitCode, Failure> {
    let units = standing.units();
    let mut sum = Counters::default();
    units.iter().for_each(|unit| sum.merge(&unit.counters));
    output.line(format!("\n{} in {}", counters(&sum), duration(took)))?;
    let mut table = Table::new([Column::text(""), Column::number(""), Column::text("").yields()]);
    let seen = standing.report();
    report(&seen).into_iter().for_each(|line| table.row(line.map(Into::into)));
    output.lines(table.lines(2, output.look))?;

    let code = units.iter().find_map(|unit| match &unit.state {
        UnitState::Failed { code } => Some(code),
        _ => None,
    });
    match (standing.state(), ended) {
        (_, Ended::Interrupted) | (RunState::Cancelled, _) => {
            let kept = count(seen.captured, "new observation is", "new observations are");
            output.line(format!("\nCancelled: {kept} kept. The same command fetches the rest."))?;
            Ok(ExitCode::from(INTERRUPTED))
        }
        (RunState::Failed, _) => {
            let code = code.map_or("unknown", FailCode::as_str);
            Err(Failure::new(format!("the backfill failed: {code}")).hint(after(code)))
        }
        (RunState::Partial, _) => {
            let spent = |unit: &Unit| matches!(&unit.state, UnitState::Partial { reason } if reason == CALL_BUDGET);
            let why = if units.iter().any(spent) {
                "its calls are used up"
            } else {
                "there are more pages than one run may fetch"
            };
            Err(Failure::new(format!("the backfill stopped early: {why}"))
                .hint("cargo local backfill resume goes on where it stopped"))
        }
        (RunState::Paused, _) => {
            let refused = UnitState::Paused { why: PauseReason::NeedsReconnect };
            if units.iter().any(|unit| unit.state == refused) {
                let failure = Failure::new("the backfill is paused: needs_reconnect");
                return Err(failure.hint("the token is refused: make a new one, and run the same command"));
            }
            output.line("\nPaused. Go on with:  cargo local backfill resume")?;
            Ok(ExitCode::SUCCESS)
        }
        (_, Ended::Stuck) => {
            let left = count(standing.pages_left(), "page is", "pages are");
            Err(Failure::new(format!("the backfill is stuck: {left} fetched and not captured"))
                .hint("nothing is lost; run the same command with RUST_LOG=warn to see why"))
        }
        (RunState::Completed | RunState::Nothing | RunState::Running | RunState::Replaying, Ended::Settled) => {
            output.line(format!("\nSee them:  {more}"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What to do after a failure.
fn after(code: &str) -> &'static str {
    match code {
        "not_found" | "forbidden" => {
            "the token must be one that may read the repository's issues, pull requests and contents"
        }
        "provider_unavailable" => {
            "the provider does not answer; what is stored stays, and the same command fetches the rest"
        }
        _ => "what is stored stays; run the same command with RUST_LOG=warn to see more",
    }
}
