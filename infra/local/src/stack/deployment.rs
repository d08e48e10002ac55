//! The template's functions, each built from its binary's library with the ports that its settings name.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_api::{Api, ApiPorts, Authorizer, LivePorts};
use connector_backfill::{PagePorts, PageWorker, Scheduler};
use connector_capture::{Capture, CapturePorts, Enrich};
use connector_documents::{DocumentsSettings, DocumentsWorker, WorkerPorts};
use connector_domain::ProviderKind;
use connector_domain::ports::LocalEmbedder;
use connector_flows::documents::DocumentPorts;
use connector_oauth::{OAuth, OAuthSettings};
use connector_recovery::{Recovery, RecoveryPorts, TokenRefresh};
use connector_webhook::{Webhook, WebhookPorts};

use super::ports::{Ports, Wiring};
use super::template::{self, Template};
use super::{Options, TemplateError};

/// A function, ready to be called.
#[derive(Clone)]
pub(super) enum Function {
    Webhook(Webhook),
    OAuth(Arc<OAuth>),
    Api(Arc<Api>),
    Authorizer(Authorizer),
    Pages(PageWorker),
    Capture(Capture),
    Enrich(Enrich),
    Documents(Box<DocumentsWorker>),
    Scheduler(Scheduler),
    Tokens(TokenRefresh),
    /// With its ports, for what a start must send again.
    Recovery(Box<(Recovery, RecoveryPorts)>),
}

/// All functions of a template, by logical id.
pub(super) struct Deployment(BTreeMap<String, Function>);

impl Deployment {
    pub(super) fn new(template: &Template, ports: &Ports, options: &Options) -> Result<Self, TemplateError> {
        let built = |(name, function): (&String, &template::Function)| {
            Ok((name.clone(), build(&Wiring { name, function, ports }, options)?))
        };
        template.functions.iter().map(built).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Function> {
        self.0.get(name)
    }

    pub(super) fn scheduler(&self) -> Result<&Scheduler, TemplateError> {
        let mut functions = self.0.values();
        let found = functions.find_map(|function| match function {
            Function::Scheduler(scheduler) => Some(scheduler),
            _ => None,
        });
        found.ok_or_else(|| missing("backfill-scheduler"))
    }

    pub(super) fn recovery(&self) -> Result<(&Recovery, &RecoveryPorts), TemplateError> {
        let mut functions = self.0.values();
        let found = functions.find_map(|function| match function {
            Function::Recovery(both) => Some((&both.0, &both.1)),
            _ => None,
        });
        found.ok_or_else(|| missing("recovery-sweep"))
    }
}

fn missing(binary: &str) -> TemplateError {
    TemplateError::at("Resources", format!("no function runs {binary}"))
}

fn build(wiring: &Wiring<'_>, options: &Options) -> Result<Function, TemplateError> {
    let limits = options.page.limits;
    Ok(match wiring.function.binary.as_str() {
        "backfill-page" => Function::Pages(PageWorker::new(
            PagePorts {
                backfills: wiring.backfills()?,
                connections: wiring.connections()?,
                deliveries: wiring.deliveries()?,
                captures: wiring.captures()?,
                replays: wiring.replays()?,
                pages: wiring.pages()?,
                tokens: wiring.tokens()?,
                http: wiring.http(),
                clock: wiring.clock(),
                random: wiring.random(),
            },
            options.page,
        )),
        "backfill-scheduler" => {
            Function::Scheduler(Scheduler { connections: wiring.connections()?, start: wiring.start(limits)? })
        }
        "token-refresh" => Function::Tokens(TokenRefresh {
            tokens: wiring.own_tokens()?,
            rows: wiring.token_rows()?,
            clock: wiring.clock(),
        }),
        "observation-capture" => Function::Capture(Capture::new(CapturePorts {
            deliveries: wiring.deliveries()?,
            connections: wiring.connections()?,
            observations: wiring.observations()?,
            backfills: wiring.backfills()?,
            holds: wiring.holds()?,
            replays: wiring.replays()?,
            tokens: wiring.token_rows()?,
            audit: wiring.audit()?,
            enrichments: wiring.enrichments()?,
            notify: None,
            documents: wiring.documents()?,
            clock: wiring.clock(),
        })),
        "observation-enrich" => Function::Enrich(Enrich::new(wiring.enrich()?)),
        "documents-sync" => {
            let DocumentPorts { syncs, tasks, .. } = wiring.documents()?;
            let ports = WorkerPorts {
                syncs,
                documents: wiring.document_store()?,
                tasks,
                embedder: Arc::new(LocalEmbedder),
                connections: wiring.connections()?,
                backfills: wiring.backfills()?,
                tokens: wiring.tokens()?,
                http: wiring.http(),
                clock: wiring.clock(),
                random: wiring.random(),
            };
            Function::Documents(Box::new(DocumentsWorker::new(ports, DocumentsSettings::default())))
        }
        "recovery-sweep" => {
            let ports = RecoveryPorts {
                deliveries: wiring.deliveries()?,
                backfills: wiring.backfills()?,
                holds: wiring.holds()?,
                enrichment: wiring.enrichment()?,
                captures: wiring.captures()?,
                replays: wiring.replays()?,
                pages: wiring.pages()?,
                enrichments: wiring.enrichments()?,
                documents: wiring.documents()?,
                clock: wiring.clock(),
            };
            let recovery = Recovery::new(ports.clone(), limits).redelivering(wiring.redelivery()?);
            Function::Recovery(Box::new((recovery, ports)))
        }
        "management-api" => {
            let ports = ApiPorts { records: Some(wiring.records()?), ..wiring.api(limits)? };
            Function::Api(Arc::new(Api::new(ports)))
        }
        "management-live" => {
            let live = LivePorts { probe: wiring.probe()?, teardown: Arc::new(wiring.teardown()?) };
            Function::Api(Arc::new(Api::new(ApiPorts { live: Some(live), ..wiring.api(limits)? })))
        }
        "management-authorizer" => {
            wiring.connections()?;
            let keys = Arc::clone(&wiring.ports.stores.access) as _;
            Function::Authorizer(Authorizer { keys, clock: wiring.clock() })
        }
        binary => {
            let (role, name) = binary.split_once('-').unwrap_or_default();
            let kind = name.parse::<ProviderKind>().ok().filter(|_| matches!(role, "webhook" | "oauth"));
            let Some(provider) = kind.and_then(connector_providers::provider) else {
                return Err(wiring.problem(format!("its binary {binary} cannot be run here")));
            };
            if role == "oauth" {
                let web_url = options.web_urls.get(&provider.kind()).cloned();
                let settings = OAuthSettings { settings_url: None, web_url };
                let oauth = OAuth::new(provider, wiring.connect(provider.kind())?, settings);
                let documents = provider.documents().map(|_| wiring.documents()).transpose()?;
                return Ok(Function::OAuth(Arc::new(oauth.restarting(wiring.start(limits)?, documents))));
            }
            let ports = WebhookPorts {
                connections: wiring.connections()?,
                deliveries: wiring.deliveries()?,
                captures: wiring.captures()?,
                secrets: wiring.secrets(provider.kind())?,
                clock: wiring.clock(),
            };
            Function::Webhook(Webhook::new(provider, ports))
        }
    })
}
