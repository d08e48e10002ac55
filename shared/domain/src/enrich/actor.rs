//! Who acted, over all providers.
//!
//! Stored is what each provider's account did and what it is known by. Which accounts are one person follows from that:
//! GitHub's numeric id counts most, then addresses, then the login that a Vercel deployment has of its commit's author.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::observation::Observation;
use crate::{ProviderKind, ReferenceKind, SourceId, Timestamp};

/// That an account acted, from one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// In which fact.
    pub source_id: SourceId,
    /// When.
    pub at: Timestamp,
    /// The name shown.
    pub name: String,
    /// Its address, lower-cased; none that many share.
    pub email: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Its login at GitHub, lower-cased, where that is known.
    pub login: Option<String>,
}

/// An account at a provider, by the provider's own id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// Where.
    pub provider: ProviderKind,
    /// Which one.
    pub id: String,
}

/// Longest id of an account in characters, so that it fits a key.
const MAX_ID_CHARS: usize = 200;

impl Account {
    /// An account.
    #[must_use]
    pub fn new(provider: ProviderKind, id: &str) -> Self {
        Self { provider, id: crate::text::cut(id, MAX_ID_CHARS).to_owned() }
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.provider, self.id)
    }
}

/// What is known of an account from all that it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// The name of the latest fact.
    pub name: String,
    /// The picture of the latest fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// The login of the latest fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// All addresses it had.
    #[serde(default)]
    pub emails: BTreeSet<String>,
    /// How many facts it acted in.
    pub observations: u64,
    /// When it acted last.
    pub last_active_at: Timestamp,
}

/// A person or machine, with all its accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The one of its accounts that it is called by: of GitHub if there is one.
    pub id: String,
    /// The name of that account.
    pub name: String,
    /// The picture of that account, or of another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// All addresses.
    pub emails: BTreeSet<String>,
    /// All accounts, as `provider:id`.
    pub accounts: BTreeSet<String>,
    /// How many facts it acted in.
    pub observations: u64,
    /// When it acted last.
    pub last_active_at: Timestamp,
}

/// The addresses of GitHub that give an account away: `583231+octocat@…`, and of old accounts `octocat@…`.
/// <https://docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address>
const NOREPLY: &str = "@users.noreply.github.com";

/// Who acted in a fact, and what it tells of them.
#[must_use]
pub fn activity(observation: &Observation) -> Option<(Account, Activity)> {
    let event = &observation.event;
    let actor = event.actor.as_ref()?;
    let provider = event.provider();
    let at_github = |url: &str| url.starts_with("https://github.com/");
    let of_github = || {
        let commit = event.references.iter().find(|reference| reference.kind == ReferenceKind::Commit);
        commit.and_then(|commit| commit.url.as_deref()).is_some_and(at_github)
    };
    let login = match provider {
        ProviderKind::Github => Some(actor.name.to_lowercase()),
        // Of a commit of GitHub's the author's login is the id; of any other it is somebody else's namesake.
        ProviderKind::Vercel if of_github() => Some(actor.id.to_lowercase()),
        ProviderKind::Vercel | ProviderKind::Linear | ProviderKind::Sentry => None,
    };
    let activity = Activity {
        source_id: event.source_id.clone(),
        at: event.occurred_at,
        name: actor.name.clone(),
        email: actor.email.as_deref().map(str::to_lowercase).filter(|email| is_personal(email)),
        avatar_url: actor.avatar_url.clone(),
        login,
    };
    Some((Account::new(provider, &actor.id), activity))
}

fn is_personal(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && !["noreply", "no-reply", "support", "info"].contains(&local)
    })
}

/// The persons that accounts belong to, the last active first.
#[must_use]
pub fn profiles(identities: &[Identity]) -> Vec<Profile> {
    let all: BTreeMap<&Account, &Identity> = identities.iter().map(|one| (&one.account, one)).collect();
    let accounts: Vec<&Account> = all.keys().copied().collect();
    let mut groups = Groups::new(accounts.len());
    let place: BTreeMap<&Account, usize> = accounts.iter().enumerate().map(|(at, account)| (*account, at)).collect();
    // Of two accounts that had a login one after the other the later one has it.
    let mut logins: BTreeMap<&str, (&Identity, usize)> = BTreeMap::new();
    let mut addresses: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, identity) in all.values().enumerate() {
        if let (ProviderKind::Github, Some(login)) = (identity.account.provider, identity.login.as_deref()) {
            let holder = logins.entry(login).or_insert((identity, at));
            if holder.0.last_active_at < identity.last_active_at {
                *holder = (identity, at);
            }
        }
        for email in &identity.emails {
            groups.join(at, *addresses.entry(email).or_insert(at));
        }
    }
    for (at, identity) in all.values().enumerate() {
        let known = match identity.account.provider {
            ProviderKind::Github => None,
            _ => identity.login.as_deref(),
        };
        for named in identity.emails.iter().filter_map(|email| email.strip_suffix(NOREPLY)) {
            let id = named.split_once('+').map(|(id, _)| id);
            let account = id.map(|id| Account { provider: ProviderKind::Github, id: id.to_owned() });
            match account {
                Some(account) => place.get(&account).into_iter().for_each(|other| groups.join(at, *other)),
                None => logins.get(named).into_iter().for_each(|(_, other)| groups.join(at, *other)),
            }
        }
        known.and_then(|login| logins.get(login)).into_iter().for_each(|(_, other)| groups.join(at, *other));
    }
    let mut persons: BTreeMap<usize, Vec<&Identity>> = BTreeMap::new();
    for (at, identity) in all.values().enumerate() {
        persons.entry(groups.root(at)).or_default().push(identity);
    }
    let mut profiles: Vec<_> = persons.into_values().filter_map(|accounts| profile(&accounts)).collect();
    profiles.sort_by(|a, b| (b.last_active_at, &a.id).cmp(&(a.last_active_at, &b.id)));
    profiles
}

