//! What a [`RedeliveryLog`] promises.

use std::collections::BTreeMap;

use connector_domain::ProviderKind;
use connector_domain::ports::RedeliveryLog;
use connector_domain::redelivery::Redelivered;

use super::unique;
use crate::builders::at;

/// Runs the whole suite.
///
/// # Panics
/// When the log breaks a promise.
pub async fn redeliveries(log: &dyn RedeliveryLog) {
    let asked = BTreeMap::from([(unique("1"), at(0)), (unique("2"), at(60))]);
    let first = Redelivered { provider: ProviderKind::Github, asked };
    let other = Redelivered::nothing(ProviderKind::Vercel);
    assert_eq!(log.redelivered(ProviderKind::Linear).await.unwrap(), None);
    log.put_redelivered(&first).await.unwrap();
    log.put_redelivered(&other).await.unwrap();
    assert_eq!(log.redelivered(ProviderKind::Github).await.unwrap(), Some(first));
    let second = Redelivered::nothing(ProviderKind::Github);
    log.put_redelivered(&second).await.unwrap();
    assert_eq!(log.redelivered(ProviderKind::Github).await.unwrap(), Some(second), "the later one replaces it");
    assert_eq!(log.redelivered(ProviderKind::Vercel).await.unwrap(), Some(other));
}
