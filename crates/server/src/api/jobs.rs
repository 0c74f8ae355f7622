//! Long work: begun by other routes, followed here.

use axum::Json;
use domain::person::Actor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Ask, At};
use super::page::{Slice, Window};
use crate::jobs::JobState;
use crate::visit::Who;
use crate::{Problem, Visit};

/// Work that was begun.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Begun {
    /// Its number.
    pub job: u64,
    /// Where it is followed.
    pub follow: String,
}

impl Begun {
    pub(super) fn of(job: u64) -> Self {
        Self {
            job,
            follow: format!("/api/v1/jobs/{job}"),
        }
    }
}

/// How far a work is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Its number.
    pub job: u64,
    /// What it is.
    pub kind: String,
    /// What it is about.
    pub about: String,
    /// `going`, `done` or `failed`.
    pub state: String,
    /// Between 0 and 1, as far as it is known.
    pub share: Option<f64>,
    /// Seconds that it will still take, as far as it is known.
    pub seconds_left: Option<f64>,
    /// What is being done.
    pub step: String,
    /// Where its result is to be seen, once it is done.
    pub result: Option<String>,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// What came of it, for whoever began it by the API: of a press `Pressed`, of a trace `TraceAnswer`.
    pub answer: Option<serde_json::Value>,
}

impl From<JobState> for Job {
    fn from(job: JobState) -> Self {
        let state = match (&job.problem, job.is_ended()) {
            (Some(_), _) => "failed",
            (None, true) => "done",
            (None, false) => "going",
        };
        Self {
            job: job.id,
            kind: job.kind,
            about: job.about,
            state: state.to_owned(),
            share: job.share,
            seconds_left: job.seconds_left,
            step: job.step,
            result: job.result,
            problem: job.problem,
            answer: job.answer,
        }
    }
}

/// A work as somebody may see it; nothing where they may not see it at all.
fn seen(visit: &Visit, mut job: JobState) -> Option<Job> {
    let who = visit.who.as_ref()?;
    let is_theirs = match who {
        Who::Person { .. } => !matches!(job.by, Actor::Seat(_)),
        Who::Seat { .. } => who.actor() == job.by,
    };
    if who.actor() != job.by {
        // A press or a trace may say more than a role may read.
        job.answer = None;
    }
    is_theirs.then(|| job.into())
}

/// Works that are remembered in this process, by number.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(Window),
    responses((status = 200, body = Slice<Job>)))]
pub async fn list(visit: Visit, Ask(window): Ask<Window>) -> Result<Json<Slice<Job>>, Problem> {
    let all = visit.app.jobs().all().into_iter().rev();
    let all = all.filter_map(|job| seen(&visit, job));
    Ok(Json(window.cut(all, |job| format!("{:012}", job.job))?))
}

/// One work. Partners see their own alone.
#[utoipa::path(get, path = "/api/v1/jobs/{job}", tag = "jobs", params(("job" = u64, Path)),
    responses((status = 200, body = Job)))]
pub async fn show(visit: Visit, At(job): At<u64>) -> Result<Json<Job>, Problem> {
    let job = visit.app.jobs().job(job);
    let job = job.and_then(|job| seen(&visit, job));
    Ok(Json(job.ok_or_else(Problem::nothing_here)?))
}
