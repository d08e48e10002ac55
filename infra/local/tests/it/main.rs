//! The stack as its users meet it: over HTTP and through its library, with a simulated GitHub behind it.

mod backfill;
mod command_line;
mod events;
mod http;
mod links;
mod restart;
mod support;
mod wiring;
