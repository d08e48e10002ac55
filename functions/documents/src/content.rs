//! What a file holds becomes a document and its pieces.

use std::sync::Arc;

use connector_domain::Timestamp;
use connector_domain::documents::{Chunk, ChunkSettings, Document, File, Skip, Tokenizer, chunk, content_hash};
use connector_domain::enrich::EMBEDDING_DIM;
use connector_domain::ports::{Embedder, PortError, embed_all};

/// How documents are made.
#[derive(Clone)]
pub(crate) struct Maker {
    embedder: Arc<dyn Embedder>,
    tokenizer: Arc<dyn Tokenizer>,
    chunks: ChunkSettings,
    /// Names how they are made.
    pub(crate) hash: String,
}

/// At which commit, by which claim, and when a document is made.
pub(crate) struct Stamp<'a> {
    pub(crate) commit: &'a str,
    pub(crate) fence: u64,
    pub(crate) now: Timestamp,
}

impl Maker {
    pub(crate) fn new(embedder: Arc<dyn Embedder>, tokenizer: Arc<dyn Tokenizer>, chunks: ChunkSettings) -> Self {
        // The name of a service's model says its dimensions too, so that a document is made anew when either changes.
        let hash = chunks.hash(embedder.model(), EMBEDDING_DIM);
        Self { embedder, tokenizer, chunks, hash }
    }

    /// A file that has no text to keep.
    pub(crate) fn skipped(&self, file: &File, why: Skip, stamp: &Stamp<'_>) -> Document {
        Document { skipped: Some(why), ..self.bare(file, stamp) }
    }

    /// A document without a text.
    fn bare(&self, file: &File, stamp: &Stamp<'_>) -> Document {
        Document {
            path: file.path.clone(),
            blob: Some(file.blob.clone()),
            commit: stamp.commit.to_owned(),
            bytes: file.bytes,
            content_hash: None,
            config_hash: self.hash.clone(),
            skipped: None,
            chunks: 0,
            model: self.embedder.model().to_owned(),
            fence: stamp.fence,
            updated_at: stamp.now,
        }
    }

    /// The document of a file with its pieces.
    pub(crate) async fn make(
        &self,
        file: &File,
        raw: Vec<u8>,
        stamp: &Stamp<'_>,
    ) -> Result<(Document, Vec<Chunk>), PortError> {
        let text = match text(raw) {
            Ok(text) => text,
            Err(why) => return Ok((self.skipped(file, why, stamp), Vec::new())),
        };
        let pieces = chunk(&text, self.chunks, &*self.tokenizer);
        let texts: Vec<String> =
            pieces.iter().filter_map(|piece| Some(text.get(piece.range.clone())?.to_owned())).collect();
        let vectors = embed_all(&*self.embedder, &texts).await?;
        let document = Document {
            bytes: text.len() as u64,
            content_hash: Some(content_hash(&text)),
            chunks: u32::try_from(pieces.len()).unwrap_or(u32::MAX),
            ..self.bare(file, stamp)
        };
        let revision = document.revision();
        let made = pieces.into_iter().zip(texts).zip(vectors).zip(0..);
        let chunks = made.map(|(((piece, text), embedding), index)| Chunk {
            path: file.path.clone(),
            revision: revision.clone(),
            index,
            start: piece.range.start as u64,
            end: piece.range.end as u64,
            tokens: u32::try_from(piece.tokens).unwrap_or(u32::MAX),
            text,
            embedding,
        });
        Ok((document, chunks.collect()))
    }
}

/// A zero byte is what Git, too, takes for the mark of what is no text.
/// <https://git-scm.com/docs/gitattributes#_text>
fn text(raw: Vec<u8>) -> Result<String, Skip> {
    if raw.contains(&0) {
        return Err(Skip::Binary);
    }
    String::from_utf8(raw).map_err(|_| Skip::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_says_why() {
        assert_eq!(text(b"PNG\0\xff".to_vec()), Err(Skip::Binary));
        assert_eq!(text(b"caf\xe9".to_vec()), Err(Skip::NotUtf8));
        assert_eq!(text(Vec::new()), Ok(String::new()));
    }
}
