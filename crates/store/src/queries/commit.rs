//! Writing batches: a group of them in one transaction, each of them whole or not at all.
//!
//! What decides about them is read at once; then it is decided in memory which are refused; then all others are written
//! at once. A round trip to the database takes longer than what is done there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::QueryBuilder;

use super::super::{Db, IS_STATEMENT_EXCLUSIVE, Writers, begin_write, writer};
use super::script::{Script, Value};
use super::{Connection, LATEST_TIME, ROWS_MAX, signed, time, unsigned};
use crate::batch::{Batch, NewEvent, Placed, Segment, chain, record_digest};
use crate::error::{CommitError, StoreError};
use crate::group::Prepared;

/// Events in one statement: each has seven parameters.
const EVENTS_MAX: usize = 100;

/// What a transaction has read before it writes, as it is by now.
#[derive(Default)]
struct Known {
    /// Counts and digests, by what they are of.
    heads: BTreeMap<String, Head>,
    /// The version of every stream that the group writes to or supposes something of.
    versions: BTreeMap<String, u64>,
    /// Blobs of the group that are there.
    blobs: BTreeSet<String>,
    /// Digests of the index records that the group replaces.
    index: BTreeMap<String, Vec<u8>>,
    /// Digests of the settings that the group replaces.
    meta: BTreeMap<String, Vec<u8>>,
    /// The latest time that was seen.
    time: Option<Timestamp>,
}

struct Head {
    count: u64,
    digest: Vec<u8>,
    changed: bool,
}

/// The names of one kind that a group is about.
struct Asked {
    /// What the rows begin with, and where they are from.
    select: &'static str,
    names: Vec<String>,
}

impl Asked {
    fn of(group: &[Prepared<'_>]) -> [Self; 4] {
        let batches = || group.iter().map(|prepared| &*prepared.batch);
        let mut streams = BTreeSet::new();
        let mut blobs = BTreeSet::new();
        let mut index = BTreeSet::new();
        let mut meta = BTreeSet::new();
        for batch in batches() {
            streams.extend(batch.events.iter().map(|event| event.stream.clone()));
            streams.extend(batch.supposes.iter().map(|(stream, _)| stream.clone()));
            blobs.extend(batch.blobs.iter().map(|(id, _)| id.clone()));
            index.extend(batch.index.iter().map(|(case, _)| case.clone()));
            meta.extend(batch.meta.iter().map(|(name, _)| user(name)));
        }
        // Each kind of row has a digest, so that there is one statement for all.
        let asked = |select, names: BTreeSet<String>| Self {
            select,
            names: names.into_iter().collect(),
        };
        [
            asked(
                // A search in the index for each stream: grouping by stream would read all events of them.
                "SELECT 'stream', asked.column1,
                    (SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = asked.column1),
                    (SELECT digest FROM heads WHERE name = 'events')
                 FROM (VALUES {}) AS asked",
                streams,
            ),
            asked(
                "SELECT 'blob', id, CAST(0 AS BIGINT), (SELECT digest FROM heads WHERE name = 'blobs')
                 FROM blobs WHERE id IN (VALUES {})",
                blobs,
            ),
            asked(
                "SELECT 'index', case_id, CAST(0 AS BIGINT), digest FROM index_records WHERE case_id IN (VALUES {})",
                index,
            ),
            asked(
                "SELECT 'meta', name, CAST(0 AS BIGINT), digest FROM meta WHERE name IN (VALUES {})",
                meta,
            ),
        ]
    }
}

impl Known {
    async fn read(tx: &mut Connection, group: &[Prepared<'_>]) -> Result<Self, StoreError> {
        let mut read = Self::default();
        let mut ask = QueryBuilder::<Db>::new(
            "SELECT 'head', name, count, digest FROM heads WHERE name <> 'entries'
             UNION ALL SELECT 'time', value, 0, digest FROM meta WHERE name = ",
        );
        ask.push_bind(LATEST_TIME);
        let mut asked = 0;
        for kind in Asked::of(group) {
            for names in kind.names.chunks(ROWS_MAX) {
                if asked + names.len() > ROWS_MAX {
                    read.take(tx, std::mem::replace(&mut ask, QueryBuilder::new("")))
                        .await?;
                    asked = 0;
                } else {
                    ask.push(" UNION ALL ");
                }
                asked += names.len();
                let (before, after) = kind.select.split_once("{}").unwrap_or((kind.select, ""));
                ask.push(before);
                let mut rows = ask.separated(", ");
                for name in names {
                    rows.push("(").push_bind_unseparated(name.clone());
                    rows.push_unseparated(")");
                }
                ask.push(after);
            }
        }
        read.take(tx, ask).await?;
        Ok(read)
    }

    async fn take(
        &mut self,
        tx: &mut Connection,
        mut ask: QueryBuilder<Db>,
    ) -> Result<(), StoreError> {
        let rows: Vec<(String, String, i64, Vec<u8>)> =
            ask.build_query_as().fetch_all(&mut *tx).await?;
        for (kind, name, number, digest) in rows {
            match kind.as_str() {
                "time" => {
                    self.time = Some(time(&name)?);
                    self.meta.insert(LATEST_TIME.to_owned(), digest);
                }
                "stream" => {
                    self.versions.insert(name, unsigned(number, "version")?);
                }
                "blob" => {
                    self.blobs.insert(name);
                }
                "index" => {
                    self.index.insert(name, digest);
                }
                "meta" => {
                    self.meta.insert(name, digest);
                }
                _ => {
                    let head = Head {
                        count: unsigned(number, "count")?,
                        digest,
                        changed: false,
                    };
                    self.heads.insert(name, head);
                }
            }
        }
        Ok(())
    }

    fn head(&mut self, name: &str) -> Result<&mut Head, StoreError> {
        let head = self.heads.get_mut(name);
        head.ok_or_else(|| StoreError::damaged(format!("the head of the {name} is missing")))
    }

    /// Whether every stream is where the batch supposes it.
    fn check(&self, batch: &Batch) -> Result<(), CommitError> {
        let conflict = |stream: &str, version, found| {
            Err(CommitError::Conflict {
                stream: stream.to_owned(),
                version,
                found,
            })
        };
        let found = |stream: &String| self.versions.get(stream).copied().unwrap_or(0);
        for (stream, version) in &batch.supposes {
            if found(stream) != *version {
                return conflict(stream, *version, found(stream));
            }
        }
        let mut own: BTreeMap<&str, u64> = BTreeMap::new();
        for event in &batch.events {
            let version = own
                .entry(&event.stream)
                .or_insert_with(|| found(&event.stream));
            if version.checked_add(1) != Some(event.version) {
                return conflict(&event.stream, event.version, *version);
            }
            *version = event.version;
        }
        Ok(())
    }
}

impl Head {
    /// Adds a row to a digest that does not depend on the order of rows.
    fn add(&mut self, row: &[u8]) {
        self.count += 1;
        self.mix(row);
    }

