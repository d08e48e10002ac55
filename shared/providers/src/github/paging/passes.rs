//! Lists whose order says nothing about time.

use connector_domain::Timestamp;
use connector_domain::backfill::{Share, Window};
use serde::{Deserialize, Serialize};

use super::{Pass, Place, Seen, VERSION};
use crate::Extent;

/// Releases: all of them, in GitHub's order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::github) struct ReleasePlace {
    v: u8,
    page: u32,
    pass: Pass,
    checked: Option<Pass>,
}

impl ReleasePlace {
    const fn pass(checked: Option<Pass>) -> Self {
        Self { v: VERSION, page: 1, pass: Pass::EMPTY, checked }
    }
}

impl Place for ReleasePlace {
    fn start(_since: Timestamp, _size: u32) -> Self {
        Self::pass(None)
    }

    fn share(&self, _page: &Seen, _window: Window) -> Option<Share> {
        None
    }

    fn extent(last: u64) -> Extent {
        Extent::Pages(last)
    }

    fn page(&self) -> u32 {
        self.page
    }

    fn version(&self) -> u8 {
        self.v
    }

    fn after(&self, page: &Seen) -> Option<Self> {
        let pass = self.pass.then(page);
        if let Some(next) = page.next {
            return Some(Self { page: next, pass, ..self.clone() });
        }
        // One request is one moment. After several, a release deleted meanwhile has drawn others over a page's edge.
        let settled = self.page == 1 || self.checked == Some(pass);
        (!settled).then(|| Self::pass(Some(pass)))
    }
}
