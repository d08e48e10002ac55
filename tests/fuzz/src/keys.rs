//! Keys of rows: whatever the ids are, what is written is read back, so no two rows share a key.

use connector_domain::backfill::{EntityType, UnitKey};
use connector_domain::identity::SourceId;
use connector_domain::{AccountId, ConnectionId, DeliveryId, ProviderKind, ResourceId, RunId, Timestamp, WorkspaceId};

use crate::input::Input;
use grammar::{Key, Row};

/// The adapter's own file: all of the adapter would be AWS's client, too.
#[rustfmt::skip]
#[path = "../../../shared/adapters/src/dynamodb/keys/mod.rs"]
#[allow(dead_code, unused_imports, reason = "only the codec is looked at")]
mod grammar;

/// One row, and one key.
pub fn keys(data: &[u8]) {
    let mut input = Input::new(data);
    if let Some(row) = row(&mut input) {
        let key = row.key();
        assert!(key.pk.len() <= 2_048 && key.sk.len() <= 1_024, "{key:?}");
        assert_eq!(Row::of(&key), Some(row));
    }
    let key = Key { pk: input.text(), sk: input.text() };
    if let Some(row) = Row::of(&key) {
        assert_eq!(row.key(), key);
    }
    let place = input.text();
    if let Some(at) = grammar::occurred_at(&place) {
        let (_, id) = place.split_once('#').unwrap();
        assert_eq!(grammar::occurred(at, &SourceId::parse(id).unwrap()), place);
    }
}

/// A row with any ids; `None` when one is refused.
fn row(input: &mut Input<'_>) -> Option<Row> {
    let kind = input.below(9);
    let provider = *input.pick(&ProviderKind::ALL);
    let entity = *input.pick(&EntityType::ALL);
    let page = input.number();
    let connection = ConnectionId::parse(input.text()).ok()?;
    let workspace = WorkspaceId::parse(input.text()).ok()?;
    let resource = ResourceId::parse(input.text()).ok()?;
    let run = RunId::parse(input.text()).ok()?;
    Some(match kind {
        0 => Row::Connection(connection),
        1 => Row::ConnectionOf { provider, account: AccountId::parse(input.text()).ok()?, connection },
        2 => Row::IntegrationOf { provider, resource, workspace },
        3 => Row::IntegrationIn { workspace, provider, resource },
        4 => Row::Chunk { delivery: DeliveryId::parse(input.text()).ok()?, digest: input.text(), n: page },
        5 => Row::Observation { workspace, source_id: SourceId::once(provider, &input.text(), input.text(), "x") },
        6 => Row::RunIn { workspace, started_at: Timestamp::from_second(page.into()).ok()?, run },
        7 => Row::PageReport { run, entity, resource, page },
        _ => Row::Unit(UnitKey { workspace, provider, resource, entity }),
    })
}
