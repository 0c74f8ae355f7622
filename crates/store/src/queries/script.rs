//! Statements that are executed one after another, with as few round trips as the database allows.
//!
//! SQLite takes several at once, and what lies between two of them, a wake of its thread and one of ours, takes longer
//! than most of them do.

use std::borrow::Cow;

use futures_util::TryStreamExt as _;
use sqlx::{
    Arguments as _, AssertSqlSafe, Database, Either, Executor as _, FromRow, Row as _,
    query_as_with, query_with,
};

use super::super::{ARE_STATEMENTS_JOINED, BEGIN, COMMIT, Db, WriteTx, Writers};
use super::Connection;
use crate::error::StoreError;

/// Bytes of values in one round trip, unless those of one statement are more.
const BYTES_MAX: usize = 1 << 20;

/// A value of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    Number(i64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn bytes(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::Bytes(bytes.into())
    }

    fn size(&self) -> usize {
        match self {
            Self::Number(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// One statement, with `?` for each value.
pub(crate) struct Statement<'a> {
    pub(crate) text: Cow<'static, str>,
    pub(crate) values: Vec<Value<'a>>,
    /// Rows that it changes, where that is known.
    pub(crate) rows: Option<u64>,
}

/// Statements, in order.
#[derive(Default)]
pub(crate) struct Script<'a> {
    statements: Vec<Statement<'a>>,
    bytes: usize,
}

/// Begins a transaction that writes, with what it reads first.
pub(crate) async fn begin<'a, R>(
    writers: &'a Writers,
    first: Statement<'_>,
) -> Result<(WriteTx<'a>, Vec<R>), StoreError>
where
    R: for<'r> FromRow<'r, <Db as Database>::Row> + Send + Unpin,
{
    let mut tx = WriteTx::begin(writers).await?;
    let mut text = BEGIN.map(|begin| format!("{begin};\n")).unwrap_or_default();
    let mut arguments = <Db as Database>::Arguments::default();
    render(first, &mut text, &mut arguments, &mut 0)?;
    let rows = query_as_with(AssertSqlSafe(text), arguments);
    let rows = rows.fetch_all(tx.connection()?).await?;
    Ok((tx, rows))
}

/// Reads more in a transaction that was begun.
pub(crate) async fn ask<R>(
    connection: &mut Connection,
    statement: Statement<'_>,
) -> Result<Vec<R>, StoreError>
where
    R: for<'r> FromRow<'r, <Db as Database>::Row> + Send + Unpin,
{
    let mut text = String::new();
    let mut arguments = <Db as Database>::Arguments::default();
    render(statement, &mut text, &mut arguments, &mut 0)?;
    let rows = query_as_with(AssertSqlSafe(text), arguments);
    Ok(rows.fetch_all(connection).await?)
}

impl<'a> Script<'a> {
    /// Adds a statement with `?` for each value, and how many rows it must change, if that is known.
    pub(crate) fn add(
        &mut self,
        text: impl Into<Cow<'static, str>>,
        values: Vec<Value<'a>>,
        rows: Option<u64>,
    ) {
        self.bytes += values.iter().map(Value::size).sum::<usize>();
        self.statements.push(Statement {
            text: text.into(),
            values,
            rows,
        });
    }

    /// Adds an `INSERT INTO … (…)` of rows, each with the same number of values, and what stands after them. All of them
    /// must be written, unless what stands there leaves some as they are.
    pub(crate) fn insert<const N: usize>(
        &mut self,
        into: &str,
        rows: Vec<[Value<'a>; N]>,
        after: &str,
    ) {
        if rows.is_empty() {
            return;
        }
        let leaves_some = after.contains(" DO NOTHING") || after.contains(" WHERE ");
        let row = format!("({})", ["?"; N].join(", "));
        let text = format!("{into} VALUES {} {after}", vec![row; rows.len()].join(", "));
        let count = (!leaves_some).then_some(rows.len() as u64);
        self.add(text, rows.into_iter().flatten().collect(), count);
    }

    /// Whether it is time to run what is there, so that not too much of it is in memory.
    pub(crate) fn is_large(&self) -> bool {
        self.bytes > BYTES_MAX
    }

    /// Executes all of them, and returns the numbers that those with `RETURNING` give.
    ///
    /// # Errors
    /// The first that failed: the transaction must be given up then. [`StoreError::Damaged`] when other rows were changed
    /// than the statements say.
    pub(crate) async fn run(self, connection: &mut Connection) -> Result<Vec<i64>, StoreError> {
        let mut returned = Vec::new();
        for piece in self.pieces() {
            returned.extend(run_piece(connection, piece, None).await?);
        }
        Ok(returned)
    }

    /// As [`Script::run`], and commits: when this returns, everything is durable.
    ///
    /// # Errors
    /// As for [`Script::run`]; the transaction is given up then.
    pub(crate) async fn commit(self, mut tx: WriteTx<'_>) -> Result<Vec<i64>, StoreError> {
        let mut returned = Vec::new();
        let mut pieces = self.pieces();
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            returned.extend(run_piece(tx.connection()?, piece, None).await?);
        }
        returned.extend(run_piece(tx.connection()?, last, COMMIT).await?);
        tx.end().await?;
        Ok(returned)
    }

    /// What is sent at once.
    fn pieces(self) -> Vec<Vec<Statement<'a>>> {
        let mut pieces: Vec<Vec<Statement<'a>>> = Vec::new();
        let mut bytes = 0_usize;
        for statement in self.statements {
            let size: usize = statement.values.iter().map(Value::size).sum();
            match pieces.last_mut() {
                Some(piece) if ARE_STATEMENTS_JOINED && bytes + size <= BYTES_MAX => {
                    bytes += size;
                    piece.push(statement);
                }
                _ => {
                    bytes = size;
                    pieces.push(vec![statement]);
                }
            }
        }
        pieces
    }
}

