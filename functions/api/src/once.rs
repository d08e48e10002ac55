//! `Idempotency-Key`: a request that is sent again has its effect once and gets the same answer, for a day.
//! <https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>

use std::future::Future;
use std::time::Duration;

use connector_domain::ports::{Begun, OnceKey};
use connector_domain::time;
use connector_lambda::api::Answer;
use connector_lambda::telemetry::chain;
use sha2::{Digest, Sha256};
use tracing::warn;

use crate::context::Context;
use crate::problem::{Code, Problem};

/// The header.
pub(crate) const HEADER: &str = "idempotency-key";
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 3_600);
/// How long one may be worked on: longer than a function may run.
const LEASE: Duration = Duration::from_secs(60);

/// Does the work, unless the request carries a key under which it was done.
pub(crate) async fn once<F, Fut>(context: &Context<'_>, work: F) -> Result<Answer, Problem>
where
    F: FnOnce() -> Fut + Send,
    Fut: Future<Output = Result<Answer, Problem>> + Send,
{
    let Some(key) = key(context)? else { return work().await };
    let (store, now) = (context.access.once(), context.access.now());
    let later = |by: Duration| time::later(now, by);
    match store.begin(&key, now, later(LEASE)).await? {
        Begun::First => {}
        Begun::Busy => return Err(Problem::new(Code::RequestInProgress)),
        Begun::Different => return Err(Problem::new(Code::IdempotencyKeyReused)),
        Begun::Answered { status, body } => {
            let headers =
                vec![("content-type", "application/json".to_owned()), ("idempotency-replayed", "true".to_owned())];
            return Ok(Answer { status, headers, body });
        }
    }
    let result = work().await;
    // The effect is there, or it is not: what cannot be noted of it only lets a repetition be worked on again.
    let noted = match &result {
        Ok(answer) => store.answered(&key, answer.status, &answer.body, later(KEPT)).await,
        Err(_) => store.forget(&key).await,
    };
    if let Err(error) = noted {
        warn!("could not note how a request went: {}", chain(&error));
    }
    result
}

fn key(context: &Context<'_>) -> Result<Option<OnceKey>, Problem> {
    let invalid = || Problem::new(Code::InvalidIdempotencyKey);
    let request = context.request;
    let Some(key) = request.headers.single(HEADER).map_err(|_| invalid())? else { return Ok(None) };
    if !(1..=255).contains(&key.len()) || !key.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(invalid());
    }
    let digest = |parts: &[&[u8]]| {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hex::encode(hash.finalize())
    };
    Ok(Some(OnceKey {
        workspace: context.access.workspace().clone(),
        name: digest(&[context.access.principal().subject().as_str().as_bytes(), key.as_bytes()]),
        request: digest(&[request.method.as_bytes(), request.path.as_bytes(), request.query.as_bytes(), &request.body]),
    }))
}
