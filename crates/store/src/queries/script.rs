//! Statements that are executed one after another, with as few round trips as the database allows.
//!
//! SQLite takes several at once, and what lies between two of them, a wake of its thread and one of ours, takes longer
//! than most of them do.

use std::borrow::Cow;

use sqlx::{Arguments as _, AssertSqlSafe, Database, query_scalar_with, query_with};

use super::super::{ARE_STATEMENTS_JOINED, Db};
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

struct Statement<'a> {
    /// With `?` for each value.
    text: String,
    values: Vec<Value<'a>>,
    /// Rows that it changes, where that is known.
    rows: Option<u64>,
}

/// Statements, in order.
#[derive(Default)]
pub(crate) struct Script<'a> {
    statements: Vec<Statement<'a>>,
}

impl<'a> Script<'a> {
    /// Adds a statement with `?` for each value, and how many rows it must change, if that is known.
    pub(crate) fn add(&mut self, text: &str, values: Vec<Value<'a>>, rows: Option<u64>) {
        self.statements.push(Statement {
            text: text.to_owned(),
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
        self.add(&text, rows.into_iter().flatten().collect(), count);
    }

    /// Executes all of them, and returns the numbers that those with `RETURNING` give.
    ///
    /// # Errors
    /// The first that failed: the transaction must be given up then. [`StoreError::Damaged`] when other rows were changed
    /// than the statements say, where none of them returns anything.
    pub(crate) async fn run(self, tx: &mut Connection) -> Result<Vec<i64>, StoreError> {
        let mut returned = Vec::new();
        let mut piece = Vec::new();
        let mut bytes = 0_usize;
        for statement in self.statements {
            let size: usize = statement.values.iter().map(Value::size).sum();
            if !piece.is_empty() && (!ARE_STATEMENTS_JOINED || bytes + size > BYTES_MAX) {
                run_piece(tx, std::mem::take(&mut piece), &mut returned).await?;
                bytes = 0;
            }
            bytes += size;
            piece.push(statement);
        }
        run_piece(tx, piece, &mut returned).await?;
        Ok(returned)
    }
}

async fn run_piece(
    tx: &mut Connection,
    piece: Vec<Statement<'_>>,
    returned: &mut Vec<i64>,
) -> Result<(), StoreError> {
    if piece.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    let mut arguments = <Db as Database>::Arguments::default();
    let mut number = 0_usize;
    let mut rows = Some(0);
    let mut returns = false;
    for statement in piece {
        if number > 0 {
            text.push_str(";\n");
        }
        for (place, part) in statement.text.split('?').enumerate() {
            if place > 0 {
                number += 1;
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
        rows = rows.zip(statement.rows).map(|(all, own)| all + own);
        returns |= statement.text.contains(" RETURNING ");
    }
    let text = AssertSqlSafe(text);
    if returns {
        // All rows are asked for: `fetch_optional` leaves a statement, and those after it, after the first row.
        let numbers = query_scalar_with::<Db, i64, _>(text, arguments);
        returned.extend(numbers.fetch_all(&mut *tx).await?);
        return Ok(());
    }
    let done = query_with::<Db, _>(text, arguments)
        .execute(&mut *tx)
        .await?;
    match rows {
        Some(rows) if rows != done.rows_affected() => Err(StoreError::damaged(format!(
            "{} rows were written instead of {rows}",
            done.rows_affected()
        ))),
        _ => Ok(()),
    }
}
