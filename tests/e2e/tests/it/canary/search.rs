//! Finding a secret in any of the forms in which it could have got somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tracing_subscriber::fmt::MakeWriter;
use url::form_urlencoded::byte_serialize;

/// Places where something could come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sink {
    /// What our crates log, at every level, with all spans; and what a panic says.
    Log,
    /// Bodies of queue messages, dead letters among them.
    Message,
    /// All items of all tables, and the files that hold them.
    Rows,
    /// Addresses of requests to providers.
    OutgoingUrl,
    /// Their headers.
    OutgoingHeader,
    /// Their bodies.
    OutgoingBody,
    /// Answers to programs.
    Answer,
    /// Pages for people.
    Page,
    /// Cookies that a browser is told to keep.
    Cookie,
    /// `Debug` of what holds secrets.
    Debug,
}

/// What came out, by place.
#[derive(Default)]
pub(crate) struct Sinks(BTreeMap<Sink, Vec<Vec<u8>>>);

impl Sinks {
    pub(crate) fn add(&mut self, sink: Sink, text: impl Into<Vec<u8>>) {
        self.0.entry(sink).or_default().push(text.into());
    }

    /// Where each secret is.
    pub(crate) fn find<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, BTreeSet<Sink>> {
        let mut found = BTreeMap::new();
        let mut patterns = Vec::new();
        for secret in secrets {
            found.entry(secret).or_insert_with(|| {
                patterns.extend(forms(secret).into_iter().map(|form| (form, secret)));
                BTreeSet::new()
            });
        }
        let forms = AhoCorasick::new(patterns.iter().map(|(form, _)| form)).unwrap();
        for (sink, texts) in &self.0 {
            for place in texts.iter().flat_map(|text| forms.find_overlapping_iter(text)) {
                found.entry(patterns[place.pattern().as_usize()].1).or_default().insert(*sink);
            }
        }
        found
    }

    pub(crate) fn count(&self, sink: Sink) -> usize {
        self.0.get(&sink).map_or(0, Vec::len)
    }
}

/// As it is, escaped, in hexadecimal digits, and in base64 wherever it begins in a longer text.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned(), byte_serialize(secret.as_bytes()).collect()];
    forms.push(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
    for before in 0..3 {
        let bytes = [&vec![0; before][..], secret.as_bytes()].concat();
        for text in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            // What the neighbours have a part in is left out.
            let text = text.trim_end_matches('=');
            let (from, to) = ([0, 2, 3][before], text.len() - usize::from(bytes.len() % 3 != 0));
            forms.push(text[from..to].to_owned());
        }
    }
    forms
}

/// A log that is kept.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secret = "s3cret/canary+of&some=length";
    for text in [
        secret.to_owned(),
        format!("a={}", byte_serialize(secret.as_bytes()).collect::<String>()),
        STANDARD.encode(format!("id:{secret}")),
        STANDARD.encode(format!("x{secret}y")),
        URL_SAFE_NO_PAD.encode(format!("xyz{secret}")),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ] {
        let mut sinks = Sinks::default();
        sinks.add(Sink::Log, text.clone());
        let found = sinks.find([secret, "another-canary-of-length"]);
        assert_eq!(found[secret], BTreeSet::from([Sink::Log]), "{text}");
        assert!(found["another-canary-of-length"].is_empty(), "{text}");
    }
}
