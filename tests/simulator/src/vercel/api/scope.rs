//! Whose things a request is about: the team it names, or else the caller's own.

use super::{
    super::{State, account::Kind, site::Site},
    answer::Answer,
    token::Caller,
};
use crate::wire::Call;

/// The projects a request can see.
pub(crate) enum Scope {
    Account(String),
    /// All people's, for a token that was not made here and a request that names no team.
    Personal,
}

impl Scope {
    /// Without a team Vercel answers for the caller's own account, and says nothing of the team's.
    pub(crate) fn of(state: &State, call: &Call, caller: &Caller) -> Result<Self, Answer> {
        let account = match call.param("teamId").or(call.param("slug")) {
            Some(name) => {
                let known = state.account(name).filter(|account| account.kind == Kind::Team);
                Some(known.ok_or_else(|| Answer::wrong_scope(name))?)
            }
            None => match caller {
                Caller::Integration(id) => state.account(id).filter(|account| account.kind == Kind::Person),
                Caller::Member(_) => None,
            },
        };
        let Some(account) = account else { return Ok(Self::Personal) };
        match caller {
            Caller::Integration(id) if *id != account.id => Err(Answer::wrong_scope(&account.slug)),
            _ if !account.is_enabled() => Err(Answer::integration_disabled()),
            _ => Ok(Self::Account(account.id.clone())),
        }
    }

    /// The projects inside.
    pub(crate) fn sites<'a>(&'a self, state: &'a State, caller: &'a Caller) -> impl Iterator<Item = &'a Site> {
        state.sites.iter().filter(move |site| {
            !site.removed
                && match self {
                    Self::Account(id) => site.owner.id == *id,
                    Self::Personal => {
                        site.owner.kind == Kind::Person
                            && matches!(caller, Caller::Member(_))
                            && site.owner.is_enabled()
                    }
                }
        })
    }

    /// The project of that id or name.
    pub(crate) fn site<'a>(&'a self, state: &'a State, caller: &'a Caller, name: &str) -> Option<&'a Site> {
        self.sites(state, caller).find(|site| site.id == name || site.name() == name)
    }
}
