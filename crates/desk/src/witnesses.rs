//! The log's witnesses: named by the program, asked after each growth, and what they signed kept for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::commitment::Commitment;
use domain::ids::PersonName;
use domain::person::Actor;
use domain::program::{PROGRAM_STREAM, Program, ProgramCommand, ProgramEvent, ProgramFact};
use domain::watch::{Watch, WatchChange};
use flow::leaf::WatchLeaf;
use serde::{Deserialize, Serialize};
use store::Store;
use tlog::{Checkpoint, Hash, Note, Quorum, verify_consistency};
use tokio::task::JoinSet;
use witness::{AskError, Asked, Client, Cosigned, WitnessUrl};

use crate::config::ClockKind;
use crate::desk::{Beside, is_other_history, too_busy};
use crate::{Desk, Failure};

/// How long each witness has for its answer; they are asked at the same time.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// How far ahead of ours a witness's clock may be.
const AHEAD_MAX_S: i64 = 600;
/// The stream of what witnesses signed.
const STREAM: &str = "log/cosignatures";
/// Events that are read at once when looking back for a cosigned checkpoint.
const PAGE: u64 = 200;

/// What is kept of witnesses: append-only, like every event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum CosignedEvent {
    /// Witnesses cosigned a checkpoint.
    Cosigned {
        /// Entries under it.
        size: u64,
        /// The checkpoint, with the log's signature and every cosignature that is known so far.
        note: String,
    },
}

/// What one witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its name.
    pub witness: String,
    /// Where it was asked.
    pub url: String,
    /// The time that it signed, in POSIX seconds, or why it did not.
    pub signed: Result<u64, String>,
    /// The size that it had cosigned before by what is kept here, and the smaller one that it knew now: it was put
    /// back, and could have signed another history since.
    pub forgot: Option<(u64, u64)>,
}

/// What all witnesses answered on one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// Entries under the checkpoint.
    pub size: u64,
    /// The checkpoint, with every cosignature that it has.
    pub note: String,
    /// One for each witness, in the order in which they were named.
    pub answers: Vec<Answer>,
    /// How many the program needs.
    pub needed: u32,
}

impl Round {
    /// Cosignatures that were given.
    pub fn given(&self) -> usize {
        self.answers.iter().filter(|a| a.signed.is_ok()).count()
    }

    /// Whether the quorum is reached.
    pub fn is_enough(&self) -> bool {
        usize::try_from(self.needed).is_ok_and(|needed| self.given() >= needed)
    }

    /// The failure to report when the quorum is not reached. It is the machine's, exit class 4: whoever asks may have
    /// what it asks for, and will once the witnesses answer.
    fn not_enough(&self) -> Failure {
        let silent: Vec<String> = self
            .answers
            .iter()
            .filter_map(|answer| {
                let reason = answer.signed.as_ref().err()?;
                Some(format!("`{}` ({}): {reason}", answer.witness, answer.url))
            })
            .collect();
        let names: Vec<&str> = self
            .answers
            .iter()
            .filter(|answer| answer.signed.is_err())
            .map(|answer| answer.witness.as_str())
            .collect();
        Failure::machine(
            "not-cosigned",
            format!(
                "{} of the {} cosignatures that are needed were given; {}",
                self.given(),
                self.needed,
                silent.join("; ")
            ),
        )
        .hint(format!(
            "nothing opens without them: see to {}, then try again; `headstart log cosign` asks without opening",
            names.join(", ")
        ))
    }
}

