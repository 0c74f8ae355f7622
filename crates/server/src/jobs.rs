//! Long work: it goes on while nobody looks, and shows how far it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::person::Actor;
use jiff::Timestamp;
use serde::Serialize;

use crate::Problem;

/// Works that are remembered after their end.
const KEPT_MAX: usize = 200;

/// How far a work is.
#[derive(Debug, Clone, Serialize)]
pub struct JobState {
    /// Its number in this process.
    pub id: u64,
    /// What it is, such as `press` or `trace`.
    pub kind: String,
    /// What it is about, such as a case's id.
    pub about: String,
    /// Who asked for it; they see it, and nobody else but the program's people.
    pub by: Actor,
    /// When it began, by the machine's clock.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Between 0 and 1, as far as it is known.
    pub share: Option<f64>,
    /// Seconds that it will still take, as far as it is known.
    pub seconds_left: Option<f64>,
    /// What is being done, in words.
    pub step: String,
    /// Where its result is to be seen.
    pub result: Option<String>,
    /// What came of it, for the program that began it.
    #[serde(skip)]
    pub answer: Option<serde_json::Value>,
    /// Why it failed.
    pub problem: Option<Problem>,
}

impl JobState {
    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        self.ended_at.is_some()
    }
}

/// All works of this process. Clones share them.
#[derive(Clone, Default)]
pub struct Jobs(Arc<Mutex<BTreeMap<u64, JobState>>>);

/// A work's own hold on what is shown of it.
#[derive(Clone)]
pub struct Progress {
    jobs: Jobs,
    id: u64,
}

impl Progress {
    /// Says what is being done, and how much of all is done.
    pub fn at(&self, share: f64, step: &str) {
        self.jobs.change(self.id, |job| {
            let share = share.clamp(0.0, 1.0);
            let seconds = Timestamp::now().duration_since(job.began_at).as_secs_f64();
            job.share = Some(share);
            job.seconds_left = (share > 0.02).then(|| seconds * (1.0 - share) / share);
            job.step = step.to_owned();
        });
    }
}

impl Progress {
    /// Says what came of it, to whoever began it by the API.
    pub fn answer(&self, answer: &impl Serialize) {
        let answer = serde_json::to_value(answer).ok();
        self.jobs.change(self.id, |job| job.answer = answer);
    }
}

impl Jobs {
    /// Begins a work on a task of its own; the answer is its number. What it returns is where its result is to be seen.
    pub fn begin<F, Fut>(&self, kind: &str, about: &str, by: Actor, work: F) -> u64
    where
        F: FnOnce(Progress) -> Fut,
        Fut: Future<Output = Result<String, Problem>> + Send + 'static,
    {
        let id = self.enlist(kind, about, by);
        let jobs = self.clone();
        let task = work(Progress {
            jobs: self.clone(),
            id,
        });
        let task = tokio::spawn(task);
        tokio::spawn(async move {
            let ended = task
                .await
                .unwrap_or_else(|_| Err(Problem::machine("the work broke off")));
            jobs.change(id, |job| {
                job.ended_at = Some(Timestamp::now());
                job.seconds_left = None;
                match ended {
                    Ok(result) => {
                        job.share = Some(1.0);
                        job.result = Some(result);
                    }
                    Err(problem) => job.problem = Some(problem),
                }
            });
        });
        id
    }

    /// A work by its number.
    pub fn job(&self, id: u64) -> Option<JobState> {
        self.all().into_iter().find(|job| job.id == id)
    }

    /// All works that are remembered, newest first.
    pub fn all(&self) -> Vec<JobState> {
        let jobs = self.0.lock().unwrap_or_else(|poison| poison.into_inner());
        jobs.values().rev().cloned().collect()
    }

    fn enlist(&self, kind: &str, about: &str, by: Actor) -> u64 {
        let mut jobs = self.0.lock().unwrap_or_else(|poison| poison.into_inner());
        let id = jobs.last_key_value().map_or(1, |(last, _)| last + 1);
        let ended: Vec<u64> = jobs
            .values()
            .filter(|job| job.is_ended())
            .map(|job| job.id)
            .collect();
        for old in ended.iter().take(jobs.len().saturating_sub(KEPT_MAX)) {
            jobs.remove(old);
        }
        jobs.insert(
            id,
            JobState {
                id,
                kind: kind.to_owned(),
                about: about.to_owned(),
                by,
                began_at: Timestamp::now(),
                ended_at: None,
                share: None,
                seconds_left: None,
                step: "waiting".to_owned(),
                result: None,
                answer: None,
                problem: None,
            },
        );
        id
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut JobState)) {
        let mut jobs = self.0.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some(job) = jobs.get_mut(&id) {
            change(job);
        }
    }
}

/// Runs a work that computes for long on a thread of its own, so that requests do not wait behind it.
///
/// # Errors
/// Those of the work, and that it broke off.
pub(crate) async fn apart<T, Fut>(work: Fut) -> Result<T, Problem>
where
    T: Send + 'static,
    Fut: Future<Output = Result<T, Problem>> + Send + 'static,
{
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work))
        .await
        .map_err(|_| Problem::machine("the work broke off"))?
}
