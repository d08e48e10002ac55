//! A service's vectors of facts, and an index outside that is given them.

use std::collections::BTreeMap;

use connector_domain::WorkspaceId;
use connector_domain::enrich::{Embedding, Indexed, Step, View, feature};
use connector_domain::ports::{PortError, PortErrorKind, VectorIndex, embed_all};
use futures::future::join_all;

use super::{Enrich, Work, fail};

impl Enrich {
    /// All texts of all facts in one call. When the service refuses what is in it, each fact by itself, so that one text
    /// cannot keep the others from being embedded.
    pub(super) async fn embed(&self, workspace: &WorkspaceId, all: &mut [Work]) {
        let mut open: Vec<&mut Work> = all.iter_mut().filter(|work| work.wants(Step::Embeddings)).collect();
        if open.is_empty() {
            return;
        }
        let views: Vec<_> = open.iter().map(|work| texts(work)).collect();
        let found = match self.vectors(views.iter().flatten()).await {
            Ok(mut vectors) => views.iter().map(|texts| Ok(vectors.drain(..texts.len()).collect())).collect(),
            Err(error) if error.kind == PortErrorKind::Input && open.len() > 1 => {
                let mut each = Vec::with_capacity(views.len());
                for texts in &views {
                    each.push(self.vectors(texts.iter()).await);
                }
                each
            }
            Err(error) => return fail(open, Step::Embeddings, error),
        };
        let puts = open.iter_mut().zip(views).zip(found).map(|((work, texts), found)| async move {
            let outcome = match found {
                Ok(vectors) => {
                    let vectors: Vec<Embedding> = vectors;
                    let views: BTreeMap<_, _> = texts.into_iter().map(|(view, _)| view).zip(vectors).collect();
                    let feature = feature(&work.observation).with_views(views);
                    self.ports.enrichment.put_feature(workspace, &feature).await
                }
                Err(error) => Err(error),
            };
            work.note(Step::Embeddings, outcome);
        });
        join_all(puts).await;
    }

    async fn vectors(&self, texts: impl Iterator<Item = &(View, String)>) -> Result<Vec<Embedding>, PortError> {
        let texts: Vec<String> = texts.map(|(_, text)| text.clone()).collect();
        embed_all(&*self.ports.embedder, &texts).await
    }

    /// Gives the index outside what is kept of each, once that has its vectors, and takes out what was deleted.
    pub(super) async fn index(&self, workspace: &WorkspaceId, all: &mut [Work]) {
        let Some(index) = &self.ports.index else { return };
        let (gone, there): (Vec<&mut Work>, Vec<_>) =
            all.iter_mut().partition(|work| work.observation.deleted_at.is_some());
        take_out(&**index, workspace, gone).await;
        let ready =
            |work: &&mut Work| work.wants(Step::Index) && !work.wants(Step::Embeddings) && work.has(Step::Features);
        let mut open: Vec<&mut Work> = there.into_iter().filter(ready).collect();
        let features = join_all(open.iter().map(|work| {
            let event = &work.observation.event;
            self.ports.enrichment.feature(workspace, &event.source_id, event.occurred_at)
        }))
        .await;
        let (mut works, mut facts) = (Vec::new(), Vec::new());
        for (work, found) in open.drain(..).zip(features) {
            match found {
                Ok(found) => {
                    let feature = found.unwrap_or_else(|| feature(&work.observation));
                    facts.push(Indexed::new(&work.observation, feature));
                    works.push(work);
                }
                Err(error) => work.note(Step::Index, Err(error)),
            }
        }
        if facts.is_empty() {
            return;
        }
        match index.upsert(workspace, &facts).await {
            Ok(()) => works.into_iter().for_each(|work| work.note(Step::Index, Ok(()))),
            Err(error) => fail(works, Step::Index, error),
        }
    }
}

async fn take_out(index: &dyn VectorIndex, workspace: &WorkspaceId, gone: Vec<&mut Work>) {
    if gone.is_empty() {
        return;
    }
    let place = |work: &&mut Work| {
        let event = &work.observation.event;
        (event.source_id.clone(), event.occurred_at)
    };
    let facts: Vec<_> = gone.iter().map(place).collect();
    match index.delete(workspace, &facts).await {
        Ok(()) => gone.into_iter().for_each(|work| work.note(Step::Index, Ok(()))),
        Err(error) => fail(gone, Step::Index, error),
    }
}

/// What is embedded of a fact. A title is never empty, so there is at least one.
fn texts(work: &Work) -> Vec<(View, String)> {
    View::ALL.into_iter().filter_map(|view| Some((view, view.text(&work.observation)?))).collect()
}
