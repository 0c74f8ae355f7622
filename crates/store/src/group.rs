//! Group commit: batches that wait while a transaction is written share the next one.
//!
//! A sync of the disk costs the same for one batch as for a thousand. Whoever commits puts the batch into a queue; one
//! task at a time takes all that is there, writes it in one transaction, and answers each batch for itself.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::batch::{Batch, Placed, Segment};
use crate::error::{CommitError, StoreError};
use crate::state::Shared;
use crate::{Backend, postgres, sqlite};

/// Batches in one transaction, at most.
const GROUP_MAX: usize = 4096;
/// Bytes in one transaction, at most, unless one batch alone is larger.
const GROUP_BYTES_MAX: usize = 8 << 20;
/// A batch with more bytes gets a transaction of its own, so that it need not be copied.
const SHARED_BYTES_MAX: usize = 1 << 20;

/// A checked batch, with its log entries as they are stored.
pub(crate) struct Prepared<'a> {
    /// Everything but the log entries.
    pub(crate) batch: Cow<'a, Batch>,
    pub(crate) segments: Vec<Segment>,
    /// Whether somebody wants to know where the entries stand.
    pub(crate) is_placed: bool,
    bytes: usize,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(batch: &'a Batch, is_placed: bool) -> Self {
        let segments = Segment::of(&batch.leaves);
        let bytes = batch.bytes();
        Self {
            batch: Cow::Borrowed(batch),
            segments,
            is_placed,
            bytes,
        }
    }

    pub(crate) fn is_only_leaves(&self) -> bool {
        let batch = &self.batch;
        batch.events.is_empty()
            && batch.supposes.is_empty()
            && batch.blobs.is_empty()
            && batch.index.is_empty()
            && batch.meta.is_empty()
            && batch.seen_at.is_none()
    }

    pub(crate) fn is_large(&self) -> bool {
        self.bytes > SHARED_BYTES_MAX
    }

    /// A copy that can wait in the queue.
    pub(crate) fn into_owned(self) -> Prepared<'static> {
        let batch = &self.batch;
        let copy = Batch {
            events: batch.events.clone(),
            supposes: batch.supposes.clone(),
            blobs: batch.blobs.clone(),
            leaves: Vec::new(),
            index: batch.index.clone(),
            meta: batch.meta.clone(),
            seen_at: batch.seen_at,
        };
        Prepared {
            batch: Cow::Owned(copy),
            segments: self.segments,
            is_placed: self.is_placed,
            bytes: self.bytes,
        }
    }
}

struct Waiting {
    prepared: Prepared<'static>,
    answer: oneshot::Sender<Result<Placed, CommitError>>,
}

/// Batches that wait for a transaction.
#[derive(Default)]
pub(crate) struct Queue(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    is_running: bool,
}

impl Queue {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As many of the oldest as one transaction takes; none says that the task is over.
    fn take(&self) -> Vec<Waiting> {
        let mut state = self.state();
        let mut bytes = 0_usize;
        let count = state
            .waiting
            .iter()
            .take(GROUP_MAX)
            .take_while(|waiting| {
                let is_first = bytes == 0;
                bytes = bytes.saturating_add(waiting.prepared.bytes.max(1));
                is_first || bytes <= GROUP_BYTES_MAX
            })
            .count();
        state.is_running = count > 0;
        if count == state.waiting.len() {
            return std::mem::take(&mut state.waiting);
        }
        state.waiting.drain(..count).collect()
    }
}

/// Commits a batch together with those of others, and waits until that is durable.
pub(crate) async fn commit(
    backend: &Backend,
    shared: &Arc<Shared>,
    prepared: Prepared<'_>,
) -> Result<Placed, CommitError> {
    let (answer, answered) = oneshot::channel();
    let waiting = Waiting {
        prepared: prepared.into_owned(),
        answer,
    };
    let is_first = {
        let mut state = shared.queue.state();
        state.waiting.push(waiting);
        !std::mem::replace(&mut state.is_running, true)
    };
    if is_first {
        // A task of its own: a caller that goes away must not take the batches of others with it.
        tokio::spawn(run(backend.clone(), Stopped(Arc::clone(shared))));
    }
    answered
        .await
        .unwrap_or_else(|_| Err(StoreError::Interrupted.into()))
}

/// Says that no task runs any more, also when the runtime ends in the middle of one.
struct Stopped(Arc<Shared>);

impl Drop for Stopped {
    fn drop(&mut self) {
        let mut state = self.0.queue.state();
        if state.is_running {
            state.is_running = false;
            // Their callers get no answer, and learn that it is not known what became of the batch.
            state.waiting.clear();
        }
    }
}

async fn run(backend: Backend, stopped: Stopped) {
    let shared = &stopped.0;
    loop {
        let group = shared.queue.take();
        if group.is_empty() {
            return;
        }
        let (batches, answers): (Vec<_>, Vec<_>) = group
            .into_iter()
            .map(|waiting| (waiting.prepared, waiting.answer))
            .unzip();
        let bytes = batches.iter().map(|prepared| prepared.bytes).sum();
        let is_shared = batches.len() > 1;
        match write(&backend, shared, batches).await {
            Ok(results) => {
                for (answer, result) in answers.into_iter().zip(results) {
                    // A caller that has gone away does not wait for its answer.
                    let _ = answer.send(result);
                }
            }
            Err(error) => {
                for answer in answers {
                    let _ = answer.send(Err(error.again().into()));
                }
            }
        }
        tidy(&backend, shared, bytes);
        if is_shared {
            // Those who were answered come back with their next batches, and share one transaction again. For one alone
            // nobody waits: giving way would wake a second thread of the runtime for it.
            tokio::task::yield_now().await;
        }
    }
}

/// Writes a group in one transaction: one result for each batch, or one error for all of them.
pub(crate) async fn write(
    backend: &Backend,
    shared: &Shared,
    batches: Vec<Prepared<'_>>,
) -> Result<Vec<Result<Placed, CommitError>>, StoreError> {
    shared.running()?;
    let results = match backend {
        Backend::Sqlite(pools) => sqlite::queries::commit_group(&pools.write, batches).await,
        Backend::Postgres(pool) => postgres::queries::commit_group(pool, batches).await,
    };
    shared.watch(results)
}

/// Moves SQLite's write-ahead log into the file, once it has grown by some megabytes; not while anybody waits for it, if
/// possible when nobody commits, and with an eye on errors, which SQLite ignores when it does this by itself.
pub(crate) fn tidy(backend: &Backend, shared: &Arc<Shared>, bytes: usize) {
    if let Backend::Sqlite(pools) = backend
        && pools.has_grown(bytes)
    {
        let (pools, shared) = (pools.clone(), Arc::clone(shared));
        tokio::spawn(async move {
            pools.quiet().await;
            // What was shown meanwhile may be on no disk if a sync has failed: it must not get into the file.
            if shared.running().is_ok() {
                // A failure stops the store: the next call of anything says why.
                let _ = shared.watch(sqlite::move_wal(&pools).await);
            }
        });
    }
}
