//! Sessions that others recorded at api.github.com, played to our own HTTP client and to what reads GitHub's answers.

mod tape;

use std::collections::{BTreeMap, BTreeSet};

use connector_adapters::http::ReqwestHttp;
use connector_backfill::PageSettings;
use connector_domain::backfill::{Disposition, EntityType, FailCode, ProviderError, RunState, Trigger, Window};
use connector_domain::connection::{ResourceRef, SyncSettings};
use connector_domain::http::{Body, HttpError, HttpRequest, HttpResponse, Method};
use connector_domain::ports::ProviderHttp;
use connector_domain::{AccountId, ProviderKind, ResourceId, Secret, Timestamp};
use connector_flows::StartRequest;
use connector_providers::github::GitHub;
use connector_providers::{BackfillSource, PageMeta, Scope};
use connectors::stack::{Data, LinkRequest, LocalSecrets, Options, Stack, Template};

use crate::harness::{observations_of, workspace};
use tape::{Answer, Asked, Call, GITHUB, Server, sessions, split};

const TOKEN: &str = "a-canary-token";
/// Where GitHub keeps archives: another host, which must never see a token of ours.
const ARCHIVES: &str = "https://codeload.github.com";
/// Lists of which each page is a JSON array with a number.
const LISTS: [EntityType; 6] = [
    EntityType::PullRequest,
    EntityType::Issue,
    EntityType::IssueEvent,
    EntityType::Release,
    EntityType::Comment,
    EntityType::ReviewComment,
];

fn client(server: &Server) -> ReqwestHttp {
    ReqwestHttp::builder().base_url(ProviderKind::Github, &server.url).unwrap().build().unwrap()
}

async fn send(server: &Server, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
    client(server).send(request, Secret::new(TOKEN).as_ref()).await
}

/// A recorded request as ours. We only read and post, so whatever changed something is posted.
fn request(call: &Call) -> HttpRequest {
    let (path, query) = split(&call.path);
    let mut request = HttpRequest::get(ProviderKind::Github, path);
    for (name, value) in query {
        // A request's parameter names live as long as the program.
        request = request.query(name.leak(), value);
    }
    if !call.reads {
        request.method = Method::Post;
        request.body = Some(Body::Json("{}".into()));
    }
    request
}

