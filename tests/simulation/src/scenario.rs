//! What happens in a history, faults aside; drawn by seed, each history with a mix of its own.
//! Swarm testing: <https://users.cs.utah.edu/~regehr/papers/swarm12.pdf>.

use std::collections::BTreeSet;

use connector_domain::backfill::EntityType;

use crate::fault::Rate;
use crate::tokens::Grants;
use crate::{Chance, Plan};

/// The lists of GitHub that a history fetches. Those within items come through GraphQL and are walked in tests of their own.
pub(crate) const LISTS: [EntityType; 4] =
    [EntityType::PullRequest, EntityType::Issue, EntityType::IssueEvent, EntityType::Release];

/// How much there is in the repository when it is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content {
    /// Pull requests.
    pub pull_requests: u32,
    /// Issues.
    pub issues: u32,
    /// Releases.
    pub releases: u32,
}

/// What a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Starts a run.
    Start,
    /// Starts a run, and impatiently once more.
    StartTwice,
    /// Cancels the latest run.
    Cancel,
    /// Disconnects, and connects again some time later.
    Disconnect,
    /// Moves dead letters back.
    Redrive,
    /// Has a delivery captured anew.
    Replay,
    /// Connects the account whose tokens rotate.
    Connect,
}

/// What becomes of the first messages of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstMessages {
    /// They are handled.
    Handled,
    /// They fail until they are set aside, and are then moved back.
    SetAside,
    /// They are lost.
    Lost,
    /// Those that ask for enrichment are lost.
    UnenrichedLost,
}

/// What happens in a history, faults aside.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What the repository holds at first.
    pub content: Content,
    /// Items per page.
    pub page_size: u32,
    /// Which lists are fetched.
    pub entities: BTreeSet<EntityType>,
    /// Whether history is fetched at all, by a run that starts with the history.
    pub backfill: bool,
    /// Whether files of the repositories are kept as documents.
    pub documents: bool,
    /// How often somebody pushes.
    pub pushes: usize,
    /// How often in a hundred a run holds its facts back, and how often it is to be proven.
    pub hold_percent: u64,
    /// Whether the scheduler ticks.
    pub scheduler: bool,
    /// Every n-th fact of what is there at first also comes by webhook; 0 for none.
    pub webhook_every: usize,
    /// How many things happen in the repository meanwhile.
    pub acts: usize,
    /// What people do meanwhile.
    pub deeds: Vec<Deed>,
    /// Whether a second workspace has linked the same repository. It may come later.
    pub second_workspace: bool,
    /// Whether there is a stranger with a repository of their own, and a link to ours that is not theirs to have.
    pub stranger: bool,
    /// An account whose tokens rotate, and how often tokens are asked for.
    pub tokens: Option<(Grants, usize)>,
    /// How often in a hundred a queue delivers a message once more than needed.
    pub duplicate_percent: u64,
    /// How often in a hundred a webhook comes under the id of another: nobody signs that header.
    pub borrowed_id_percent: u64,
    /// How often in a hundred a webhook is lost on its way; most come again later.
    pub drop_percent: u64,
    /// How often in a hundred a webhook that was accepted comes again.
    pub resend_percent: u64,
    /// How often in a hundred an index has not caught up.
    pub stale_percent: u64,
    /// How often in a thousand steps a process is frozen for a while.
    pub freeze_per_mille: u64,
    /// Answers of the provider that are no pages: limits and faults of its own.
    pub provider_faults: usize,
    /// Calls an hour that the provider allows.
    pub hourly_calls: Option<u32>,
    /// One list cannot be answered at all.
    pub broken_list: bool,
    /// How often in a hundred the embedder fails, is slow, or answers too little or too much.
    pub embedder_percent: u64,
    /// The embedder never answers.
    pub broken_embedder: bool,
    /// Whether there are an index outside and a language model that is asked.
    pub services: bool,
    /// How often in a hundred the language model fails, is slow, declines, or answers with something else.
    pub model_percent: u64,
    /// The language model never answers.
    pub broken_model: bool,
    /// How often it may be asked in a day.
    pub model_calls: u64,
    /// Whether tokens that are due are looked at on a schedule.
    pub renewals: bool,
    /// The next version of the functions is rolled out: for a while its messages are met by functions that cannot read them.
    pub deploy: bool,
    /// What becomes of the first messages.
    pub first_messages: FirstMessages,
}

