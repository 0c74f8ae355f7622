//! What happens by itself: waves open when they are due, and tickets that have ended go.

use std::time::Duration;

use domain::decide::CaseCommand;
use domain::person::Actor;
use jiff::Timestamp;

use crate::{App, Problem};

/// How often it is looked whether something is due.
const BEAT: Duration = Duration::from_secs(2);

/// Opens what is due, until the task is dropped. Several processes may run this: a wave opens once.
pub async fn run_timers(app: App) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if let Err(problem) = open_due(&app).await {
            tracing::warn!(code = %problem.code, "a timer failed: {}", problem.title);
        }
        sign_staged(&app).await;
        if let Err(error) = app.sweep().await {
            tracing::warn!("ended tickets could not be dropped: {error}");
        }
    }
}

/// Signs for receipts that have their place in the log and no signature yet: at a stop, and where it failed before.
pub async fn sign_staged(app: &App) {
    let signed = async {
        app.now()
            .await?
            .0
            .sign_staged()
            .await
            .map_err(Problem::from)
    };
    if let Err(problem) = signed.await {
        tracing::warn!(code = %problem.code, "the log could not be signed: {}", problem.title);
    }
}

async fn open_due(app: &App) -> Result<(), Problem> {
    let (desk, state) = app.now().await?;
    for case in state.cases.values() {
        let is_ready = case.is_approved() && case.is_pressed() && case.ended().is_none();
        if is_ready
            && !case
                .due(&state.program, desk.policy(), desk.now())
                .is_empty()
        {
            desk.command(case.id(), CaseCommand::OpenWaves, &Actor::Timer)
                .await?;
            tracing::info!(case = %case.id(), "waves that were due are open");
        }
    }
    Ok(())
}

impl App {
    async fn sweep(&self) -> Result<(), store::StoreError> {
        let (desk, _) = self
            .now()
            .await
            .map_err(|_| store::StoreError::Interrupted)?;
        desk.store()
            .drop_ended_tickets(Timestamp::now())
            .await
            .map(drop)
    }
}
