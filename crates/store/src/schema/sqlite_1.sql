CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY) STRICT;

-- How many there are of each kind of thing, and a digest over all of them: what is lost at an end is noticed too.
CREATE TABLE heads (
    name   TEXT    NOT NULL PRIMARY KEY,
    count  INTEGER NOT NULL CHECK (count >= 0),
    digest BLOB    NOT NULL CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;
INSERT INTO heads (name, count, digest) VALUES
    ('blobs', 0, zeroblob(32)), ('checkpoints', 0, zeroblob(32)), ('entries', 0, zeroblob(32)),
    ('events', 0, zeroblob(32)), ('index', 0, zeroblob(32)), ('meta', 0, zeroblob(32));

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

-- Log entries as they are committed, in rows of one or more, each entry after its length in two bytes, with their leaf
-- hashes. They go once a full bundle of signed entries has them.
CREATE TABLE log_staged (
    first   INTEGER NOT NULL PRIMARY KEY CHECK (first >= 0),
    count   INTEGER NOT NULL CHECK (count > 0),
    leaves  BLOB    NOT NULL CHECK (length(leaves) = 32 * count),
    entries BLOB    NOT NULL
) STRICT;

-- Full entry bundles of C2SP tlog-tiles.
CREATE TABLE log_bundles (
    idx     INTEGER NOT NULL PRIMARY KEY CHECK (idx >= 0),
    entries BLOB    NOT NULL
) STRICT;

-- Tiles of C2SP tlog-tiles, the last of each level as wide as it is by now.
CREATE TABLE log_tiles (
    level  INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
    idx    INTEGER NOT NULL CHECK (idx >= 0),
    hashes BLOB    NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
    PRIMARY KEY (level, idx)
) STRICT;

-- Where a leaf hash stands, by its first eight bytes. A tile says whether the rest is the same.
CREATE TABLE log_places (
    prefix INTEGER NOT NULL,
    idx    INTEGER NOT NULL CHECK (idx >= 0),
    PRIMARY KEY (prefix, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_checkpoints (
    size INTEGER NOT NULL PRIMARY KEY CHECK (size > 0),
    note TEXT    NOT NULL
) STRICT;

-- Who may put a checkpoint over the log, and until when. The token grows with every holder.
CREATE TABLE leases (
    name       TEXT    NOT NULL PRIMARY KEY,
    holder     TEXT    NOT NULL,
    token      INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO leases (name, holder, token, expires_ms) VALUES ('integrate', '', 0, 0);

CREATE TABLE index_records (
    case_id TEXT NOT NULL PRIMARY KEY,
    record  BLOB NOT NULL,
    digest  BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

CREATE TABLE meta (
    name   TEXT NOT NULL PRIMARY KEY,
    value  TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

-- What was once written of these is never changed: the database itself refuses.
CREATE TRIGGER events_keep_u BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_keep_d BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER blobs_keep_u BEFORE UPDATE ON blobs BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
CREATE TRIGGER blobs_keep_d BEFORE DELETE ON blobs BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
CREATE TRIGGER log_staged_keep_u BEFORE UPDATE ON log_staged BEGIN SELECT RAISE(ABORT, 'log_staged are append-only'); END;
CREATE TRIGGER log_bundles_keep_u BEFORE UPDATE ON log_bundles BEGIN SELECT RAISE(ABORT, 'log_bundles are append-only'); END;
CREATE TRIGGER log_bundles_keep_d BEFORE DELETE ON log_bundles BEGIN SELECT RAISE(ABORT, 'log_bundles are append-only'); END;
CREATE TRIGGER log_tiles_keep_d BEFORE DELETE ON log_tiles BEGIN SELECT RAISE(ABORT, 'log_tiles are append-only'); END;
CREATE TRIGGER log_places_keep_u BEFORE UPDATE ON log_places BEGIN SELECT RAISE(ABORT, 'log_places are append-only'); END;
CREATE TRIGGER log_places_keep_d BEFORE DELETE ON log_places BEGIN SELECT RAISE(ABORT, 'log_places are append-only'); END;
CREATE TRIGGER log_checkpoints_keep_u BEFORE UPDATE ON log_checkpoints BEGIN SELECT RAISE(ABORT, 'log_checkpoints are append-only'); END;
CREATE TRIGGER log_checkpoints_keep_d BEFORE DELETE ON log_checkpoints BEGIN SELECT RAISE(ABORT, 'log_checkpoints are append-only'); END;
-- A staged row may go when all of its entries are in bundles.
CREATE TRIGGER log_staged_keep_d BEFORE DELETE ON log_staged
    WHEN OLD.first + OLD.count > 256 * (SELECT COALESCE(MAX(idx) + 1, 0) FROM log_bundles)
    BEGIN SELECT RAISE(ABORT, 'log_staged are append-only'); END;
-- A tile only grows.
CREATE TRIGGER log_tiles_grow_u BEFORE UPDATE ON log_tiles
    WHEN NEW.level <> OLD.level OR NEW.idx <> OLD.idx OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
    BEGIN SELECT RAISE(ABORT, 'log_tiles only grow'); END;
-- INSERT OR REPLACE deletes without asking the delete trigger, so inserting over a row is refused too.
CREATE TRIGGER events_keep_i BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE sequence = NEW.sequence OR (stream = NEW.stream AND version = NEW.version))
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER log_staged_keep_i BEFORE INSERT ON log_staged
    WHEN NEW.first < (SELECT first + count FROM log_staged ORDER BY first DESC LIMIT 1)
      OR NEW.first < 256 * (SELECT MAX(idx) + 1 FROM log_bundles)
    BEGIN SELECT RAISE(ABORT, 'log_staged are append-only'); END;
CREATE TRIGGER log_bundles_keep_i BEFORE INSERT ON log_bundles
    WHEN EXISTS (SELECT 1 FROM log_bundles WHERE idx = NEW.idx)
    BEGIN SELECT RAISE(ABORT, 'log_bundles are append-only'); END;
CREATE TRIGGER log_tiles_grow_i BEFORE INSERT ON log_tiles
    WHEN EXISTS (SELECT 1 FROM log_tiles WHERE level = NEW.level AND idx = NEW.idx
                 AND substr(NEW.hashes, 1, length(hashes)) <> hashes)
    BEGIN SELECT RAISE(ABORT, 'log_tiles only grow'); END;
CREATE TRIGGER log_checkpoints_keep_i BEFORE INSERT ON log_checkpoints
    WHEN EXISTS (SELECT 1 FROM log_checkpoints WHERE size >= NEW.size)
    BEGIN SELECT RAISE(ABORT, 'log_checkpoints only grow'); END;
CREATE TRIGGER blobs_keep_i BEFORE INSERT ON blobs
    WHEN EXISTS (SELECT 1 FROM blobs WHERE id = NEW.id AND bytes <> NEW.bytes)
    BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;

-- What ends by itself and is no evidence: sessions, invitations, answers that are kept for a retry.
CREATE TABLE tickets (
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    owner   TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    ends_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_by_owner ON tickets (kind, owner);
CREATE INDEX tickets_by_end ON tickets (ends_ms);