/// `accounts` are in the order of their providers and ids, of which GitHub is the first.
fn profile(accounts: &[&Identity]) -> Option<Profile> {
    let first = accounts.first()?;
    Some(Profile {
        id: first.account.to_string(),
        name: first.name.clone(),
        avatar_url: accounts.iter().find_map(|one| one.avatar_url.clone()),
        emails: accounts.iter().flat_map(|one| one.emails.iter().cloned()).collect(),
        accounts: accounts.iter().map(|one| one.account.to_string()).collect(),
        observations: accounts.iter().map(|one| one.observations).sum(),
        last_active_at: accounts.iter().map(|one| one.last_active_at).max()?,
    })
}

/// Which places belong together. The root of a group is its first place, so it does not depend on who was joined when.
struct Groups(Vec<usize>);

impl Groups {
    fn new(size: usize) -> Self {
        Self((0..size).collect())
    }

    fn root(&self, mut at: usize) -> usize {
        while let Some(&above) = self.0.get(at)
            && above != at
        {
            at = above;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(above) = self.0.get_mut(one.max(other)) {
            *above = one.min(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn identity(provider: ProviderKind, id: &str, login: Option<&str>, emails: &[&str], at: i64) -> Identity {
        Identity {
            account: Account { provider, id: id.to_owned() },
            name: format!("name of {id}"),
            avatar_url: None,
            login: login.map(str::to_owned),
            emails: emails.iter().map(|email| (*email).to_owned()).collect(),
            observations: 2,
            last_active_at: Timestamp::from_second(at).unwrap(),
        }
    }

    fn people(identities: &[Identity]) -> Vec<Vec<String>> {
        profiles(identities).into_iter().map(|one| one.accounts.into_iter().collect()).collect()
    }

    use ProviderKind::{Github, Linear, Sentry, Vercel};

    #[test]
    fn accounts_of_one_person_are_found_by_number_address_and_login() {
        let all = [
            identity(Github, "583231", Some("octocat"), &["o@acme.dev"], 1),
            identity(Vercel, "octocat", Some("octocat"), &[], 2),
            identity(Linear, "u-1", None, &["o@acme.dev"], 3),
            identity(Sentry, "9", None, &["583231+octocat@users.noreply.github.com"], 4),
            identity(Sentry, "10", None, &["x@acme.dev"], 5),
        ];
        let found = profiles(&all);
        assert_eq!(found[0].accounts.len(), 1);
        assert_eq!(found[1].id, "github:583231");
        assert_eq!(found[1].accounts.len(), 4);
        assert_eq!((found[1].observations, found[1].last_active_at.as_second()), (8, 4));
    }

    #[test]
    fn a_login_is_of_who_has_it_now_and_joins_no_two_accounts_of_github() {
        let all = [
            identity(Github, "1", Some("jane"), &[], 1),
            identity(Github, "2", Some("jane"), &[], 9),
            identity(Vercel, "jane", Some("jane"), &[], 2),
            identity(Vercel, "bob", Some("bob"), &[], 2),
        ];
        assert_eq!(people(&all), [vec!["github:2", "vercel:jane"], vec!["vercel:bob"], vec!["github:1"]]);
    }

    #[test]
    fn nobody_is_joined_by_an_address_that_many_share() {
        for email in ["noreply@github.com", "no-reply@acme.dev", "@acme.dev", "jane", "info@acme.dev"] {
            assert!(!is_personal(email), "{email}");
        }
        assert!(is_personal("583231+octocat@users.noreply.github.com"));
    }

    fn any_identity() -> impl Strategy<Value = Identity> {
        let providers = prop::sample::select(ProviderKind::ALL.to_vec());
        let emails = prop::collection::btree_set("[abc]@x\\.dev|[12]\\+a@users\\.noreply\\.github\\.com", 0..3);
        (providers, "[1-6]", prop::option::of("[abc]"), emails, 0_i64..5).prop_map(
            |(provider, id, login, emails, at)| {
                let emails: Vec<_> = emails.iter().map(String::as_str).collect();
                identity(provider, &id, login.as_deref(), &emails, at)
            },
        )
    }

    proptest! {
        #[test]
        fn persons_are_the_same_in_any_order_and_no_fact_is_lost(
            (all, shuffled) in prop::collection::btree_map(any_identity().prop_map(|one| one.account), any_identity(), 0..12)
                .prop_map(|all| all.into_iter().map(|(account, one)| Identity { account, ..one }).collect::<Vec<_>>())
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
        ) {
            let found = profiles(&all);
            prop_assert_eq!(&found, &profiles(&shuffled));
            let facts: u64 = found.iter().map(|one| one.observations).sum();
            prop_assert_eq!(facts, 2 * all.len() as u64);
            let accounts: usize = found.iter().map(|one| one.accounts.len()).sum();
            prop_assert_eq!(accounts, all.len());
        }
    }
}
