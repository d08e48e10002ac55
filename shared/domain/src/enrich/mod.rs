//! What a captured fact has to do with others: what it shares with them, who acted, what it is like.
//!
//! What is stored is what one fact says by itself. What facts are to each other, who is the same person and what belongs
//! together is worked out from that when somebody looks, so it cannot depend on the order in which the facts came.

mod actor;
mod cluster;
mod edge;
mod embedding;
mod link;
mod progress;
mod search;
mod views;

pub use actor::{Account, Activity, Identity, Profile, activity, profiles};
pub use cluster::{Cluster, clusters, week, weeks};
pub use edge::{Edge, Relation, edges_between};
pub use embedding::{EMBEDDING_DIM, Embedding, LOCAL_MODEL, MAX_DIMENSIONS, embed_text};
pub use link::{Link, LinkKey, Role, links};
pub use progress::{Advance, Enrichment, Step};
pub use search::{Feature, MIN_SIMILARITY, Similar, feature, similar};
pub use views::{Indexed, Nearest, VectorQuery, View};
