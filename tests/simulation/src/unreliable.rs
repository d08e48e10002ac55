//! A service as others run it: at times it fails or takes its time, and in some histories it is away for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{Chance, Plan};

pub(crate) struct Unreliable {
    plan: Arc<Plan>,
    pub(crate) chance: Chance,
    /// How often in a hundred it does not answer as it should.
    percent: AtomicU64,
    /// It is away for good.
    pub(crate) broken: bool,
}

impl Unreliable {
    pub(crate) fn new(plan: &Arc<Plan>, chance: Chance, percent: u64, broken: bool) -> Self {
        Self { plan: Arc::clone(plan), chance, percent: AtomicU64::new(percent), broken }
    }

    /// From here on it answers as it should, if it does at all.
    pub(crate) fn calm(&self) {
        self.percent.store(0, Ordering::Relaxed);
    }

    /// In which of so many ways it does not answer as it should this time.
    pub(crate) fn strays(&self, ways: usize) -> Option<usize> {
        self.chance.percent(self.percent.load(Ordering::Relaxed)).then(|| self.chance.below(ways))
    }

    /// Longer than its caller waits, at times: the message comes again meanwhile.
    pub(crate) async fn dawdle(&self) {
        self.plan.sleep(Duration::from_secs(self.chance.pick([2, 30, 400]))).await;
    }
}
