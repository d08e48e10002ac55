//! Names and texts that people would write.

use crate::random::Random;

/// Handles of people.
pub(crate) const PEOPLE: [&str; 8] =
    ["mira-holt", "octavia", "jonas-berg", "priya-n", "tadeo", "sofia-lindqvist", "k-okafor", "hana-mori"];

const WORK: [&str; 12] = [
    "Cart loses its items after a reload",
    "Show progress while importing",
    "Checkout button does nothing on iOS",
    "Rotate the signing keys every month",
    "Invoices: wrong time zone in the footer",
    "Onboarding e-mail has a broken link",
    "Search is slow for names with an umlaut (ä, ö, ü)",
    "Export as CSV (東京 office asked for it) 🚀",
    "\"Save\" does nothing & shows no error",
    "Describe how to restore a backup",
    "Memory grows while importing large archives",
    "Allow to invite several people at once",
];

const REMARKS: [&str; 6] = [
    "I can reproduce this on iOS 18:\n\n1. open the cart\n2. reload",
    "Done in the branch, please review.",
    "Is this still wanted?",
    "@jonas-berg what do you think?",
    "Same as ENG-3, I think.",
    "+1",
];

/// A handle as a name: `Mira Holt`.
pub(crate) fn full_name(handle: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    handle.split('-').map(capital).collect::<Vec<_>>().join(" ")
}

/// A title as it stands in addresses.
pub(crate) fn slug(title: &str) -> String {
    let plain: String = title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().take(8).collect::<Vec<_>>().join("-")
}

pub(crate) fn title(random: &mut Random) -> String {
    let work = random.pick(&WORK);
    match random.below(8) {
        0 => format!("{work} (again)"),
        1 => format!("[{}] {work}", random.pick(&["web", "ios", "api"])),
        _ => work.to_owned(),
    }
}

/// None, short, or with links and lists.
pub(crate) fn description(random: &mut Random) -> Option<String> {
    match random.below(10) {
        0..3 => None,
        3..6 => Some(format!("{}.", random.pick(&WORK))),
        _ => Some(format!(
            "## Why\n\n{} — seen by @{}.\n\n* [ ] test\n* [ ] changelog\n\nhttps://github.com/acme/rocket/pull/{}",
            random.pick(&WORK),
            random.pick(&PEOPLE),
            1 + random.below(300)
        )),
    }
}

pub(crate) fn remark(random: &mut Random) -> String {
    random.pick(&REMARKS).to_owned()
}

pub(crate) fn project(random: &mut Random) -> String {
    let what = random.pick(&["Checkout", "Search", "Billing", "Onboarding", "Mobile", "Imports"]);
    format!("{what} {}", random.pick(&["relaunch", "2.0", "clean-up", "for teams"]))
}

/// Up to two labels.
pub(crate) fn labels(random: &mut Random) -> Vec<String> {
    let mut names = Vec::new();
    for name in ["Bug", "Feature", "Improvement"] {
        if random.chance(25) && names.len() < 2 {
            names.push(name.to_owned());
        }
    }
    names
}
