//! A story as a tree: each fact below the earlier one that it has most to do with.

use std::collections::BTreeMap;

use connector_domain::enrich::{Edge, Relation};
use connector_domain::{SourceId, SourceType};
use connector_flows::memory::{Story, Told};
use console::measure_text_width;

use super::Look;
use super::style::Paint;
use super::text::clean;

/// The lines of a story, each after `indent` blanks.
pub(crate) fn graph(story: &Story, indent: usize, look: Look) -> Vec<String> {
    let tree = Tree::of(story);
    let mut lines = Vec::with_capacity(story.facts.len());
    for root in tree.below.get(&None).into_iter().flatten() {
        tree.draw(*root, &mut String::new(), "", indent, look, &mut lines);
    }
    lines
}

struct Tree<'a> {
    facts: &'a [Told],
    /// What stands below each fact, and at the top.
    below: BTreeMap<Option<usize>, Vec<usize>>,
    /// What each fact is to the one above it.
    words: BTreeMap<usize, &'static str>,
}

impl<'a> Tree<'a> {
    fn of(story: &'a Story) -> Self {
        let place: BTreeMap<&SourceId, usize> =
            story.facts.iter().enumerate().map(|(at, fact)| (&fact.source_id, at)).collect();
        let mut above: BTreeMap<usize, (u8, usize, &'static str)> = BTreeMap::new();
        for edge in &story.edges {
            let (Some(&from), Some(&to)) = (place.get(&edge.from), place.get(&edge.to)) else { continue };
            let (early, late) = (from.min(to), from.max(to));
            let found = (rank(edge), early, phrase(edge.relation, from == late));
            let known = above.entry(late).or_insert(found);
            // The strongest one, and of those the latest.
            if (found.0, std::cmp::Reverse(found.1)) < (known.0, std::cmp::Reverse(known.1)) {
                *known = found;
            }
        }
        let mut below: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        for at in 0..story.facts.len() {
            below.entry(above.get(&at).map(|(_, parent, _)| *parent)).or_default().push(at);
        }
        let words = above.into_iter().map(|(at, (_, _, words))| (at, words)).collect();
        Self { facts: &story.facts, below, words }
    }

    fn draw(&self, at: usize, stem: &mut String, branch: &str, indent: usize, look: Look, lines: &mut Vec<String>) {
        let Some(fact) = self.facts.get(at) else { return };
        let words = self.words.get(&at).map(|words| format!("{words} ")).unwrap_or_default();
        let kind = format!("{} {}", fact.source, fact.source_type);
        let start = format!("{}{stem}{branch}", " ".repeat(indent));
        let taken = measure_text_width(&start) + measure_text_width(&words) + measure_text_width(&kind) + 2;
        let title = clean(title(fact)).into_owned();
        let title = match look.width {
            Some(width) => console::truncate_str(&title, width.saturating_sub(taken).max(8), "\u{2026}").into_owned(),
            None => title,
        };
        let style = look.style;
        lines.push(format!(
            "{}{}{}  {title}",
            style.faint(&start),
            style.paint(Paint::Odd, words),
            style.paint(Paint::Name, kind)
        ));
        let children = self.below.get(&Some(at)).map(Vec::as_slice).unwrap_or_default();
        let length = stem.len();
        stem.push_str(match branch {
            "" => "",
            "\u{2514}\u{2500} " => "   ",
            _ => "\u{2502}  ",
        });
        for (n, child) in children.iter().enumerate() {
            let branch = if n + 1 == children.len() { "\u{2514}\u{2500} " } else { "\u{251c}\u{2500} " };
            self.draw(*child, stem, branch, indent, look, lines);
        }
        stem.truncate(length);
    }
}

/// Which of several relations says most: the lower, the more.
const fn rank(edge: &Edge) -> u8 {
    match edge.relation {
        Relation::Continues => 0,
        Relation::Deploys | Relation::Fixes | Relation::Resolves | Relation::Triggers => 1,
        Relation::TrackedIn => 2,
        Relation::References | Relation::SameCommit => 3,
        Relation::SameBranch => 4,
    }
}

/// What the later of two facts is to the earlier one; `from` is whether the edge starts at the later one.
const fn phrase(relation: Relation, from: bool) -> &'static str {
    match (relation, from) {
        (Relation::Continues, _) => "then",
        (Relation::SameCommit, _) => "same commit:",
        (Relation::SameBranch, _) => "same branch:",
        (Relation::Deploys, true) => "deployed by",
        (Relation::Deploys, false) => "deploys",
        (Relation::Resolves, true) => "resolved by",
        (Relation::Resolves, false) => "resolves",
        (Relation::Fixes, true) => "fixed by",
        (Relation::Fixes, false) => "fixes",
        (Relation::References, true) => "named by",
        (Relation::References, false) => "names",
        (Relation::TrackedIn, true) => "tracks",
        (Relation::TrackedIn, false) => "tracked in",
        (Relation::Triggers, true) => "filed for",
        (Relation::Triggers, false) => "led to",
    }
}

