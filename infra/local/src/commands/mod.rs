//! The command line: what can be asked, and how each answer is made.

mod backfill;
mod connect;
mod demo;
mod documents;
mod events;
mod failure;
mod follow;
mod interrupt;
mod link;
mod log;
mod observations;
mod payload;
mod place;
mod replay;
mod send;
mod served;
mod services;
mod simulated;
mod status;
mod timeline;
mod token;
mod transform;
mod up;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::render::Output;
use crate::render::style::Paint;
use failure::Failure;

/// Memory Connectors on this machine: the system of template.yaml in one process, on an embedded DynamoDB.
#[derive(Parser)]
#[command(name = "connectors", bin_name = "cargo local", version, arg_required_else_help = true)]
#[command(
    after_help = "Start here:\n  cargo local demo\n\nRows and secrets are kept in .local; remove it to start anew."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Up(up::Up),
    Connect(connect::Connect),
    Link(link::Link),
    Transform(transform::Transform),
    Send(send::Send),
    Backfill(Box<backfill::Backfill>),
    Observations(observations::Observations),
    Timeline(timeline::Timeline),
    Documents(documents::Documents),
    Replay(replay::Replay),
    Status(status::Status),
    Token(token::Token),
    #[command(hide = true)]
    Events(events::Events),
}

/// Reads the command line of this process and does what it says: 0 when it is done, 1 when it failed, 2 when it could not
/// be understood.
pub async fn run() -> ExitCode {
    let CommandLine { command } = CommandLine::parse();
    let mut output = Output::of_process();
    let result = match command {
        Command::Demo(command) => command.run(&mut output).await,
        Command::Up(command) => command.run(&mut output).await,
        Command::Connect(command) => command.run(&mut output).await,
        Command::Link(command) => command.run(&mut output).await,
        Command::Transform(command) => command.run(&mut output),
        Command::Send(command) => command.run(&mut output).await,
        Command::Backfill(command) => command.run(&mut output).await,
        Command::Observations(command) => command.run(&mut output).await,
        Command::Timeline(command) => command.run(&mut output).await,
        Command::Documents(command) => command.run(&mut output).await,
        Command::Replay(command) => command.run(&mut output).await,
        Command::Status(command) => command.run(&mut output).await,
        Command::Token(command) => command.run(&mut output),
        Command::Events(command) => command.run(&mut output),
    };
    match result {
        Ok(code) => code,
        // Whoever reads the output has seen enough, as `head` does.
        Err(failure) if failure.unheard => ExitCode::SUCCESS,
        Err(failure) => {
            for (what, text) in failure.lines() {
                let paint = if what == "error" { Paint::Bad } else { Paint::Odd };
                // Nothing is left to tell it to when standard error is closed.
                let _written = output.note(format!("{}: {text}", output.aside.paint(paint, what)));
            }
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_says_what_it_does_and_gives_an_example() {
        let line = CommandLine::command();
        line.clone().debug_assert();
        for command in line.get_subcommands() {
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(
                example.contains(&format!("cargo local {}", command.get_name())),
                "{}: {example}",
                command.get_name()
            );
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }
}
