//! Keys of documents: those of a repository stand together, in the order of their paths.

use connector_domain::documents::DocumentsKey;

use super::{Row, escape, parts, unescape};

/// Sort keys of a workspace's syncs of documents start so.
pub(crate) const DOCUMENT_SYNCS: &str = "DOCS#";
/// Sort keys of a repository's documents start so.
pub(crate) const DOCUMENTS: &str = "FILE#";
/// Sort keys of the pieces of documents start so.
pub(crate) const CHUNKS: &str = "PART#";

/// Partition of a repository's documents.
pub(crate) fn documents(of: &DocumentsKey) -> String {
    format!("DOCS#{}#{}#{}", escape(of.workspace.as_str()), of.provider, of.resource)
}

/// Sort keys of the pieces of a document start so.
pub(crate) fn chunks(path: &str) -> String {
    format!("{CHUNKS}{}#", escape(path))
}

/// The row of how far the documents of a repository are.
pub(super) fn sync(workspace: &str, of: &str) -> Option<Row> {
    let (provider, resource) = of.split_once('#')?;
    let (workspace, provider, resource) = (workspace.parse().ok()?, provider.parse().ok()?, resource.parse().ok()?);
    Some(Row::DocumentSync(DocumentsKey { workspace, provider, resource }))
}

/// The row of a document, or of a piece of it.
pub(super) fn row(partition: &str, what: &str, rest: &str) -> Option<Row> {
    let mut names = partition.splitn(3, '#');
    let of = DocumentsKey {
        workspace: unescape(names.next()?)?.parse().ok()?,
        provider: names.next()?.parse().ok()?,
        resource: names.next()?.parse().ok()?,
    };
    match what {
        "FILE" => Some(Row::Document { of, path: rest.to_owned() }),
        "PART" => {
            let [path, revision, index] = parts(rest)?;
            let (path, revision) = (unescape(path)?, unescape(revision)?);
            Some(Row::DocumentChunk { of, path, revision, index: index.parse().ok()? })
        }
        _ => None,
    }
}