/// The title without the label at its start, which says what the type says.
fn title(fact: &Told) -> &str {
    let label = SourceType::find(fact.source, &fact.source_type).map(|kind| format!("[{}] ", kind.label()));
    label.and_then(|label| fact.title.strip_prefix(label.as_str())).unwrap_or(&fact.title)
}

#[cfg(test)]
mod tests {
    use connector_domain::ProviderKind;
    use connector_domain::enrich::LinkKey;
    use connector_testkit::builders::at;

    use super::super::style::Style;
    use super::*;

    fn story() -> Story {
        let fact = |n: i64, source, kind: &str, title: &str| Told {
            source_id: SourceId::parse(format!("{n}")).unwrap(),
            source,
            source_type: kind.to_owned(),
            title: title.to_owned(),
            occurred_at: at(n),
        };
        let edge = |from: i64, to: i64, relation| Edge {
            from: SourceId::parse(from.to_string()).unwrap(),
            to: SourceId::parse(to.to_string()).unwrap(),
            relation,
            key: LinkKey::parse("x").unwrap(),
        };
        Story {
            facts: vec![
                fact(1, ProviderKind::Sentry, "issue.created", "[Issue Created] Timeout\u{1b}[2J"),
                fact(2, ProviderKind::Linear, "issue.created", "[Issue Created] ENG-7: Checkout times out"),
                fact(3, ProviderKind::Github, "pull-request.opened", "[PR Opened] Retry the payment"),
                fact(4, ProviderKind::Github, "pull-request.merged", "[PR Merged] Retry the payment"),
                fact(5, ProviderKind::Vercel, "deployment.succeeded", "shop to production"),
                fact(6, ProviderKind::Linear, "issue.completed", "ENG-7: Checkout times out"),
                fact(7, ProviderKind::Github, "issue.opened", "Alone"),
            ],
            edges: vec![
                edge(1, 2, Relation::Triggers),
                edge(3, 2, Relation::Fixes),
                edge(4, 2, Relation::Fixes),
                edge(4, 3, Relation::Continues),
                edge(5, 4, Relation::Deploys),
                edge(6, 2, Relation::Continues),
                edge(3, 6, Relation::Fixes),
            ],
            more: false,
        }
    }

    #[test]
    fn a_story_is_a_tree_of_what_led_to_what() {
        assert_eq!(
            graph(&story(), 2, Look::PLAIN),
            [
                "  sentry issue.created  Timeout [2J",
                "  \u{2514}\u{2500} led to linear issue.created  ENG-7: Checkout times out",
                "     \u{251c}\u{2500} fixed by github pull-request.opened  Retry the payment",
                "     \u{2502}  \u{2514}\u{2500} then github pull-request.merged  Retry the payment",
                "     \u{2502}     \u{2514}\u{2500} deployed by vercel deployment.succeeded  shop to production",
                "     \u{2514}\u{2500} then linear issue.completed  ENG-7: Checkout times out",
                "  github issue.opened  Alone",
            ]
        );
    }

    #[test]
    fn every_line_fits_the_terminal() {
        for width in [80, 120] {
            let lines = graph(&story(), 2, Look { style: Style::PLAIN, width: Some(width) });
            assert!(lines.iter().all(|line| measure_text_width(line) <= width), "{lines:#?}");
        }
    }
}
