CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY) STRICT;

CREATE TABLE events (
    sequence INTEGER NOT NULL PRIMARY KEY,
    stream   TEXT    NOT NULL,
    version  INTEGER NOT NULL CHECK (version > 0),
    at       TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    chain    BLOB    NOT NULL CHECK (length(chain) = 32),
    UNIQUE (stream, version)
) STRICT;

CREATE TABLE blobs (
    id    TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 64),
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE log_entries (
    idx   INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
    leaf  BLOB    NOT NULL CHECK (length(leaf) = 32),
    entry BLOB    NOT NULL
) STRICT;
CREATE INDEX log_entries_by_leaf ON log_entries (leaf, idx);

CREATE TABLE log_hashes (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),
    idx   INTEGER NOT NULL CHECK (idx >= 0),
    hash  BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_checkpoints (
    size INTEGER NOT NULL PRIMARY KEY CHECK (size > 0),
    note TEXT    NOT NULL
) STRICT;

CREATE TABLE index_records (
    case_id TEXT NOT NULL PRIMARY KEY,
    record  BLOB NOT NULL
) STRICT;

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- What was once written of these is never changed: the database itself refuses.
CREATE TRIGGER events_keep_u BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_keep_d BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER blobs_keep_u BEFORE UPDATE ON blobs BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
CREATE TRIGGER blobs_keep_d BEFORE DELETE ON blobs BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
CREATE TRIGGER log_entries_keep_u BEFORE UPDATE ON log_entries BEGIN SELECT RAISE(ABORT, 'log_entries are append-only'); END;
CREATE TRIGGER log_entries_keep_d BEFORE DELETE ON log_entries BEGIN SELECT RAISE(ABORT, 'log_entries are append-only'); END;
CREATE TRIGGER log_hashes_keep_u BEFORE UPDATE ON log_hashes BEGIN SELECT RAISE(ABORT, 'log_hashes are append-only'); END;
CREATE TRIGGER log_hashes_keep_d BEFORE DELETE ON log_hashes BEGIN SELECT RAISE(ABORT, 'log_hashes are append-only'); END;
CREATE TRIGGER log_checkpoints_keep_u BEFORE UPDATE ON log_checkpoints BEGIN SELECT RAISE(ABORT, 'log_checkpoints are append-only'); END;
CREATE TRIGGER log_checkpoints_keep_d BEFORE DELETE ON log_checkpoints BEGIN SELECT RAISE(ABORT, 'log_checkpoints are append-only'); END;
-- INSERT OR REPLACE deletes without asking the delete trigger, so inserting over a row is refused too.
CREATE TRIGGER events_keep_i BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE sequence = NEW.sequence OR (stream = NEW.stream AND version = NEW.version))
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER log_entries_keep_i BEFORE INSERT ON log_entries
    WHEN EXISTS (SELECT 1 FROM log_entries WHERE idx = NEW.idx)
    BEGIN SELECT RAISE(ABORT, 'log_entries are append-only'); END;
CREATE TRIGGER log_hashes_keep_i BEFORE INSERT ON log_hashes
    WHEN EXISTS (SELECT 1 FROM log_hashes WHERE level = NEW.level AND idx = NEW.idx)
    BEGIN SELECT RAISE(ABORT, 'log_hashes are append-only'); END;
CREATE TRIGGER log_checkpoints_keep_i BEFORE INSERT ON log_checkpoints
    WHEN EXISTS (SELECT 1 FROM log_checkpoints WHERE size >= NEW.size)
    BEGIN SELECT RAISE(ABORT, 'log_checkpoints only grow'); END;
CREATE TRIGGER blobs_keep_i BEFORE INSERT ON blobs
    WHEN EXISTS (SELECT 1 FROM blobs WHERE id = NEW.id AND bytes <> NEW.bytes)
    BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