impl Desk {
    /// Changes who watches the log. What makes a quorum easier to reach happens when a second person asks for it;
    /// the answer says whether it happened. The list as it is then goes into the log.
    ///
    /// # Errors
    /// The refusal; an address that this program cannot reach; a database that fails.
    pub async fn change_watch(
        &self,
        change: WatchChange,
        person: Option<PersonName>,
    ) -> Result<bool, Failure> {
        if let WatchChange::Name { url, .. } = &change {
            WitnessUrl::parse(url).map_err(|error| {
                Failure::usage("witness-url", error.to_string()).hint(error.hint())
            })?;
        }
        let by = person.clone().map_or(Actor::Desk, Actor::Person);
        for _ in 0..20 {
            let (program, version) = self.load_program().await?;
            let command = ProgramCommand::ChangeWatch {
                change: change.clone(),
                person: person.clone(),
            };
            let events = program
                .decide(command, &by, self.now())
                .map_err(Failure::from_refusal)?;
            let changed = events.iter().any(|event| is_change(&event.fact));
            let mut beside = Beside::default();
            if changed {
                let mut after = program.clone();
                for event in &events {
                    after.apply(event);
                }
                beside.leaves.push(watch_leaf(&after, version).leaf());
            }
            let waits = !changed && !events.is_empty();
            // CRASH: before, nothing was changed; after, the change and its staged leaf are there, and the next
            // command that needs the log integrates it.
            let batch = self.batch(PROGRAM_STREAM, version, &events, beside)?;
            if self.committed(batch).await? {
                self.integrate().await?;
                return Ok(!waits);
            }
        }
        Err(too_busy())
    }

    /// Every list of witnesses that the log holds, in the order of the log.
    pub(crate) async fn watch_leaves(&self) -> Result<Vec<Commitment>, Failure> {
        let events: Vec<ProgramEvent> = self.events(PROGRAM_STREAM).await?;
        let mut program = Program::default();
        let mut leaves = Vec::new();
        for (event, version) in events.iter().zip(0..) {
            program.apply(event);
            if is_change(&event.fact) {
                leaves.push(watch_leaf(&program, version));
            }
        }
        Ok(leaves)
    }

    /// Asks every witness to cosign the newest checkpoint, at the same time, and keeps what they sign.
    ///
    /// `None` when the program has named no witness, or the log has no checkpoint.
    ///
    /// # Errors
    /// A witness that shows another history of this log, signed by the log's own key: exit class 4, and nothing may
    /// open or be given. That a witness cannot be reached is no error here: the [`Round`] says it.
    pub async fn ask_witnesses(&self) -> Result<Option<Round>, Failure> {
        let program = self.current_program().await?;
        let watch = program.watch();
        let newest = self.store().checkpoint().await?;
        let (false, Some(newest)) = (watch.witnesses().is_empty(), newest) else {
            return Ok(None);
        };
        let note = Note::parse(&newest).map_err(|error| damaged(&error))?;
        let size = self.size_of(&newest)?;
        let client = Client::new(DEADLINE);
        let known = self.known_sizes(watch).await?;
        let mut asked = JoinSet::new();
        for (position, named) in watch.witnesses().iter().enumerate() {
            let url = WitnessUrl::parse(named.url());
            let key = named.key().clone();
            let known = known.get(named.name()).copied().unwrap_or(0);
            let (client, store, note) = (client.clone(), self.store().clone(), note.clone());
            asked.spawn(async move {
                let answer = match url {
                    Ok(url) => {
                        let asked = Asked { key, url };
                        let prove = |old| prove(&store, old, size);
                        let answer = client.cosign(&asked, &note, known, prove).await;
                        answer.map_err(|error| (error, Some(asked)))
                    }
                    Err(error) => Err((
                        AskError::Unreachable {
                            reason: error.to_string(),
                        },
                        None,
                    )),
                };
                (position, answer)
            });
        }
        let mut answers: BTreeMap<usize, Result<Cosigned, (AskError, Option<Asked>)>> =
            BTreeMap::new();
        while let Some(joined) = asked.join_next().await {
            let (position, answer) =
                joined.map_err(|error| Failure::machine("witness", error.to_string()))?;
            answers.insert(position, answer);
        }
        self.settle(watch, &client, note, size, &known, answers)
            .await
            .map(Some)
    }

