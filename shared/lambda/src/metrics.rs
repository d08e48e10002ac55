//! Metrics out of log events, in CloudWatch's embedded metric format: one more JSON line, of which CloudWatch makes metrics.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! A number in a field `metric.NAME` of a log event is a metric of that name. So whoever logs need not know where numbers go,
//! and a number cannot be in the log and not among the metrics. Dimensions are the function and, where the event names
//! one, the provider: both are few, whatever is captured.

use std::fmt;
use std::io::Write;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "MemoryConnectors";
/// Fields whose name starts so are metrics.
const PREFIX: &str = "metric.";

/// Writes the metrics of each event.
pub struct Metrics<W> {
    function: String,
    out: Mutex<W>,
}

impl<W: Write> Metrics<W> {
    /// Metrics of a function.
    pub const fn new(function: String, out: W) -> Self {
        Self { function, out: Mutex::new(out) }
    }
}

impl<S: Subscriber, W: Write + Send + 'static> Layer<S> for Metrics<W> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut found = Found::default();
        event.record(&mut found);
        if found.numbers.is_empty() {
            return;
        }
        let line = found.line(&self.function, now());
        let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // A metric that cannot be written must not stop what it counts.
        let _written = writeln!(out, "{line}");
    }
}

#[derive(Default)]
struct Found {
    numbers: Vec<(&'static str, Value)>,
    provider: Option<String>,
}

impl Found {
    fn line(self, function: &str, milliseconds: u64) -> Value {
        let metric = |name: &str| json!({ "Name": name, "Unit": unit(name) });
        let metrics: Vec<_> = self.numbers.iter().map(|(name, _)| metric(name)).collect();
        let mut dimensions = vec![json!(["Function"])];
        let mut line = Map::from_iter([("Function".to_owned(), json!(function))]);
        if let Some(provider) = self.provider {
            dimensions.push(json!(["Function", "Provider"]));
            line.insert("Provider".to_owned(), json!(provider));
        }
        let of = json!([{ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics }]);
        line.insert("_aws".to_owned(), json!({ "Timestamp": milliseconds, "CloudWatchMetrics": of }));
        line.extend(self.numbers.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Value::Object(line)
    }

    fn number(&mut self, field: &Field, value: impl Into<Value>) {
        if let Some(name) = field.name().strip_prefix(PREFIX) {
            self.numbers.push((name, value.into()));
        }
    }
}

impl Visit for Found {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "provider" {
            self.provider = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "provider" {
            self.provider = Some(format!("{value:?}"));
        }
    }
}

fn unit(name: &str) -> &'static str {
    if name.ends_with("_seconds") { "Seconds" } else { "Count" }
}

#[expect(clippy::disallowed_methods, reason = "CloudWatch sorts by real time")]
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::info;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn numbers_of_an_event_are_a_line_that_cloudwatch_reads() {
        let lines = Lines::default();
        let layer = Metrics::new("stack-backfill-page".to_owned(), lines.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            info!(unit = "acme/github/9/issue", "no number, no line");
            info!(provider = %"github", secret = "hunter2", metric.pages = 1, metric.wait_seconds = 2.5, "a page");
            info!(metric.dead = 3_u64, "a sweep");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [page, sweep] = &lines[..] else { panic!("{text}") };
        assert_eq!((&page["pages"], &page["Provider"]), (&json!(1), &json!("github")));
        let told = &page["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(told["Namespace"], "MemoryConnectors");
        assert_eq!(told["Dimensions"], json!([["Function"], ["Function", "Provider"]]));
        assert_eq!(
            told["Metrics"],
            json!([{ "Name": "pages", "Unit": "Count" }, { "Name": "wait_seconds", "Unit": "Seconds" }])
        );
        assert!(page["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000);
        assert_eq!(sweep["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Function"]]));
    }
}
