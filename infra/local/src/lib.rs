//! The whole system in one process, and the newcomer's command line.
//!
//! [`stack`] runs what `template.yaml` describes: the same functions as in AWS, handed other ports.
//! [`commands`] is what `cargo local` can be asked.

pub mod commands;
mod render;
pub mod stack;