    /// Puts the answers together: what was signed is kept, another history is a failure.
    async fn settle(
        &self,
        watch: &Watch,
        client: &Client,
        note: Note,
        size: u64,
        known: &BTreeMap<String, u64>,
        answers: BTreeMap<usize, Result<Cosigned, (AskError, Option<Asked>)>>,
    ) -> Result<Round, Failure> {
        let mut round = Round {
            size,
            note: String::new(),
            answers: Vec::new(),
            needed: watch.needed(),
        };
        let mut merged = note;
        let mut other_history = None;
        for (witness, (_, answer)) in watch.witnesses().iter().zip(answers) {
            let before = known.get(witness.name()).copied().unwrap_or(0);
            let mut forgot = None;
            let signed = match answer {
                Ok(given) => {
                    forgot = (given.old_size < before).then_some((before, given.old_size));
                    self.accept(&mut merged, given)
                }
                Err((error, asked)) => {
                    if let Some(asked) = asked
                        && matches!(
                            error,
                            AskError::Ahead { .. } | AskError::Inconsistent { .. }
                        )
                        && let Some(shown) = self.other_history(client, &asked, size).await?
                    {
                        other_history = Some(shown);
                    }
                    Err(error.to_string())
                }
            };
            round.answers.push(Answer {
                witness: witness.name().to_owned(),
                url: witness.url().to_owned(),
                signed,
                forgot,
            });
        }
        round.note = self.keep(size, merged).await?;
        match other_history {
            Some(failure) => Err(failure),
            None => Ok(round),
        }
    }

    /// Takes a cosignature under the note, unless its time is one that nobody can have signed yet.
    fn accept(&self, note: &mut Note, given: Cosigned) -> Result<u64, String> {
        let time_s = given.cosignature.time_s;
        let ours_s = self.now().as_second().saturating_add(AHEAD_MAX_S);
        let is_ahead = i64::try_from(time_s).map_or(true, |time_s| time_s > ours_s);
        // A test clock stands still, and says nothing of a witness's.
        if is_ahead && self.config().clock == ClockKind::System {
            return Err(format!("its clock is ahead: it signed the second {time_s}"));
        }
        note.add(given.line).map_err(|error| error.to_string())?;
        Ok(time_s)
    }

    /// Whether a witness shows, signed by this log's own key, a history that this log does not have.
    ///
    /// A mere word of the witness is not enough: then it counts as one that did not cosign.
    async fn other_history(
        &self,
        client: &Client,
        asked: &Asked,
        size: u64,
    ) -> Result<Option<Failure>, Failure> {
        let Ok(Some((_, seen))) = client.latest(asked, &self.log_key()).await else {
            return Ok(None);
        };
        let name = asked.key.name();
        if seen.size() > size {
            return Ok(Some(
                Failure::machine(
                    "log-rolled-back",
                    format!(
                        "the witness `{name}` has seen size {}, this log has {size}: its newest entries are missing here, and this log's own key signed them",
                        seen.size()
                    ),
                )
                .hint("the database is an older copy: restore the newest one; whatever was given since is known to others and must not be lost here"),
            ));
        }
        if self.has(&seen, size).await? {
            return Ok(None);
        }
        Ok(Some(
            Failure::machine(
                "log-forked",
                format!(
                    "the witness `{name}` has seen other entries in the first {} of this log, signed by this log's own key",
                    seen.size()
                ),
            )
            .hint(format!(
                "two databases signed as one log: stop both, and compare {}/{}/forks",
                asked.url,
                witness::origin_hash(self.log_key().name())
            )),
        ))
    }

    /// Whether this log's tree begins with the checkpoint's.
    pub(crate) async fn has(&self, seen: &Checkpoint, size: u64) -> Result<bool, Failure> {
        let Some(newest) = self.store().checkpoint().await? else {
            return Ok(seen.size() == 0);
        };
        let ours = Checkpoint::open(&newest, &self.log_key()).map_err(|error| damaged(&error))?;
        let proof = self.store().consistency(seen.size(), size).await?;
        let roots: (Hash, Hash) = (seen.root(), ours.root());
        Ok(verify_consistency(seen.size(), &roots.0, size, &roots.1, &proof).is_ok())
    }

