//! Flows through the whole system, and rules about the repository and its template.

mod flows;
mod harness;
mod template;
mod tidy;
