//! What people write: titles, descriptions, branch names, release notes.

use super::json::repository::View;
use crate::random::Random;

/// Who works on a repository. The first one is who does what nobody in particular does.
pub(crate) const PEOPLE: [&str; 12] = [
    "mira-holt",
    "octavia",
    "jonas-berg",
    "priya-n",
    "tadeo",
    "wren42",
    "sofia-lindqvist",
    "k-okafor",
    "yusuf-a",
    "hana-mori",
    "leo-marchetti",
    "anneke-v",
];

const AREAS: [&str; 10] = ["api", "auth", "billing", "cli", "docs", "engine", "queue", "storage", "telemetry", "ui"];

const WORK: [&str; 16] = [
    "retry failed uploads with backoff",
    "stop losing the cursor when a page is empty",
    "cache the parsed configuration",
    "drop support for the old token format",
    "make the launch window configurable",
    "return 404 instead of 500 for unknown rockets",
    "handle non-ASCII names (Zoë, 東京, Ærø)",
    "close idle connections",
    "remove an unused feature flag",
    "validate webhook signatures in constant time",
    "speed up the timeline query",
    "show progress while importing",
    "avoid a deadlock on shutdown",
    "describe how to rotate secrets",
    "split the scheduler out of the engine",
    "read the region from the environment",
];

const TROUBLE: [&str; 14] = [
    "Login fails after the session expires",
    "Countdown shows NaN in Safari",
    "Memory grows while importing large archives",
    "Docs: the quick start does not work on Windows",
    "Feature request: dark mode 🌙",
    "Timeout when more than 1,000 rockets are listed",
    "panic: index out of bounds in the parser",
    "Question about the retention of old launches",
    "Wrong time zone in weekly report",
    "\"Save\" does nothing & shows no error",
    "Incident 2026-02: deliveries delayed by 40 minutes",
    "Security: tokens appear in debug logs",
    "Search is slow for names with an umlaut (ä, ö, ü)",
    "Upgrade to the new storage format fails half-way",
];

/// A conventional-commit style title mostly; sometimes plain, sometimes far too long.
pub(crate) fn pull_title(random: &mut Random) -> String {
    let kind = random.pick(&["feat", "fix", "fix", "refactor", "docs", "perf", "chore", "test", "ci"]);
    let area = random.pick(&AREAS);
    let work = random.pick(&WORK);
    match random.below(20) {
        0 => format!("{work}, and while there also {}, {}", random.pick(&WORK), random.pick(&WORK)),
        1 => format!("[{area}] {work} "),
        2 => format!("{}-{}: {work}", random.pick(&["ENG", "OPS", "WEB"]), 100 + random.below(900)),
        3 => format!("{kind}({area})!: {work}"),
        4 => "Update README.md".to_owned(),
        _ => format!("{kind}({area}): {work}"),
    }
}

/// What a commit says: its first line mostly, sometimes more.
pub(crate) fn commit_message(random: &mut Random) -> String {
    let title = pull_title(random);
    match random.below(4) {
        0 => format!("{title} (#{})\n\n* {}\n* {}", 1 + random.below(900), random.pick(&WORK), random.pick(&WORK)),
        _ => title,
    }
}

/// What a dependency bot writes.
pub(crate) fn bump(random: &mut Random) -> String {
    let name = random.pick(&["serde", "tokio", "hyper", "rustls", "actions/checkout"]);
    let (minor, patch) = (random.below(40), random.below(9));
    format!("chore(deps): bump {name} from 1.{minor}.{patch} to 1.{}.0", minor + 1)
}

/// What a dependency bot adds to it.
pub(crate) fn bump_notes() -> String {
    "Bumps a dependency.\n\n<details>\n<summary>Release notes</summary>\n<p>Small fixes.</p>\n</details>\n".to_owned()
}

/// What somebody complains about.
pub(crate) fn issue_title(random: &mut Random) -> String {
    let trouble = random.pick(&TROUBLE);
    match random.below(10) {
        0 => format!("[{}] {trouble}", random.pick(&AREAS)),
        1 => format!("{trouble} (was working in v{}.{})", random.below(3), random.below(20)),
        _ => trouble.to_owned(),
    }
}

