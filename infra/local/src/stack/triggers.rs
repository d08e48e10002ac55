//! What calls functions without being asked: queues and schedules.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::deployment::{Deployment, Function};
use super::poller::{Delivery, deliver};
use super::ports::Ports;
use super::schedule::repeat;
use super::template::{Mapping, Schedule};
use super::{Template, TemplateError};

/// Starts all of it.
pub(super) fn start(
    template: &Template,
    deployment: &Deployment,
    ports: &Ports,
    stop: &watch::Receiver<bool>,
) -> Result<JoinSet<()>, TemplateError> {
    let mut tasks = JoinSet::new();
    for mapping in &template.mappings {
        consume(&mut tasks, template, mapping, deployment, ports, stop.clone())?;
    }
    for schedule in &template.schedules {
        tick(&mut tasks, schedule, deployment, stop.clone())?;
    }
    Ok(tasks)
}

fn consume(
    tasks: &mut JoinSet<()>,
    template: &Template,
    mapping: &Mapping,
    deployment: &Deployment,
    ports: &Ports,
    stop: watch::Receiver<bool>,
) -> Result<(), TemplateError> {
    let problem = |text: &str| TemplateError::at(&mapping.function, text);
    let queue = ports.queues.get(&mapping.queue).ok_or_else(|| problem("its queue is a dead-letter queue"))?;
    let queue = Arc::clone(queue);
    let timeout = template.functions.get(&mapping.function).map_or(Duration::ZERO, |function| function.timeout);
    let how = Delivery { batch_size: mapping.batch_size, concurrency: mapping.concurrency, timeout };
    match deployment.get(&mapping.function) {
        Some(Function::Pages(worker)) => {
            let worker = worker.clone();
            let handle = move |task| {
                let worker = worker.clone();
                async move { worker.handle(task).await.map(drop) }
            };
            tasks.spawn(deliver(queue, how, stop, handle));
        }
        Some(Function::Capture(capture)) => {
            let capture = capture.clone();
            let handle = move |task| {
                let capture = capture.clone();
                async move { capture.take(task).await }
            };
            tasks.spawn(deliver(queue, how, stop, handle));
        }
        Some(Function::Enrich(enrich)) => {
            let enrich = enrich.clone();
            let handle = move |task| {
                let enrich = enrich.clone();
                async move { enrich.handle(task).await.map(drop) }
            };
            tasks.spawn(deliver(queue, how, stop, handle));
        }
        Some(Function::Documents(worker)) => {
            let worker = worker.clone();
            let handle = move |task| {
                let worker = worker.clone();
                async move { worker.handle(task).await.map(drop) }
            };
            tasks.spawn(deliver(queue, how, stop, handle));
        }
        _ => return Err(problem("it is fed by a queue and takes no messages")),
    }
    Ok(())
}

fn tick(
    tasks: &mut JoinSet<()>,
    schedule: &Schedule,
    deployment: &Deployment,
    stop: watch::Receiver<bool>,
) -> Result<(), TemplateError> {
    match deployment.get(&schedule.function) {
        Some(Function::Scheduler(scheduler)) => {
            let (scheduler, every) = (scheduler.clone(), schedule.every);
            tasks.spawn(async move { repeat(every, stop, || scheduler.tick()).await });
        }
        Some(Function::Recovery(both)) => {
            let (recovery, every) = (both.0.clone(), schedule.every);
            tasks.spawn(async move { repeat(every, stop, || recovery.sweep()).await });
        }
        Some(Function::Tokens(refresh)) => {
            let (refresh, every) = (refresh.clone(), schedule.every);
            tasks.spawn(async move { repeat(every, stop, || refresh.sweep()).await });
        }
        _ => return Err(TemplateError::at(&schedule.function, "it has a schedule and needs a request or a message")),
    }
    Ok(())
}
