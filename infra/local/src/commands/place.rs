//! Where rows and secrets are kept, and for whom.

use std::path::{Path, PathBuf};

use clap::Args;
use connector_adapters::system::OsRandom;
use connector_domain::WorkspaceId;

use super::Failure;
use crate::stack::{Data, Database, LocalSecrets, Template};

/// Where.
#[derive(Debug, Clone, Args)]
pub(super) struct Place {
    /// Directory of the rows and the secrets; made when it is not there.
    #[arg(long = "data", value_name = "DIR", default_value = ".local")]
    pub(super) directory: PathBuf,
}

/// For whom.
#[derive(Debug, Clone, Args)]
pub(super) struct Tenant {
    /// The workspace.
    #[arg(long, value_name = "NAME", default_value = "local")]
    pub(super) workspace: WorkspaceId,
}

impl Place {
    pub(super) fn data(&self) -> Data {
        Data::Dir(self.directory.clone())
    }

    /// The webhook secrets, made when there are none.
    pub(super) fn secrets(&self) -> Result<LocalSecrets, Failure> {
        Ok(LocalSecrets::open(&self.directory, &OsRandom)?)
    }

    /// The file of the secrets, for people.
    pub(super) fn secrets_file(&self) -> PathBuf {
        self.directory.join("secrets.json")
    }

    /// The rows, to look at; `None` when there are none yet. Looking makes nothing.
    pub(super) async fn rows(&self, template: &Template) -> Result<Option<Database>, Failure> {
        let data = self.data();
        if !Database::exists(&data) {
            return Ok(None);
        }
        Ok(Some(Database::open(template, &data).await?))
    }

    /// ` --data DIR` for a command to be copied, where it is needed.
    pub(super) fn as_argument(&self) -> String {
        if self.directory == Path::new(".local") {
            String::new()
        } else {
            format!(" --data {}", self.directory.display())
        }
    }
}

impl Tenant {
    /// ` --workspace NAME` for a command to be copied, where it is needed.
    pub(super) fn as_argument(&self) -> String {
        if self.workspace.as_str() == "local" { String::new() } else { format!(" --workspace {}", self.workspace) }
    }
}
