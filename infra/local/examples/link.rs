//! Links a repository to a workspace in a deployed stack, for as long as no consent screen does it.
//!
//! The table and the key are those of the stack's outputs; AWS is found as everywhere (`AWS_REGION`, `AWS_PROFILE`, ...):
//!
//! ```text
//! CONNECTIONS_TABLE=... TOKEN_KEY_ARN=... GITHUB_TOKEN=... cargo run -p connectors --example link -- \
//!     --workspace acme --repository acme/rocket --repository-id 1296269 --installation 4711 --token-env GITHUB_TOKEN
//! ```

#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::error::Error;

use clap::Parser;
use connector_adapters::AwsConfig;
use connector_adapters::system::{OsRandom, SystemClock};
use connector_domain::connection::{ResourceRef, SyncSettings};
use connector_domain::oauth::{TokenRow, TokenSet};
use connector_domain::ports::{Clock, ConnectionStore, TokenRows, TokenVault};
use connector_domain::{AccountId, ProviderKind, ResourceId, Secret, WorkspaceId};
use connectors::stack::{LinkRequest, link};

#[derive(Parser)]
struct Options {
    /// Who wants it.
    #[arg(long)]
    workspace: WorkspaceId,
    /// Its name now, as OWNER/NAME.
    #[arg(long)]
    repository: String,
    /// Its immutable id, `id` in `https://api.github.com/repos/OWNER/NAME`.
    #[arg(long)]
    repository_id: ResourceId,
    /// The id of the app's installation that may read it.
    #[arg(long)]
    installation: AccountId,
    /// The environment variable with a token for fetching history. Without one, history is fetched anonymously.
    #[arg(long, requires = "key")]
    token_env: Option<String>,
    /// The table of the connections.
    #[arg(long, env = "CONNECTIONS_TABLE")]
    table: String,
    /// The key that seals the token.
    #[arg(long, env = "TOKEN_KEY_ARN")]
    key: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let aws = AwsConfig::load().await;
    let store = aws.connections(&options.table);
    let request = LinkRequest {
        workspace: options.workspace,
        provider: ProviderKind::Github,
        account_name: options.repository.split('/').next().unwrap_or_default().to_owned(),
        account: options.installation,
        resource: ResourceRef { id: options.repository_id, name: options.repository },
        settings: SyncSettings::everything(ProviderKind::Github),
    };
    let linked = link(&store, &SystemClock, &OsRandom, request).await?.integration;
    if let (Some(name), Some(key)) = (options.token_env, options.key) {
        #[expect(clippy::disallowed_methods, reason = "the name of the variable is an argument")]
        let token = std::env::var(&name).ok().and_then(Secret::new).ok_or_else(|| format!("{name} is not set"))?;
        let connection = store.connection(&linked.connection).await?.ok_or("the connection is gone")?;
        let scopes = std::collections::BTreeSet::new();
        let tokens =
            TokenSet { access: token, refresh: None, expires_at: None, refresh_expires_at: None, scopes, grant: None };
        let vault = aws.vault(options.table, key);
        let known = vault.row(&connection).await?;
        let row = TokenRow::granted(&tokens, known.as_ref(), 0.5, SystemClock.now());
        vault.store(&connection, &row, &tokens, known.map(|row| row.version)).await?;
    }
    println!("{} is linked to {}", linked.resource.name, linked.workspace);
    Ok(())
}
