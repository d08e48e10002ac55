//! What the functions log, for people: one short line each, on standard error.

use std::fmt::{self, Write as _};

use connector_adapters::system::SystemClock;
use connector_domain::ports::Clock;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::render::style::{Paint, Style};

/// What the functions have to say.
pub(super) const FUNCTIONS: &str = "off,connectors=info,connector_webhook=info,connector_backfill=info,connector_capture=info,connector_recovery=info,\
     connector_flows=info,connector_oauth=info,connector_api=info";
/// Nothing: a command that draws on the screen says itself what went wrong.
pub(super) const NOTHING: &str = "off";

/// Starts logging. `RUST_LOG` sets what is shown; without it, `usual`.
pub(super) fn start(usual: &str, style: Style) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt().event_format(Lines(style)).with_env_filter(filter);
    // A second start finds a subscriber in place and leaves it.
    let _ = lines.with_writer(std::io::stderr).try_init();
}

struct Lines(Style);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let time = SystemClock.now().strftime("%H:%M:%S");
        let paint = match *event.metadata().level() {
            Level::ERROR => Paint::Bad,
            Level::WARN => Paint::Odd,
            _ => Paint::Plain,
        };
        write!(writer, "{}  {}", self.0.faint(time), self.0.paint(paint, short(&said.message)))?;
        for (name, value) in said.news() {
            write!(
                writer,
                "  {}",
                self.0.faint(format_args!("{} {}", name.trim_start_matches("metric."), short(value)))
            )?;
        }
        writeln!(writer)
    }
}

/// A message and its fields.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Said {
    /// Fields that say more than the message, and more than nothing.
    fn news(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let told = |value: &str| value == "0" || value.is_empty() || (value.len() > 3 && self.message.contains(value));
        let fields = self.fields.iter().filter(move |(name, value)| !told(value) && *name != "correlation");
        fields.map(|(name, value)| (*name, value.as_str()))
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write!(text, "{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push((name, text)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name(), value.to_owned()));
    }
}

/// Text with the digests in it cut to what tells them apart.
fn short(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digits = 0;
    for c in text.chars() {
        digits = if c.is_ascii_hexdigit() { digits + 1 } else { 0 };
        if c.is_control() {
            out.push(' ');
        } else if digits <= 12 {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_cut_and_control_characters_go() {
        let digest = "ab12".repeat(16);
        assert_eq!(short(&format!("accepted github#{digest}, so")), "accepted github#ab12ab12ab12, so");
        assert_eq!(short("page 1200 of acme\u{1b}[2J"), "page 1200 of acme [2J");
    }

    #[test]
    fn fields_that_say_nothing_new_are_left_out() {
        let said = Said {
            message: "captured github#ab1".to_owned(),
            fields: vec![("delivery.id", "github#ab1".into()), ("captured", "1".into()), ("duplicate", "0".into())],
        };
        assert_eq!(said.news().collect::<Vec<_>>(), [("captured", "1")]);
    }
}