    /// What each witness cosigned last, by what is kept here.
    async fn known_sizes(&self, watch: &Watch) -> Result<BTreeMap<String, u64>, Failure> {
        let mut sizes = BTreeMap::new();
        let mut wanted: BTreeSet<&str> = watch.witnesses().iter().map(|w| w.name()).collect();
        let mut pages = Back::new(self).await?;
        while !wanted.is_empty()
            && let Some(page) = pages.page(self).await?
        {
            for (size, note) in page {
                wanted.retain(|name| {
                    let is_by = note.signatures().iter().any(|line| line.name() == *name);
                    if is_by {
                        sizes.insert((*name).to_owned(), size);
                    }
                    !is_by
                });
            }
        }
        Ok(sizes)
    }

    /// Keeps a note's cosignatures together with those that were kept of the same checkpoint before.
    pub(crate) async fn keep(&self, size: u64, note: Note) -> Result<String, Failure> {
        for _ in 0..20 {
            let (before, version) = self.kept(size).await?;
            let mut merged = note.clone();
            for line in before.iter().flat_map(|note| note.signatures()) {
                let is_there = |own: &&tlog::Signature| {
                    own.name() == line.name() && own.key_id() == line.key_id()
                };
                if !merged.signatures().iter().any(|own| is_there(&own)) {
                    merged.add(line.clone()).map_err(|error| damaged(&error))?;
                }
            }
            let text = merged.to_text();
            let lines = |note: &Note| -> BTreeSet<String> {
                note.signatures()
                    .iter()
                    .map(|line| line.to_line())
                    .collect()
            };
            let is_new = before
                .as_ref()
                .map_or(merged.signatures().len() > 1, |before| {
                    lines(before) != lines(&merged)
                });
            if !is_new {
                return Ok(text);
            }
            let event = CosignedEvent::Cosigned {
                size,
                note: text.clone(),
            };
            let batch = self.batch(STREAM, version, &[event], Beside::default())?;
            if self.committed(batch).await? {
                return Ok(text);
            }
        }
        Err(too_busy())
    }

    /// What is kept of one checkpoint's cosignatures, newest first found; and the stream's version.
    async fn kept(&self, size: u64) -> Result<(Option<Note>, u64), Failure> {
        let mut pages = Back::new(self).await?;
        let version = pages.version;
        while let Some(page) = pages.page(self).await? {
            let is_past = page.iter().any(|(known, _)| *known < size);
            // A slower process may have written a smaller one later, so the whole page is looked at.
            let found = page.into_iter().find(|(known, _)| *known == size);
            if is_past || found.is_some() {
                return Ok((found.map(|(_, note)| note), version));
            }
        }
        Ok((None, version))
    }

    /// The newest signed checkpoint with whatever cosignatures it has, whether or not they are enough: whoever fetches
    /// must get one that covers the receipt.
    ///
    /// # Errors
    /// A log that has none yet, or a database that fails.
    pub async fn newest(&self) -> Result<String, Failure> {
        let newest = self.store().checkpoint().await?.ok_or_else(no_checkpoint)?;
        let (kept, _) = self.kept(self.size_of(&newest)?).await?;
        Ok(kept.map_or(newest, |note| note.to_text()))
    }

    /// The checkpoint that the program publishes: the newest one that its quorum has cosigned, or the newest one where
    /// it has no quorum. What has its place in the log by now is signed for first, so that a record or evidence that
    /// begins with it lacks no receipt.
    ///
    /// # Errors
    /// A log that has none yet, a quorum that was never reached, or a database that fails.
    pub async fn checkpoint(&self) -> Result<String, Failure> {
        match self.sign_staged().await {
            // The log is not this database's to grow; what only reads goes on.
            Err(failure) if is_other_history(&failure) => {}
            signed => signed?,
        }
        let program = self.current_program().await?;
        let Some(quorum) = program.watch().quorum() else {
            return self.newest().await;
        };
        self.under(&quorum).await?.ok_or_else(|| {
            Failure::machine(
                "not-cosigned",
                "no checkpoint of the log has the cosignatures that the program needs",
            )
            .hint("`headstart log cosign` asks the witnesses, and says which do not answer")
        })
    }

