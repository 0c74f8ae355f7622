//! Writing batches: a group of them in one transaction, each of them whole or not at all.
//!
//! What decides about them is read at once; then it is decided in memory which are refused; then all others are written
//! at once. A round trip to the database takes longer than what is done there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::super::{IS_STATEMENT_EXCLUSIVE, WriteTx, Writers, begin_write, writer};
use super::script::{Script, Statement, Value, ask, begin};
use super::{Connection, LATEST_TIME, ROWS_MAX, signed, time, unsigned};
use crate::batch::{Batch, NewEvent, Placed, Segment, chain, record_digest};
use crate::error::{CommitError, StoreError};
use crate::group::Prepared;
use jiff::Timestamp;

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

/// What is read of the names of one kind that a group is about, with `{}` for them.
struct Asked {
    select: &'static str,
    names: BTreeSet<String>,
}

impl Asked {
    fn of(group: &[Prepared<'_>]) -> [Self; 4] {
        // Each kind of row has a digest, so that there is one statement for all.
        let asked = |select| Self {
            select,
            names: BTreeSet::new(),
        };
        let [mut streams, mut blobs, mut index, mut meta] = [
            // A search in the index for each stream: grouping by stream would read all events of them.
            "SELECT 'stream', asked.column1,
                (SELECT COALESCE(MAX(version), 0) FROM events WHERE stream = asked.column1),
                (SELECT digest FROM heads WHERE name = 'events')
             FROM (VALUES {}) AS asked",
            "SELECT 'blob', id, CAST(0 AS BIGINT), (SELECT digest FROM heads WHERE name = 'blobs')
             FROM blobs WHERE id IN (VALUES {})",
            "SELECT 'index', case_id, CAST(0 AS BIGINT), digest
             FROM index_records WHERE case_id IN (VALUES {})",
            "SELECT 'meta', name, CAST(0 AS BIGINT), digest FROM meta WHERE name IN (VALUES {})",
        ]
        .map(asked);
        for prepared in group {
            let batch = &prepared.batch;
            let events = batch.events.iter().map(|event| &event.stream);
            let supposed = batch.supposes.iter().map(|(stream, _)| stream);
            streams.names.extend(events.chain(supposed).cloned());
            blobs
                .names
                .extend(batch.blobs.iter().map(|(id, _)| id.clone()));
            index
                .names
                .extend(batch.index.iter().map(|(case, _)| case.clone()));
            meta.names
                .extend(batch.meta.iter().map(|(name, _)| user(name)));
        }
        [streams, blobs, index, meta]
    }

    /// The statements that read all of this and the heads: one, unless there are very many names.
    fn statements(group: &[Prepared<'_>]) -> Vec<Statement<'static>> {
        let first = "SELECT 'head', name, count, digest FROM heads
             UNION ALL SELECT 'time', value, 0, digest FROM meta WHERE name = ?";
        let mut statements = Vec::new();
        let mut text = first.to_owned();
        let mut values = vec![Value::text(LATEST_TIME)];
        for kind in Self::of(group) {
            let mut names = kind.names.into_iter().peekable();
            while names.peek().is_some() {
                let some: Vec<_> = names.by_ref().take(ROWS_MAX).map(Value::text).collect();
                let places = vec!["(?)"; some.len()].join(", ");
                let select = kind.select.replace("{}", &places);
                if values.len() + some.len() > ROWS_MAX {
                    statements.push(reading(text, values));
                    (text, values) = (select, some);
                } else {
                    text = format!("{text} UNION ALL {select}");
                    values.extend(some);
                }
            }
        }
        statements.push(reading(text, values));
        statements
    }
}

fn reading(text: String, values: Vec<Value<'static>>) -> Statement<'static> {
    Statement {
        text: text.into(),
        values,
        rows: None,
    }
}

/// Kind, name, number and digest.
type Row = (String, String, i64, Vec<u8>);

impl Known {
    /// Begins a transaction that writes, with this.
    async fn begin<'a>(
        writers: &'a Writers,
        group: &[Prepared<'_>],
    ) -> Result<(WriteTx<'a>, Self), StoreError> {
        let mut statements = Asked::statements(group).into_iter();
        let first = statements
            .next()
            .unwrap_or_else(|| reading(String::new(), Vec::new()));
        let (mut tx, rows) = begin(writers, first).await?;
        let mut known = Self::default();
        known.take(rows)?;
        for statement in statements {
            known.take(ask(tx.connection()?, statement).await?)?;
        }
        Ok((tx, known))
    }

    fn take(&mut self, rows: Vec<Row>) -> Result<(), StoreError> {
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
    if group.iter().all(Prepared::is_only_leaves) {
        return commit_leaves(&mut *writer(writers).await?, &group).await;
    }
    match commit_all(writers, &group).await {
        // One batch has what the database refuses: each gets a transaction of its own, and its own answer.
        Err(error) if error.is_of_one_statement() => {
            if group.len() == 1 {
                return Ok(vec![Err(error.into())]);
            }
            let mut results = Vec::with_capacity(group.len());
            for one in group.chunks(1) {
                results.push(match commit_all(writers, one).await {
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

/// From places among a group's entries to their indexes in the log, of which the first is told.
fn placed(results: &mut [Done], told: Vec<i64>) -> Result<(), StoreError> {
    let first = told.first().copied().unwrap_or(0);
    let first = unsigned(first, "log index")?;
    for placed in results.iter_mut().flatten() {
        if let Some(place) = &mut placed.entry {
            *place += first;
        }
    }
    Ok(())
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
    stage(&mut script, staging)?;
    // CRASH: until the statement or the transaction is committed, nothing of the group is there after a restart, and
    // nobody was told anything; after it, all of it, since the database has synced its log before it says so.
    let places = if IS_STATEMENT_EXCLUSIVE && rows <= 1 {
        script.run(connection).await?
    } else {
        let mut tx = begin_write(connection).await?;
        let places = script.run(&mut tx).await?;
        tx.commit().await?;
        places
    };
    placed(&mut results, places)?;
    Ok(results)
}

async fn commit_all(writers: &Writers, group: &[Prepared<'_>]) -> Result<Vec<Done>, StoreError> {
    // CRASH: until the commit at the end, nothing of the group is there after a restart, and nobody was told anything.
    let (tx, mut known) = Known::begin(writers, group).await?;
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
    if rows > 0 {
        known.head("entries")?;
    }
    writes.write(&mut script);
    known.write(&mut script)?;
    stage(&mut script, staging)?;
    // CRASH: during the commit, the database keeps all of the group or nothing; after it, all of it, since the
    // database has synced its log before it says so. No caller was told anything in the first case.
    placed(&mut results, script.commit(tx).await?)?;
    Ok(results)
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

    fn write(self, script: &mut Script<'a>) {
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
