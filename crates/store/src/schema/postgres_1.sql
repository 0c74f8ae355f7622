CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY);

-- COLLATE "C": names compare by bytes, as in SQLite, whatever the cluster's locale.
CREATE TABLE events (
    sequence BIGINT           NOT NULL PRIMARY KEY,
    stream   TEXT COLLATE "C" NOT NULL,
    version  BIGINT           NOT NULL CHECK (version > 0),
    at       TEXT             NOT NULL,
    kind     TEXT             NOT NULL,
    body     TEXT             NOT NULL,
    chain    BYTEA            NOT NULL CHECK (length(chain) = 32),
    UNIQUE (stream, version)
);

CREATE TABLE blobs (
    id    TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(id) = 64),
    bytes BYTEA            NOT NULL
);

CREATE TABLE log_entries (
    idx   BIGINT NOT NULL PRIMARY KEY CHECK (idx >= 0),
    leaf  BYTEA  NOT NULL CHECK (length(leaf) = 32),
    entry BYTEA  NOT NULL
);
CREATE INDEX log_entries_by_leaf ON log_entries (leaf, idx);

CREATE TABLE log_hashes (
    level BIGINT NOT NULL CHECK (level BETWEEN 0 AND 63),
    idx   BIGINT NOT NULL CHECK (idx >= 0),
    hash  BYTEA  NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
);

CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY CHECK (size > 0),
    note TEXT   NOT NULL
);

CREATE TABLE index_records (
    case_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    record  BYTEA            NOT NULL
);

CREATE TABLE meta (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT             NOT NULL
);

-- What was once written of these is never changed: the database itself refuses.
CREATE FUNCTION keep_rows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% are append-only', TG_TABLE_NAME; END $$;
CREATE FUNCTION only_grow() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT 1 FROM log_checkpoints WHERE size >= NEW.size) THEN
        RAISE EXCEPTION 'log_checkpoints only grow';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON blobs FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON log_entries FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON log_hashes FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER grow BEFORE INSERT ON log_checkpoints FOR EACH ROW EXECUTE FUNCTION only_grow();