    fn mix(&mut self, row: &[u8]) {
        for (byte, other) in self.digest.iter_mut().zip(row) {
            *byte ^= other;
        }
        self.changed = true;
    }

    /// A row in the place of another one, if there was one.
    fn replace(&mut self, old: Option<Vec<u8>>, new: &[u8]) {
        match old {
            Some(old) => {
                self.mix(&old);
                self.mix(new);
            }
            None => self.add(new),
        }
    }
}

/// The name under which a setting of the store's user is kept.
fn user(name: &str) -> String {
    format!("user/{name}")
}

/// What became of a batch.
type Done = Result<Placed, CommitError>;

/// Commits a group: one result for each batch, in order, or one error for all.
pub(crate) async fn commit_group(
    writers: &Writers,
    group: Vec<Prepared<'_>>,
) -> Result<Vec<Done>, StoreError> {
    let mut connection = writer(writers).await?;
    if group.iter().all(Prepared::is_only_leaves) {
        return commit_leaves(&mut connection, &group).await;
    }
    match commit_all(&mut connection, &group).await {
        // One batch has what the database refuses: each gets a transaction of its own, and its own answer.
        Err(error) if error.is_of_one_statement() => {
            if group.len() == 1 {
                return Ok(vec![Err(error.into())]);
            }
            let mut results = Vec::with_capacity(group.len());
            for one in group.chunks(1) {
                results.push(match commit_all(&mut connection, one).await {
                    Ok(mut result) => result.pop().unwrap_or(Ok(Placed::default())),
                    Err(error) if error.is_of_one_statement() => Err(error.into()),
                    Err(error) => return Err(error),
                });
            }
            Ok(results)
        }
        result => result,
    }
}

/// The entries of a group, in order, and how many there are of each batch.
#[derive(Default)]
struct Staging {
    segments: Vec<Segment>,
    entries: u64,
    /// Whether somebody wants to know where they stand.
    is_placed: bool,
}

impl Staging {
    /// Adds a batch's entries; where the first stands among the group's, if there is one.
    fn add(&mut self, prepared: &Prepared<'_>) -> Option<u64> {
        let first = self.entries;
        for segment in &prepared.segments {
            self.entries += segment.count;
            segment.join(&mut self.segments);
        }
        self.is_placed |= prepared.is_placed;
        (prepared.is_placed && self.entries > first).then_some(first)
    }
}

/// From places among a group's entries to their indexes in the log.
fn placed(results: &mut [Done], base: Option<u64>) {
    for placed in results.iter_mut().flatten() {
        if let Some(place) = &mut placed.entry {
            *place += base.unwrap_or(0);
        }
    }
}

/// Entries alone cannot be refused. They are one row, unless they are many: one statement, and its sync.
async fn commit_leaves(
    connection: &mut Connection,
    group: &[Prepared<'_>],
) -> Result<Vec<Done>, StoreError> {
    let mut staging = Staging::default();
    let mut results = Vec::with_capacity(group.len());
    for prepared in group {
        results.push(Ok(Placed {
            entry: staging.add(prepared),
            event: None,
        }));
    }
    let (mut script, rows) = (Script::default(), staging.segments.len());
    let is_placed = staging.is_placed;
    stage(&mut script, staging)?;
    // CRASH: until the statement or the transaction is committed, nothing of the group is there after a restart, and
    // nobody was told anything; after it, all of it, since the database has synced its log before it says so.
    let base = if IS_STATEMENT_EXCLUSIVE && rows <= 1 {
        run(connection, script, rows, is_placed).await?
    } else {
        let mut tx = begin_write(connection).await?;
        let base = run(&mut tx, script, rows, is_placed).await?;
        tx.commit().await?;
        base
    };
    placed(&mut results, base);
    Ok(results)
}

async fn commit_all(
    connection: &mut Connection,
    group: &[Prepared<'_>],
) -> Result<Vec<Done>, StoreError> {
    let mut tx = begin_write(connection).await?;
    // CRASH: until the commit at the end, nothing of the group is there after a restart, and nobody was told anything.
    let mut known = Known::read(&mut tx, group).await?;
    let mut results: Vec<Done> = Vec::with_capacity(group.len());
    let mut staging = Staging::default();
    let mut writes = Writes::default();
    for prepared in group {
        let batch = &*prepared.batch;
        results.push(match known.check(batch) {
            // Stage: the entries get their place in the log, in the order of the group.
            Ok(()) => Ok(Placed {
                event: writes.add(batch, &mut known)?,
                entry: staging.add(prepared),
            }),
            Err(refused) => Err(refused),
        });
    }
    if results.iter().all(Result::is_err) {
        tx.rollback().await?;
        return Ok(results);
    }
    let (mut script, rows) = (Script::default(), staging.segments.len());
    let is_placed = staging.is_placed;
    writes.write(&mut script)?;
    known.write(&mut script)?;
    stage(&mut script, staging)?;
    let base = run(&mut tx, script, rows, is_placed).await?;
    // CRASH: during the commit, the database keeps all of the group or nothing; after it, all of it, since the
    // database has synced its log before it says so. No caller was told anything in the first case.
    tx.commit().await?;
    placed(&mut results, base);
    Ok(results)
}

/// Runs the statements of a group, of which so many stage entries; the answer is the index of the first entry, where
/// somebody wants to know.
async fn run(
    connection: &mut Connection,
    script: Script<'_>,
    staged: usize,
    is_placed: bool,
) -> Result<Option<u64>, StoreError> {
    let places = script.run(connection).await?;
    if !is_placed {
        return Ok(None);
    }
    if places.len() != staged {
        return Err(StoreError::damaged("the head of the entries is missing"));
    }
    let first = places.first().copied();
    first.map(|first| unsigned(first, "log index")).transpose()
}

/// What the batches of a group write, beside entries.
#[derive(Default)]
struct Writes<'a> {
    events: Vec<[Value<'a>; 7]>,
    blobs: Vec<(&'a str, &'a [u8])>,
    /// By case: the last of several.
    index: BTreeMap<&'a str, (&'a [u8], Vec<u8>)>,
    /// By name: the last of several.
    meta: BTreeMap<String, (Cow<'a, str>, Vec<u8>)>,
}

impl<'a> Writes<'a> {
    /// Adds a batch that is not refused; the place of its first event in the journal, if it has one.
    fn add(&mut self, batch: &'a Batch, known: &mut Known) -> Result<Option<u64>, StoreError> {
        let mut first = None;
        for event in &batch.events {
            let sequence = self.event(event, known)?;
            first = first.or(Some(sequence));
        }
        for (id, bytes) in &batch.blobs {
            if known.blobs.insert(id.clone()) {
                let digest = record_digest("blob", id, id.as_bytes());
                known.head("blobs")?.add(&digest);
                self.blobs.push((id, bytes));
            }
        }
        for (case, record) in &batch.index {
            let digest = record_digest("index", case, record).to_vec();
            let old = known.index.insert(case.clone(), digest.clone());
            known.head("index")?.replace(old, &digest);
            self.index.insert(case, (record, digest));
        }
        for (name, value) in &batch.meta {
            self.setting(user(name), value.as_str().into(), known)?;
        }
        if let Some(now) = batch.seen_at
            && known.time.is_none_or(|seen| seen < now)
        {
            known.time = Some(now);
            self.setting(LATEST_TIME.to_owned(), now.to_string().into(), known)?;
        }
        Ok(first)
    }

    fn event(&mut self, event: &'a NewEvent, known: &mut Known) -> Result<u64, StoreError> {
        known.versions.insert(event.stream.clone(), event.version);
        let head = known.head("events")?;
        head.count += 1;
        let at = event.at.to_string();
        head.digest = chain(&head.digest, head.count, event, &at).to_vec();
        head.changed = true;
        self.events.push([
            Value::Number(signed(head.count)?),
            Value::text(&event.stream),
            Value::Number(signed(event.version)?),
            Value::text(at),
            Value::text(&event.kind),
            Value::text(&event.body),
            Value::bytes(head.digest.clone()),
        ]);
        Ok(head.count)
    }

    fn setting(
        &mut self,
        name: String,
        value: Cow<'a, str>,
        known: &mut Known,
    ) -> Result<(), StoreError> {
        let digest = record_digest("meta", &name, value.as_bytes()).to_vec();
        let old = known.meta.insert(name.clone(), digest.clone());
        known.head("meta")?.replace(old, &digest);
        self.meta.insert(name, (value, digest));
        Ok(())
    }

    fn write(self, script: &mut Script<'a>) -> Result<(), StoreError> {
        let mut events = self.events.into_iter().peekable();
        while events.peek().is_some() {
            script.insert(
                "INSERT INTO events (sequence, stream, version, at, kind, body, chain)",
                events.by_ref().take(EVENTS_MAX).collect(),
                "",
            );
        }
        for (id, bytes) in self.blobs {
            let row = [Value::text(id), Value::bytes(bytes)];
            script.insert("INSERT INTO blobs (id, bytes)", vec![row], "");
        }
        for (case, (record, digest)) in self.index {
            script.insert(
                "INSERT INTO index_records (case_id, record, digest)",
                vec![[Value::text(case), Value::bytes(record), Value::bytes(digest)]],
                "ON CONFLICT (case_id) DO UPDATE SET record = excluded.record, digest = excluded.digest",
            );
        }
        for (name, (value, digest)) in self.meta {
            script.insert(
                "INSERT INTO meta (name, value, digest)",
                vec![[Value::text(name), Value::text(value), Value::bytes(digest)]],
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value, digest = excluded.digest",
            );
        }
        Ok(())
    }
}

impl Known {
    /// The heads as they are by now.
    fn write(self, script: &mut Script<'_>) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        for (name, head) in self.heads {
            if head.changed {
                let count = Value::Number(signed(head.count)?);
                rows.push([Value::text(name), count, Value::bytes(head.digest)]);
            }
        }
        script.insert(
            "INSERT INTO heads (name, count, digest)",
            rows,
            "ON CONFLICT (name) DO UPDATE SET count = excluded.count, digest = excluded.digest",
        );
        Ok(())
    }
}

/// Entries get their place in the log here, in the order of commits; they are in a tree once a checkpoint covers them.
/// A trigger counts them.
fn stage(script: &mut Script<'_>, staging: Staging) -> Result<(), StoreError> {
    const STAGE: &str = "INSERT INTO log_staged (first, count, leaves, entries)
             SELECT count, ?, ?, ? FROM heads WHERE name = 'entries'";
    const STAGE_PLACED: &str = "INSERT INTO log_staged (first, count, leaves, entries)
             SELECT count, ?, ?, ? FROM heads WHERE name = 'entries' RETURNING first";
    let text = if staging.is_placed {
        STAGE_PLACED
    } else {
        STAGE
    };
    for segment in staging.segments {
        let values = vec![
            Value::Number(signed(segment.count)?),
            Value::bytes(segment.leaves),
            Value::bytes(segment.entries),
        ];
        script.add(text, values, Some(1));
    }
    Ok(())
}
