//! What goes wrong, and what people say about it.

use super::draft::NewIssue;
use crate::random::Random;

/// Type, text, function and file of an error; no type for a mere message.
const TROUBLE: [(Option<&str>, &str, &str, &str); 12] = [
    (Some("TypeError"), "Cannot read properties of undefined (reading 'id')", "launch", "src/pad.ts"),
    (Some("TimeoutError"), "Query timed out after 30000 ms", "timeline", "src/db/query.ts"),
    (Some("ValueError"), "invalid literal for int() with base 10: '東京'", "parse_row", "importer/rows.py"),
    (Some("KeyError"), "'countdown'", "status", "launcher/state.py"),
    (Some("ConnectionError"), "ECONNREFUSED 10.0.4.17:5432", "connect", "src/db/pool.ts"),
    (Some("panic"), "index out of bounds: the len is 3 but the index is 3", "parse", "src/parser.rs"),
    (Some("IntegrityError"), "duplicate key value violates unique constraint \"users_email_key\"", "save", "models.py"),
    (Some("ChunkLoadError"), "Loading chunk 42 failed.", "require", "webpack/runtime"),
    (Some("OutOfMemoryError"), "Java heap space", "import", "com/acme/Importer.java"),
    (None, "Countdown took longer than expected", "", ""),
    (None, "Retrying the delivery of a webhook for the 5th time", "", ""),
    (Some("Error"), "", "anonymous", "app:///main.js"),
];

/// An error or a message, seldom twice the same.
pub(crate) fn issue(random: &mut Random) -> NewIssue {
    let (kind, value, function, filename) = random.pick(&TROUBLE);
    let value = match random.below(12) {
        0 => format!("{value} — {}", "and on it goes ".repeat(40)),
        1..4 => format!("{value} (#{})", random.below(10_000)),
        _ => value.to_owned(),
    };
    let level = match kind {
        None => "info",
        Some(_) => random.pick(&["error", "error", "error", "fatal", "warning"]),
    };
    NewIssue {
        kind: kind.map(str::to_owned),
        value,
        function: function.to_owned(),
        filename: filename.to_owned(),
        level: level.to_owned(),
        environment: random.chance(85).then(|| random.pick(&["production", "staging"]).to_owned()),
        release: random.chance(75).then(|| format!("rocket@1.{}.0", random.below(9))),
    }
}

/// What somebody says about an issue.
pub(crate) fn comment(random: &mut Random) -> String {
    random
        .pick(&[
            "Looks like the pool is too small.",
            "Introduced by #214, I think.\n\nSee ENG-431.",
            "Cannot reproduce this locally 🤔",
            "@octavia can you have a look?",
            "Fixed by https://github.com/acme/rocket/pull/219",
        ])
        .to_owned()
}
