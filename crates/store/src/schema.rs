//! Migrations. This file is compiled twice, as `queries.rs` is.

use super::{Db, begin_write};
use crate::error::StoreError;

/// Brings the tables to the newest of `schemas`, in one transaction; `fresh` says that there are none yet.
pub(crate) async fn migrate(
    connection: &mut <Db as sqlx::Database>::Connection,
    schemas: &[&'static str],
    fresh: bool,
) -> Result<(), StoreError> {
    let known = i64::try_from(schemas.len()).unwrap_or(i64::MAX);
    const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
    if !fresh
        && known
            == check(
                sqlx::query_scalar(VERSION)
                    .fetch_one(&mut *connection)
                    .await?,
                known,
            )?
    {
        return Ok(());
    }
    let mut tx = begin_write(connection).await?;
    let found: i64 = match fresh {
        true => 0,
        // Once more, under the lock: another process may have migrated meanwhile.
        false => check(
            sqlx::query_scalar(VERSION).fetch_one(&mut *tx).await?,
            known,
        )?,
    };
    for (version, schema) in (1i64..).zip(schemas) {
        if version > found {
            sqlx::raw_sql(*schema).execute(&mut *tx).await?;
            sqlx::query("INSERT INTO schema_version (version) VALUES ($1)")
                .bind(version)
                .execute(&mut *tx)
                .await?;
        }
    }
    // CRASH: before the commit the old schema is there, after it the new one; both databases do this for tables too.
    tx.commit().await?;
    Ok(())
}

fn check(found: i64, known: i64) -> Result<i64, StoreError> {
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(found)
}
