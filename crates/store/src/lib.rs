//! Events, blobs and the log in SQLite or PostgreSQL.