/// A branch name.
pub(crate) fn branch(random: &mut Random) -> String {
    match random.below(4) {
        0 => format!("patch-{}", 1 + random.below(40)),
        1 => format!("{}/eng-{}-{}", random.pick(&PEOPLE), 100 + random.below(900), random.pick(&AREAS)),
        _ => format!("{}/{}-{}", random.pick(&["feat", "fix", "chore"]), random.pick(&AREAS), random.below(1_000)),
    }
}

/// None, empty, short or long, with links to other items, people, issue keys and code.
pub(crate) fn body(random: &mut Random, repository: &View) -> Option<String> {
    match random.below(100) {
        0..12 => return None,
        12..14 => return Some(String::new()),
        14..16 => return Some(long(random)),
        _ => {}
    }
    let mut lines = vec![format!("This should {}.", random.pick(&WORK)), String::new()];
    if random.chance(45) {
        lines.push(link(random, repository));
    }
    if random.chance(25) {
        lines.push(format!("cc @{} @{}", random.pick(&PEOPLE), random.pick(&PEOPLE)));
    }
    if random.chance(20) {
        lines.push(format!("Part of {}-{}.", random.pick(&["ENG", "OPS", "WEB"]), 100 + random.below(900)));
    }
    if random.chance(20) {
        lines.push("```rust\r\nlet answer = rocket.launch(&pad)?;\r\n```".to_owned());
    }
    if random.chance(20) {
        lines.push("- [x] tests\r\n- [ ] changelog".to_owned());
    }
    // GitHub keeps the line ends of the browser's text field.
    Some(lines.join("\r\n"))
}

fn link(random: &mut Random, repository: &View) -> String {
    let word = random.pick(&["Fixes", "fixes", "Closes", "closed", "Resolves", "Fix", "See", "Refs"]);
    let number = 1 + random.below(300);
    match random.below(5) {
        0 => format!("{word} {}#{number}", repository.full_name),
        1 => format!("{word} {}/issues/{number}", repository.web),
        2 => format!("{word} #{number}, {} #{}", word.to_lowercase(), number + 1),
        _ => format!("{word} #{number}"),
    }
}

/// Longer than anything that keeps whole texts would like, with characters of several bytes.
fn long(random: &mut Random) -> String {
    let mut text = String::from("## What happened\r\n");
    while text.len() < 14_000 {
        text.push_str(random.pick(&WORK));
        text.push_str(" — 東京 🚀\r\n");
    }
    text
}

/// What somebody says in a comment, a review, or about a line.
pub(crate) fn remark(random: &mut Random, repository: &View) -> String {
    match random.below(8) {
        0 => format!("{} I think.", link(random, repository)),
        1 => format!("@{} can you have a look?", random.pick(&PEOPLE)),
        2 => "```suggestion\r\n    ignite()?;\r\n```".to_owned(),
        3 => "nit: naming 🙂".to_owned(),
        4 => format!("This should {} as well.", random.pick(&WORK)),
        5 => "LGTM".to_owned(),
        6 => "> Is this still needed?\r\n\r\nYes, until the old tokens are gone.".to_owned(),
        _ => "Could this wait for the next release?".to_owned(),
    }
}

/// Up to three labels.
pub(crate) fn labels(random: &mut Random) -> Vec<String> {
    const NAMES: [&str; 7] =
        ["bug", "enhancement", "documentation", "good first issue", "security", "performance", "breaking change"];
    let mut names: Vec<String> = Vec::new();
    while random.chance(40) && names.len() < 3 {
        let name = random.pick(&NAMES);
        if names.iter().all(|held| held != name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The tag of the release at `index`, counting up.
pub(crate) fn tag(index: usize, prerelease: bool) -> String {
    let (major, minor) = (index / 10, index % 10);
    if prerelease { format!("v{major}.{minor}.0-rc.1") } else { format!("v{major}.{minor}.0") }
}

/// Release notes.
pub(crate) fn notes(random: &mut Random, repository: &View) -> String {
    let mut lines = vec!["## What's changed".to_owned()];
    for _ in 0..=random.below(4) {
        let number = 1 + random.below(300);
        let (title, who) = (pull_title(random), random.pick(&PEOPLE));
        lines.push(format!("* {title} by @{who} in {}/pull/{number}", repository.web));
    }
    lines.join("\n")
}
