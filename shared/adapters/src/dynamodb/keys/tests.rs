use proptest::prelude::*;

use super::*;

/// Identifiers as nasty as they may be: full of what keys are made of.
fn id() -> impl Strategy<Value = String> {
    prop_oneof!["[#%a2358]{1,12}", "[!-~\u{e9}\u{1f600}]{1,40}", "[#%]{255}", "(WS|RUN|github|CONN|%23|#){1,4}"]
}

fn hash(n: u32) -> SecretHash {
    SecretHash::parse(&format!("{n:064x}")).unwrap()
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..253_402_300_799, 0_i32..1_000_000_000)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

fn row() -> impl Strategy<Value = Row> {
    let provider = prop::sample::select(&ProviderKind::ALL[..]);
    let entity = prop::sample::select(&EntityType::ALL[..]);
    (0..42, id(), id(), id(), provider, entity, time(), any::<u32>()).prop_map(
        |(kind, a, b, c, provider, entity, time, n)| {
            let workspace = WorkspaceId::parse(a.as_str()).unwrap();
            let resource = ResourceId::parse(b.as_str()).unwrap();
            let connection = ConnectionId::parse(c.as_str()).unwrap();
            let run = RunId::parse(c.as_str()).unwrap();
            let delivery = DeliveryId::parse(a.as_str()).unwrap();
            let place = Place { at: time, source_id: SourceId::once(provider, &b, &c, "x") };
            match kind {
                0 => Row::Connection(connection),
                1 => Row::Token(connection),
                2 => Row::ConnectionOf { provider, account: AccountId::parse(b).unwrap(), connection },
                3 => Row::IntegrationOf { provider, resource, workspace },
                4 => Row::IntegrationIn { workspace, provider, resource },
                5 => Row::Settings(workspace),
                6 => Row::Delivery(delivery),
                7 => Row::Chunk { delivery, digest: c, n },
                8 => Row::Observation { workspace, source_id: SourceId::once(provider, &b, &c, "x") },
                9 => Row::Month { workspace, month: month(time) },
                10 => Row::Run(run),
                11 => Row::RunIn { workspace, started_at: time, run },
                12 => Row::ConnectionIn { workspace, connection },
                13 => Row::MachineKey(b),
                14 => Row::MachineKeyIn { workspace, id: b },
                15 => Row::Once { workspace, name: b },
                16 => Row::Change { workspace, at: time, id: b },
                17 => Row::DeliveryIn { workspace, received_at: time, delivery },
                18 => Row::DeadIn { workspace, received_at: time, delivery },
                19 => Row::PageReport { run, entity, resource, page: n },
                20 => Row::Audit { connection, at: time, id: b },
                21 => Row::State(hash(n)),
                22 => Row::Poll(hash(n)),
                23 => Row::Link { workspace, key: LinkKey::parse(b).unwrap(), place },
                24 => Row::Feature { workspace, week: b, place },
                25 => Row::Account { workspace, account: Account::new(provider, &b) },
                26 => Row::Acted { workspace, account: Account::new(provider, &b), place },
                27 => Row::EndedUnit { run, entity, resource },
                28 => Row::Budget(BudgetKey::Run { run }),
                29 => Row::Budget(BudgetKey::Connection { connection, pool: Pool::Points }),
                30 => Row::Redelivered(provider),
                31 => Row::Hold(run),
                32 => Row::Held { run, place },
                33 => Row::Deletion { workspace, subject: b },
                34 => Row::Reading { workspace, source_id: SourceId::once(provider, &b, &c, "x"), question: c },
                35 => Row::Summary { workspace, week: b, cluster: c },
                36 => Row::Look { workspace, week: b },
                37 => Row::Spent { workspace, day: b },
                38 => Row::DocumentSync(DocumentsKey { workspace, provider, resource }),
                39 => Row::Document { of: DocumentsKey { workspace, provider, resource }, path: c },
                40 => {
                    let of = DocumentsKey { workspace, provider, resource };
                    Row::DocumentChunk { of, path: c, revision: format!("{n:x}#"), index: n }
                }
                _ => Row::Unit(UnitKey { workspace, provider, resource, entity }),
            }
        },
    )
}