impl Default for Scenario {
    /// One repository, fetched once, with nothing else going on.
    fn default() -> Self {
        Self {
            content: Content { pull_requests: 2, issues: 2, releases: 1 },
            page_size: 2,
            entities: BTreeSet::from(LISTS),
            backfill: true,
            documents: false,
            pushes: 0,
            hold_percent: 0,
            scheduler: false,
            webhook_every: 0,
            acts: 0,
            deeds: Vec::new(),
            second_workspace: false,
            stranger: false,
            tokens: None,
            duplicate_percent: 0,
            borrowed_id_percent: 0,
            drop_percent: 0,
            resend_percent: 0,
            stale_percent: 0,
            freeze_per_mille: 0,
            provider_faults: 0,
            hourly_calls: None,
            broken_list: false,
            embedder_percent: 0,
            broken_embedder: false,
            services: false,
            model_percent: 0,
            broken_model: false,
            model_calls: 500,
            renewals: false,
            deploy: false,
            first_messages: FirstMessages::Handled,
        }
    }
}

impl Scenario {
    /// The scenario of a seed.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let chance = Chance::apart(seed, 0x5ce2);
        let content = Content {
            pull_requests: chance.pick([0, 1, 1, 2]),
            issues: chance.pick([0, 1, 2, 3]),
            releases: chance.pick([0, 0, 1]),
        };
        let backfill = chance.percent(80);
        let mut entities: BTreeSet<_> = LISTS.into_iter().filter(|_| chance.percent(40)).collect();
        entities.insert(chance.pick(LISTS));
        let deeds = (0..chance.pick([0, 0, 1, 1, 2, 3])).map(|_| {
            chance.pick([Deed::Start, Deed::StartTwice, Deed::Cancel, Deed::Disconnect, Deed::Redrive, Deed::Replay])
        });
        let deeds: Vec<_> = deeds.collect();
        let tokens = chance.percent(20).then(|| {
            let grants = chance.pick([Grants::Strict, Grants::Grace]);
            (grants, chance.pick([1, 3, 6]))
        });
        let apart = Chance::apart(seed, 0x5e7);
        let services = apart.percent(30);
        // Clusters grow large where much happens to one thing.
        let more_acts = if services { apart.pick([0, 0, 0, 12]) } else { 0 };
        // A few calls an hour are none that are left for files.
        let files = Chance::apart(seed, 0xd0c5);
        let documents = files.percent(25);
        Self {
            documents,
            pushes: if documents { files.pick([1, 2, 4, 6]) } else { 0 },
            content,
            page_size: chance.pick([1, 1, 2, 3]),
            entities,
            backfill,
            scheduler: chance.percent(20),
            webhook_every: if chance.percent(30) { 3 } else { 0 },
            acts: more_acts + if backfill { chance.pick([0, 1, 2, 3]) } else { chance.pick([2, 3, 5]) },
            deeds,
            second_workspace: chance.percent(30),
            stranger: chance.percent(30),
            tokens,
            duplicate_percent: chance.pick([0, 0, 5, 30]),
            drop_percent: chance.pick([0, 0, 20]),
            resend_percent: chance.pick([0, 10, 50]),
            stale_percent: chance.pick([0, 0, 50]),
            freeze_per_mille: chance.pick([0, 0, 0, 10]),
            provider_faults: chance.pick([0, 0, 0, 1, 3]),
            hourly_calls: if chance.percent(10) && !documents { Some(4) } else { None },
            broken_list: chance.percent(4),
            deploy: chance.percent(10),
            first_messages: FirstMessages::Handled,
            borrowed_id_percent: chance.pick([0, 0, 30]),
            embedder_percent: chance.pick([0, 0, 0, 10, 50]),
            broken_embedder: chance.percent(3),
            services,
            model_percent: apart.pick([0, 0, 10, 50]),
            broken_model: apart.percent(5),
            model_calls: apart.pick([500, 500, 500, 3]),
            renewals: tokens.is_some() && chance.percent(50),
            hold_percent: chance.pick([0, 0, 0, 50, 100]),
        }
    }

    /// Whether a service is away for good: what needs it is given up, after all the pauses of the sweep.
    pub(crate) const fn is_unserved(&self) -> bool {
        self.broken_embedder || self.broken_model
    }

    /// The faults of a seed.
    #[must_use]
    pub fn drawn_rate(seed: u64) -> Rate {
        let chance = Chance::apart(seed, 0x2a7e);
        let mut kinds = std::array::from_fn(|_| chance.percent(60));
        kinds[chance.below(4)] = true;
        Rate {
            per_mille: chance.pick([0, 5, 20, 50, 200]),
            budget: chance.pick([1, 3, 10, 30]),
            kinds,
            burst: chance.pick([0, 0, 3, 8]),
        }
    }

    /// The plan of a seed.
    #[must_use]
    pub fn drawn_plan(seed: u64) -> Plan {
        Plan::random(seed, Self::drawn_rate(seed))
    }
}