fn scoped<T>(name: &str, entity: EntityType, page_size: u32, then: impl FnOnce(&Scope<'_>) -> T) -> T {
    let resource = ResourceRef { id: ResourceId::parse("515435940").unwrap(), name: name.into() };
    let account = AccountId::parse("31898100").unwrap();
    let window = Window { since: Timestamp::UNIX_EPOCH, until: "2026-01-01T00:00:00Z".parse().unwrap() };
    then(&Scope { account: &account, resource: &resource, entity, window, page_size })
}

fn read(entity: EntityType, response: &HttpResponse) -> Result<PageMeta, ProviderError> {
    scoped("o/r", entity, 100, |scope| GitHub.read_page(scope, None, response, Timestamp::UNIX_EPOCH))
}

/// What an answer means that is no page.
fn meaning(answer: &Answer) -> Disposition {
    match answer.status {
        200 => Disposition::unavailable(None),
        404 => Disposition::Fail(FailCode::NOT_FOUND),
        422 => Disposition::Fail(FailCode::REJECTED),
        201 | 204 | 205 => Disposition::Fail(FailCode::MALFORMED),
        other => panic!("no {other} was recorded"),
    }
}

fn check(name: &str, call: &Call, expected: &Answer, response: &HttpResponse) {
    let at = format!("{name} {}", call.path);
    assert_eq!(response.status, expected.status, "{at}");
    assert_eq!(response.body, expected.body, "{at}");
    let arrived: BTreeSet<_> = response.headers.iter().collect();
    for (header, value) in &expected.headers {
        let leads = ["location", "link"].contains(&&*header.to_lowercase());
        assert!(leads || arrived.contains(&(&*header.to_lowercase(), value.as_str())), "{at}: {header}");
    }
    for entity in LISTS {
        match (read(entity, response), expected.items()) {
            (Ok(page), Some(items)) => {
                assert_eq!(page.items, items.len() as u64, "{at}");
                let remaining = expected.header("x-ratelimit-remaining").unwrap().parse().ok();
                assert_eq!((page.rate.limit, page.rate.remaining), (Some(5_000), remaining), "{at}");
            }
            (Err(error), None) => {
                assert_eq!(error.disposition, meaning(expected), "{at}");
                assert_eq!(error.request_id.as_deref(), expected.header("x-github-request-id"), "{at}");
            }
            (page, items) => panic!("{at}: {page:?} for {items:?}"),
        }
    }
}

#[tokio::test]
async fn every_answer_arrives_and_is_understood_as_it_was_recorded() {
    let Some(sessions) = sessions() else { return };
    assert_eq!(sessions.len(), 44);
    let mut outcomes = BTreeMap::<String, usize>::new();
    for (name, session) in sessions {
        let nothing = Answer { status: 200, headers: Vec::new(), body: Vec::new() };
        let archives = Server::start(Vec::new(), move |_| nothing.clone()).await;
        let server = Server::play(session.clone(), vec![(ARCHIVES, archives.url.clone())]).await;
        for (index, call) in session.iter().enumerate().filter(|(_, call)| call.host == GITHUB) {
            let outcome = match send(&server, &request(call)).await {
                Ok(response) => {
                    // A redirect that is followed was followed in the recording too: by the next call.
                    let redirected = (300..400).contains(&call.answer.status);
                    let expected = if redirected { &session[index + 1].answer } else { &call.answer };
                    check(&name, call, expected, &response);
                    format!("{} as {}", call.answer.status, expected.status)
                }
                Err(HttpError::Redirected) => format!("{} not followed", call.answer.status),
                Err(other) => panic!("{name} {}: {other}", call.path),
            };
            *outcomes.entry(outcome).or_default() += 1;
        }
        assert_eq!(archives.asked().len(), 0, "{name}: a token went to another host");
        for asked in server.asked() {
            assert_eq!(asked.headers["authorization"], format!("Bearer {TOKEN}"), "{name}");
            assert!(asked.headers.keys().all(|name| !name.as_str().starts_with("if-")), "{name}: a 304 has no meaning");
        }
    }
    println!("{outcomes:#?}");
    // A renamed repository is followed when it is read; what is posted is sent once. An archive is elsewhere.
    let outcomes = outcomes.iter().map(|(outcome, count)| (outcome.as_str(), *count));
    let redirects: Vec<_> = outcomes.filter(|(outcome, _)| outcome.starts_with('3')).collect();
    assert_eq!(redirects, [("301 as 200", 2), ("302 not followed", 2), ("307 not followed", 2)]);
}

/// The recorded pages of a list, from the first to the last.
fn pages(session: &[Call]) -> Vec<Answer> {
    let lists = session.iter().filter(|call| call.reads && call.path.contains("/issues?"));
    lists.map(|call| call.answer.clone()).collect()
}

#[tokio::test]
async fn a_list_is_walked_to_its_last_page() {
    let Some(sessions) = sessions() else { return };
    // With nothing new, one look at the head ends a walk, unless all share its second, as the edited session has it.
    // Releases are read until two passes agree.
    let walks = [
        ("paginate-issues.raw", EntityType::PullRequest, "1 2 3 4 5 1"),
        ("paginate-issues.normalized", EntityType::PullRequest, "1 2 3 4 5 1 2 3 4 5"),
        ("paginate-issues.raw", EntityType::Release, "1 2 3 4 5 1 2 3 4 5"),
    ];
    for (name, entity, expected) in walks {
        let pages = pages(&sessions[name]);
        assert_eq!(pages.len(), 5);
        let server =
            Server::start(Vec::new(), move |asked| pages[asked.query["page"].parse::<usize>().unwrap() - 1].clone())
                .await;
        let mut cursor = None;
        loop {
            let request = scoped("o/r", entity, 3, |scope| GitHub.page_request(scope, cursor.as_ref())).unwrap();
            let response = send(&server, &request).await.unwrap();
            let page = scoped("o/r", entity, 3, |scope| {
                GitHub.read_page(scope, cursor.as_ref(), &response, Timestamp::UNIX_EPOCH)
            });
            cursor = page.unwrap().next;
            if cursor.is_none() {
                break;
            }
        }
        let asked: Vec<_> = server.asked().into_iter().map(|asked| asked.query["page"].clone()).collect();
        assert_eq!(asked.join(" "), expected, "{name} {entity}");
    }
}

/// The recorded issues in the order and part asked for, with the headers and in the form of the recorded first page.
fn list(first: &Answer, mut items: Vec<serde_json::Value>, asked: &Asked) -> Answer {
    let asked_for = |name: &str| asked.query[name].as_str();
    assert_eq!([asked_for("sort"), asked_for("direction"), asked_for("state")], ["updated", "asc", "all"]);
    items.retain(|item| item["updated_at"].as_str().unwrap() >= asked_for("since"));
    items.sort_by_key(|item| item["updated_at"].as_str().unwrap().to_owned());
    let [size, page] = ["per_page", "page"].map(|name| asked_for(name).parse::<usize>().unwrap());
    let more = items.len() > size * page;
    let next = format!("<{GITHUB}{}?per_page={size}&page={}>; rel=\"next\"", asked.path, page + 1);
    let items: Vec<_> = items.into_iter().skip(size * (page - 1)).take(size).collect();
    Answer { body: serde_json::to_vec(&items).unwrap(), ..first.clone() }.with("link", more.then_some(next))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_of_a_renamed_repository_is_captured_under_its_old_name() {
    let Some(sessions) = sessions() else { return };
    let pages = pages(&sessions["paginate-issues.raw"]);
    let items: Vec<_> = pages.iter().flat_map(|page| page.items().unwrap()).collect();
    let moved = sessions["rename-repository.raw"].iter().find(|call| call.answer.status == 301).unwrap().answer.clone();
    let server = Server::start(Vec::new(), move |asked| match asked.path.strip_prefix("/repositories/515435940") {
        Some("/issues") => list(&pages[0], items.clone(), asked),
        Some(other) => panic!("asked for {other}"),
        None => {
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&asked.query).finish();
            moved.clone().with("location", Some(format!("{GITHUB}/repositories/515435940/issues?{query}")))
        }
    })
    .await;
    let options = Options {
        api_urls: BTreeMap::from([(ProviderKind::Github, server.url.clone())]),
        tokens: Secret::new(TOKEN).map(|token| (ProviderKind::Github, token)).into_iter().collect(),
        page: PageSettings { page_size: 3, ..PageSettings::default() },
        ..Options::new(Data::Memory, LocalSecrets::of([]))
    };
    let stack = Stack::start(&Template::embedded().unwrap(), options).await.unwrap();
    let (resource, account) = scoped("octokit-fixture-org/old-name", EntityType::Issue, 3, |scope| {
        (scope.resource.clone(), scope.account.clone())
    });
    let link = LinkRequest {
        workspace: workspace(),
        provider: ProviderKind::Github,
        account,
        account_name: "octokit-fixture-org".into(),
        resource,
        settings: SyncSettings::everything(ProviderKind::Github),
    };
    let start = StartRequest {
        integration: stack.link(link).await.unwrap().integration,
        entities: BTreeSet::from([EntityType::Issue]),
        window: Window {
            since: "2022-07-01T00:00:00Z".parse().unwrap(),
            until: "2022-08-01T00:00:00Z".parse().unwrap(),
        },
        trigger: Trigger::Link,
        again: false,
        call_budget: None,
        proves: None,
        hold: false,
        prove: false,
    };
    let run = stack.start_backfill(start).await.unwrap().run.unwrap();
    stack.settled().await;
    assert_eq!(stack.progress(&run).await.unwrap().0.state, RunState::Completed);
    let ids: BTreeSet<_> = observations_of(&stack).await.into_keys().collect();
    let expected = (1..=13).map(|number| format!("github:issue:515435940#{number}:opened")).collect();
    assert_eq!(ids, expected);
}