    /// The newest checkpoint with this quorum.
    async fn under(&self, quorum: &Quorum) -> Result<Option<String>, Failure> {
        let mut pages = Back::new(self).await?;
        while let Some(page) = pages.page(self).await? {
            for (_, note) in page {
                if quorum.verify(&note).is_ok() {
                    return Ok(Some(note.to_text()));
                }
            }
        }
        Ok(None)
    }

    /// Every checkpoint that the log's key signed, oldest first, each with the cosignatures that it has.
    pub(crate) async fn checkpoints(&self) -> Result<Vec<(u64, String)>, Failure> {
        let mut all: BTreeMap<u64, String> =
            self.store().checkpoints().await?.into_iter().collect();
        let events: Vec<CosignedEvent> = self.events(STREAM).await?;
        for CosignedEvent::Cosigned { size, note } in events {
            all.insert(size, note);
        }
        Ok(all.into_iter().collect())
    }

    /// The newest checkpoint, cosigned by the program's quorum just now; without a quorum, as it is.
    ///
    /// What opens or mixes a checkpoint in asks anew each time: what is kept here could be of a database that was put
    /// back, and only the witnesses know.
    ///
    /// # Errors
    /// Exit class 4, naming the witnesses, when the quorum is not reached.
    pub(crate) async fn cosigned_now(&self) -> Result<String, Failure> {
        match self.ask_witnesses().await? {
            Some(round) if !round.is_enough() => Err(round.not_enough()),
            Some(round) => Ok(round.note),
            None => self.newest().await,
        }
    }
}

/// Walks the kept cosignatures from the newest to the oldest.
struct Back {
    version: u64,
    before: u64,
}

impl Back {
    async fn new(desk: &Desk) -> Result<Self, Failure> {
        let streams = desk.store().streams(STREAM).await?;
        let version = streams
            .into_iter()
            .find_map(|(stream, version)| (stream == STREAM).then_some(version))
            .unwrap_or(0);
        Ok(Self {
            version,
            before: version,
        })
    }

    /// The next page, newest first; `None` after the oldest.
    async fn page(&mut self, desk: &Desk) -> Result<Option<Vec<(u64, Note)>>, Failure> {
        if self.before == 0 {
            return Ok(None);
        }
        let after = self.before.saturating_sub(PAGE);
        let recorded = desk.store().events(STREAM, after).await?;
        let mut page = Vec::new();
        for event in recorded
            .into_iter()
            .filter(|event| event.version <= self.before)
        {
            let CosignedEvent::Cosigned { size, note } =
                serde_json::from_str(&event.body).map_err(|error| damaged(&error))?;
            page.push((size, Note::parse(&note).map_err(|error| damaged(&error))?));
        }
        page.reverse();
        self.before = after;
        Ok(Some(page))
    }
}

fn is_change(fact: &ProgramFact) -> bool {
    matches!(
        fact,
        ProgramFact::WitnessNamed { .. }
            | ProgramFact::WitnessDropped { .. }
            | ProgramFact::QuorumSet { .. }
    )
}

/// What the log holds of the witnesses after the program's event `version` (from 0). It hides nothing: the salt is
/// zeros, so that whoever knows the list finds it in the log.
fn watch_leaf(program: &Program, version: u64) -> Commitment {
    let watch = program.watch();
    let leaf = WatchLeaf {
        change: version,
        needed: watch.needed(),
        witnesses: watch.witnesses().iter().map(|w| w.key().vkey()).collect(),
    };
    Commitment::new(leaf.to_text().into_bytes(), [0; 32])
}

async fn prove(
    store: &Store,
    old: u64,
    size: u64,
) -> Result<tlog::ConsistencyProof, store::LogError> {
    store.consistency(old, size).await
}

fn damaged(error: &dyn std::fmt::Display) -> Failure {
    Failure::machine("damaged-checkpoint", error.to_string())
        .hint("`headstart log audit` names the first difference")
}

pub(crate) fn no_checkpoint() -> Failure {
    Failure::machine("no-checkpoint", "the log has no checkpoint yet")
        .hint("it is signed with the first entry; create a case")
}