proptest! {
    /// What is read back is what was written, so no two rows share a key.
    #[test]
    fn every_key_reads_back(row in row()) {
        let key = row.key();
        prop_assert!(key.pk.len() <= 2_048 && key.sk.len() <= 1_024, "{key:?}");
        prop_assert_eq!(Row::of(&key), Some(row));
    }

    /// And what is written was read from there and from nowhere else.
    #[test]
    fn every_row_has_one_key(
        pk in prop::sample::select(
            &["CONN#", "STATE#", "POLL#", "ACCT#", "RES#", "WS#", "DLV#", "RUN#", "UNIT#", "KEY#", "LINK#", "WEEK#", "ACTED#", "RATE#", "HOOKS#", "READ#", "TOLD#", "DOCS#"][..],
        ),
        pk_rest in "(github#)?[#%0-9a-c]{1,9}(#github#[%0-9]{1,3}#issue)?",
        sk in prop::sample::select(
            &["CONN", "TOKEN", "STATE", "POLL", "LOG#", "CONN#", "WS#", "INT#github#", "HEAD", "RAW#", "OBS#", "RUN", "RUN#", "PAGE#issue#", "ENDED#issue#", "CALLS", "calls", "points", "AGAIN", "HOLD", "HELD#2026-02-06T12:00:00.000000000Z#", "GONE#", "UNIT", "KEY", "KEY#", "ONCE#", "SAID#", "CLUSTER#", "LOOK", "SPENT#",
              "ACTOR#github#", "DOCS#github#", "FILE#", "PART#", "AT#2026-02-06T12:00:00.000000000Z#",
              "LOG#2026-02-06T12:00:00.000000000Z#", "DLV#2026-02-06T12:00:00.000000000Z#"][..],
        ),
        sk_rest in "[#%0-9]{0,12}",
    ) {
        let key = Key { pk: format!("{pk}{pk_rest}"), sk: format!("{sk}{sk_rest}") };
        if let Some(row) = Row::of(&key) {
            prop_assert_eq!(row.key(), key);
        }
    }

    #[test]
    fn instants_sort_as_text(a in time(), b in time()) {
        prop_assert_eq!(instant(a).cmp(&instant(b)), a.cmp(&b));
        if month(a) < month(b) {
            prop_assert!(a < b);
        }
    }

    #[test]
    fn buckets_of_two_workspaces_differ(a in id(), b in id(), time in time()) {
        let of = |id: &str| bucket(&WorkspaceId::parse(id).unwrap(), &month(time));
        prop_assert_eq!(of(&a) == of(&b), a == b);
    }
}

#[test]
fn other_texts_are_no_rows() {
    for (pk, sk) in [
        ("DLV#github#1", "RAW#d#7"),
        ("RUN#r", "PAGE#issue#9#1"),
        ("UNIT#a%2b#github#9#issue", "UNIT"),
        ("UNIT#a#b#github#9#issue", "UNIT"),
        ("CONN#", "CONN"),
        ("CONN#c", "CONN#"),
        ("RES#gitlab#9", "WS#acme"),
        ("WS#acme", "RUN#2026-02-06T12:00:00Z#r"),
        ("acme", ""),
    ] {
        assert_eq!(Row::of(&Key { pk: pk.into(), sk: sk.into() }), None, "{pk} {sk}");
    }
}

#[test]
fn keys_read_as_documented() {
    let workspace = WorkspaceId::parse("acme#1").unwrap();
    let resource = ResourceId::parse("R_kg#1").unwrap();
    let unit = UnitKey {
        workspace: workspace.clone(),
        provider: ProviderKind::Github,
        resource: resource.clone(),
        entity: EntityType::PullRequest,
    };
    assert_eq!(Row::Unit(unit).key().pk, "UNIT#acme%231#github#R_kg%231#pull_request");
    let link =
        Row::IntegrationIn { workspace: workspace.clone(), provider: ProviderKind::Github, resource: resource.clone() };
    assert_eq!(link.key(), Key { pk: "WS#acme#1".into(), sk: "INT#github#R_kg#1".into() });
    let of = DocumentsKey { workspace: workspace.clone(), provider: ProviderKind::Github, resource };
    let chunk = Row::DocumentChunk { of, path: "a/b#1.md".into(), revision: "f0".into(), index: 7 };
    assert_eq!(chunk.key(), Key { pk: "DOCS#acme%231#github#R_kg#1".into(), sk: "PART#a/b%231.md#f0#000007".into() });
    assert_eq!(bucket(&workspace, "2026-02"), "WS#acme%231#2026-02");
}

#[test]
fn months_and_places_of_extreme_moments() {
    assert_eq!(month("2026-02-06T12:00:00Z".parse().unwrap()), "2026-02");
    assert_eq!(month(Timestamp::MIN), "-009999-01");
    assert!(
        month(Timestamp::MIN) < month(Timestamp::UNIX_EPOCH) && month(Timestamp::UNIX_EPOCH) < month(Timestamp::MAX)
    );
    let source_id = SourceId::parse("github:pr:9#7:merged").unwrap();
    let at: Timestamp = "2026-02-06T12:00:00.5Z".parse().unwrap();
    assert_eq!(occurred(at, &source_id), "2026-02-06T12:00:00.500000000Z#github:pr:9#7:merged");
    assert_eq!(occurred_at(&occurred(at, &source_id)), Some(at));
    assert_eq!(occurred_at("2026-02-06T12:00:00Z#x"), None, "one place has one text");
}
