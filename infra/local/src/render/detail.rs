//! One observation with all that is known of it.

use connector_domain::enrich::{Enrichment, Step};
use connector_domain::model::{Reading, Said};
use connector_domain::observation::Observation;

use super::Look;
use super::style::Paint;
use super::table::{Cell, Column, Table};
use super::text::{clean, minute};

/// Most lines of its body.
const BODY: usize = 12;

/// What it says, what the rules say of it, and what language models say of it.
pub(crate) fn detail(
    observation: &Observation,
    progress: &Enrichment,
    readings: &[Reading],
    look: Look,
) -> Vec<String> {
    let (event, style) = (&observation.event, look.style);
    let mut lines = vec![style.strong(clean(&event.title))];
    let mut table = Table::new([Column::text(""), Column::text("").yields()]);
    let mut line = |name: &str, text: String| {
        if !text.is_empty() {
            table.row([Cell::new(name, Paint::Faint), clean(&text).into_owned().into()]);
        }
    };
    let classification = &observation.classification;
    line("id", event.source_id.to_string());
    line("happened", format!("{} UTC", minute(event.occurred_at)));
    line("actor", event.actor.as_ref().map_or_else(String::new, |actor| actor.name.clone()));
    line("score", format!("{}: {}", observation.significance.score, observation.significance.factors.join(", ")));
    let categories: Vec<_> =
        std::iter::once(&classification.primary).chain(&classification.secondary).map(|one| one.as_str()).collect();
    line("category", format!("{} ({} %, by rules)", categories.join(", "), classification.confidence));
    line("topics", observation.topics.join(", "));
    let entities: Vec<_> = observation.entities.iter().map(|one| one.key.as_str()).collect();
    line("names", entities.join(", "));
    for reading in readings {
        line("model says", said(reading));
    }
    for (step, code) in &progress.fell_back {
        line("left to rules", format!("{}: {code}", step.as_str()));
    }
    let done: Vec<_> = progress.done.iter().map(|step| Step::as_str(*step)).collect();
    line("enriched", done.join(", "));
    lines.extend(table.lines(2, look));
    let mut body = event.body.lines();
    let shown: Vec<_> = body.by_ref().take(BODY).map(|line| format!("  {}", clean(line))).collect();
    if !shown.is_empty() {
        lines.push(String::new());
        lines.extend(shown);
    }
    if body.next().is_some() {
        lines.push(style.faint("  ..."));
    }
    lines
}

fn said(reading: &Reading) -> String {
    let said = match &reading.said {
        Said::Classification(said) => {
            let all = std::iter::once(&said.primary).chain(&said.secondary).map(|one| one.as_str());
            let topics = if said.topics.is_empty() { String::new() } else { format!("; {}", said.topics.join(", ")) };
            format!("{} ({} %){topics}", all.collect::<Vec<_>>().join(", "), said.confidence)
        }
        Said::Entities(all) if all.is_empty() => "it names nothing more".to_owned(),
        Said::Entities(all) => all.iter().map(|one| one.key.as_str()).collect::<Vec<_>>().join(", "),
    };
    format!("{said} ({}, question {}, {} UTC)", reading.model, reading.prompt, minute(reading.at))
}

#[cfg(test)]
mod tests {
    use connector_domain::capture::Category;
    use connector_domain::model::ModelClassification;
    use connector_testkit::builders::{at, observation, workspace};

    use super::*;

    #[test]
    fn what_a_model_says_is_told_apart_from_the_rules() {
        let observation = observation(&workspace("acme"), "9#7", at(0));
        let said = Said::Classification(ModelClassification {
            primary: Category::Incident,
            secondary: vec![Category::BugFix],
            topics: vec!["check\u{1b}[31mout".to_owned()],
            confidence: 91,
        });
        let source_id = observation.event.source_id.clone();
        let reading = Reading { source_id, model: "claude-haiku-4-5".to_owned(), prompt: 1, at: at(60), said };
        let progress =
            Enrichment { fell_back: [(Step::Extract, "budget_spent".to_owned())].into(), ..Enrichment::default() };
        let text = detail(&observation, &progress, &[reading], Look::PLAIN).join("\n");
        assert!(text.contains("by rules)") && text.contains("extract: budget_spent"), "{text}");
        assert!(
            text.contains("incident, bug_fix (91 %); check") && text.contains("(claude-haiku-4-5, question 1,"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}') && text.contains("Adds what was missing."), "{text}");
    }
}