/// Adds a statement's text, with numbers for its values, and its values.
fn render(
    statement: Statement<'_>,
    text: &mut String,
    arguments: &mut <Db as Database>::Arguments,
    number: &mut usize,
) -> Result<(), sqlx::Error> {
    for (place, part) in statement.text.split('?').enumerate() {
        if place > 0 {
            *number += 1;
            text.push_str(&format!("${number}"));
        }
        text.push_str(part);
    }
    for value in statement.values {
        match value {
            Value::Number(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text.into_owned()),
            Value::Bytes(bytes) => arguments.add(bytes.into_owned()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(())
}

async fn run_piece(
    connection: &mut Connection,
    piece: Vec<Statement<'_>>,
    last: Option<&str>,
) -> Result<Vec<i64>, StoreError> {
    let mut text = String::new();
    let mut arguments = <Db as Database>::Arguments::default();
    let (mut number, mut expected) = (0, Vec::new());
    for statement in piece {
        if !text.is_empty() {
            text.push_str(";\n");
        }
        expected.push(statement.rows);
        render(statement, &mut text, &mut arguments, &mut number)?;
    }
    if let Some(last) = last {
        if !text.is_empty() {
            text.push_str(";\n");
        }
        text.push_str(last);
        expected.push(None);
    }
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut returned = Vec::new();
    let mut changed = Vec::new();
    let mut answers = connection.fetch_many(query_with::<Db, _>(AssertSqlSafe(text), arguments));
    while let Some(answer) = answers.try_next().await? {
        match answer {
            Either::Left(done) => changed.push(done.rows_affected()),
            Either::Right(row) => returned.push(row.try_get(0)?),
        }
    }
    drop(answers);
    // Each statement says that it has come to its end: without that, nothing is known to be stored.
    if changed.len() != expected.len() {
        return Err(StoreError::Interrupted);
    }
    for (changed, expected) in changed.into_iter().zip(expected) {
        if let Some(expected) = expected
            && changed != expected
        {
            return Err(StoreError::damaged(format!(
                "{changed} rows were written instead of {expected}"
            )));
        }
    }
    Ok(returned)
}
