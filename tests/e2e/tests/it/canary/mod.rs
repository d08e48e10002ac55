//! Secrets go through everything that the stack does, rightly and wrongly; none comes out where it must not.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use self::search::{Log, Sink, Sinks};

mod search;
mod story;

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    WebhookSecret,
    ClientSecret,
    PrivateKey,
    LocalKey,
    DeveloperToken,
    MachineKey,
    State,
    SentryState,
    PollKey,
    BrowserSecret,
    Code,
    Verifier,
    PersonsToken,
    AccessToken,
    RefreshToken,
    InstallationToken,
    /// A title in a signed webhook or a list: what the product exists to keep.
    Text,
    /// A signed webhook that cannot be read.
    Unreadable,
    /// A wrong value in a request to the management API.
    Mistake,
    /// What somebody sent who must not be believed, and what never was taken in.
    Rejected,
}

/// Where each may come out, and does.
const ALLOWED: &[(Kind, &[Sink])] = &[
    (Kind::WebhookSecret, &[]),
    // The token endpoints ask for it, and GitHub for the way to give a token back.
    (Kind::ClientSecret, &[Sink::OutgoingHeader, Sink::OutgoingBody]),
    (Kind::PrivateKey, &[]),
    (Kind::LocalKey, &[]),
    (Kind::DeveloperToken, &[]),
    // Shown once, to who makes it.
    (Kind::MachineKey, &[Sink::Answer]),
    // In the address that the start gives, and in the link to the provider.
    (Kind::State, &[Sink::Answer, Sink::Page]),
    // The browser keeps it, since Sentry does not send it back.
    (Kind::SentryState, &[Sink::Answer, Sink::Cookie]),
    (Kind::PollKey, &[Sink::Answer]),
    (Kind::BrowserSecret, &[Sink::Cookie]),
    (Kind::Code, &[Sink::OutgoingBody]),
    (Kind::Verifier, &[Sink::OutgoingBody]),
    // It asks whose the installation is, and is given back.
    (Kind::PersonsToken, &[Sink::OutgoingHeader, Sink::OutgoingBody]),
    (Kind::AccessToken, &[Sink::OutgoingHeader]),
    (Kind::RefreshToken, &[Sink::OutgoingBody]),
    (Kind::InstallationToken, &[Sink::OutgoingHeader]),
    (Kind::Text, &[Sink::Rows, Sink::Answer]),
    // The provider sent it: its bytes are kept.
    (Kind::Unreadable, &[Sink::Rows]),
    // Told back to whoever made it, and to nobody else.
    (Kind::Mistake, &[Sink::Answer]),
    (Kind::Rejected, &[]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_comes_out_where_it_must_not() {
    let log = Log::default();
    let ours = "off,connectors=trace,connector_domain=trace,connector_providers=trace,connector_adapters=trace,\
        connector_flows=trace,connector_lambda=trace,connector_webhook=trace,connector_backfill=trace,\
        connector_capture=trace,connector_recovery=trace,connector_oauth=trace,connector_api=trace";
    let subscriber = tracing_subscriber::fmt().with_env_filter(ours).with_writer(log.clone()).with_ansi(false);
    subscriber.try_init().unwrap();
    let (usual, heard) = (std::panic::take_hook(), log.clone());
    std::panic::set_hook(Box::new(move |info| {
        // A log that cannot be written to is no reason to panic again.
        let _kept = writeln!(heard.clone(), "panic: {info}");
        usual(info);
    }));
    let mut sinks = Sinks::default();
    let secrets = story::play(&mut sinks).await;
    let (messages, rest): (Vec<_>, Vec<_>) = {
        let text = log.text();
        text.lines().map(str::to_owned).partition(|line| line.contains("sent a message"))
    };
    messages.into_iter().for_each(|line| sinks.add(Sink::Message, line));
    rest.into_iter().for_each(|line| sinks.add(Sink::Log, line));
    for sink in [Sink::Log, Sink::Message, Sink::Rows, Sink::OutgoingUrl, Sink::Answer, Sink::Page, Sink::Debug] {
        assert!(sinks.count(sink) > 3, "{sink:?} was not listened to");
    }
    assert!(log.text().contains("the clock is broken"), "no handler has panicked");

    let places = sinks.find(secrets.iter().map(|(_, secret)| secret.as_str()));
    assert!(places.len() >= 40, "{} secrets", places.len());
    let allowed: BTreeMap<_, BTreeSet<_>> =
        ALLOWED.iter().map(|(kind, sinks)| (*kind, sinks.iter().copied().collect())).collect();
    let mut found: BTreeMap<Kind, BTreeSet<Sink>> = BTreeMap::new();
    for (kind, secret) in &secrets {
        assert!(secret.len() >= 16, "{kind:?}: too short to be told from chance");
        let places = &places[secret.as_str()];
        for sink in places.difference(&allowed[kind]) {
            // The texts are ours, and say which step it was.
            let step = if matches!(kind, Kind::Text | Kind::Unreadable | Kind::Mistake | Kind::Rejected) {
                secret
            } else {
                ""
            };
            println!("{kind:?} {step} is in {sink:?}");
        }
        found.entry(*kind).or_default().extend(places);
    }
    // What is allowed and never comes out is not needed: the table says exactly what is so.
    assert_eq!(found, allowed);
}
