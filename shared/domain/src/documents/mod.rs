//! Files of a linked repository, kept as documents: which ones, in which pieces, and how far a sync of them is.

mod chunk;
mod config;
mod document;
mod include;
mod plan;
mod sync;

pub use chunk::{ChunkSettings, Piece, Tokenizer, chunk};
pub use config::{CONFIG_NAMES, Config, ConfigError, MAX_CONFIG_BYTES, config_of, is_config};
pub use document::{Chunk, Document, DocumentsKey, MAX_PATH_BYTES, Skip, content_hash, is_storable_path, slug, title};
pub use include::{Include, IncludeError};
pub use plan::{File, Plan, Reach, Work, plan};
pub use sync::{
    Claim, ConfigFile, Counts, FileFailure, Head, Hold, MAX_FAILURES, Pass, Step, Sync, SyncLimits, SyncState,
};
