CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY);

-- COLLATE "C": names compare by bytes, as in SQLite, whatever the cluster's locale.
-- How many there are of each kind of thing, and a digest over all of them: what is lost at an end is noticed too.
CREATE TABLE heads (
    name   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    count  BIGINT           NOT NULL CHECK (count >= 0),
    digest BYTEA            NOT NULL CHECK (length(digest) = 32)
);
INSERT INTO heads (name, count, digest)
    SELECT name, 0, decode(repeat('00', 32), 'hex')
    FROM unnest(ARRAY['blobs', 'checkpoints', 'entries', 'events', 'index', 'meta']) AS name;

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

-- Log entries as they are committed, in rows of one or more, each entry after its length in two bytes, with their leaf
-- hashes. They go once a full bundle of signed entries has them.
CREATE TABLE log_staged (
    first   BIGINT NOT NULL PRIMARY KEY CHECK (first >= 0),
    count   BIGINT NOT NULL CHECK (count > 0),
    leaves  BYTEA  NOT NULL CHECK (length(leaves) = 32 * count),
    entries BYTEA  NOT NULL
);

-- Full entry bundles of C2SP tlog-tiles.
CREATE TABLE log_bundles (
    idx     BIGINT NOT NULL PRIMARY KEY CHECK (idx >= 0),
    entries BYTEA  NOT NULL
);

-- Tiles of C2SP tlog-tiles, the last of each level as wide as it is by now.
CREATE TABLE log_tiles (
    level  BIGINT NOT NULL CHECK (level BETWEEN 0 AND 7),
    idx    BIGINT NOT NULL CHECK (idx >= 0),
    hashes BYTEA  NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
    PRIMARY KEY (level, idx)
);

-- Where a leaf hash stands, by its first eight bytes. A tile says whether the rest is the same.
CREATE TABLE log_places (
    prefix BIGINT NOT NULL,
    idx    BIGINT NOT NULL CHECK (idx >= 0),
    PRIMARY KEY (prefix, idx)
);

CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY CHECK (size > 0),
    note TEXT   NOT NULL
);

-- Who may put a checkpoint over the log, and until when. The token grows with every holder.
CREATE TABLE leases (
    name       TEXT   NOT NULL PRIMARY KEY,
    holder     TEXT   NOT NULL,
    token      BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
INSERT INTO leases (name, holder, token, expires_ms) VALUES ('integrate', '', 0, 0);

CREATE TABLE index_records (
    case_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    record  BYTEA            NOT NULL,
    digest  BYTEA            NOT NULL CHECK (length(digest) = 32)
);

CREATE TABLE meta (
    name   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value  TEXT             NOT NULL,
    digest BYTEA            NOT NULL CHECK (length(digest) = 32)
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
-- A tile only grows.
CREATE FUNCTION grow_tile() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NEW.level <> OLD.level OR NEW.idx <> OLD.idx
       OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes THEN
        RAISE EXCEPTION 'log_tiles only grow';
    END IF;
    RETURN NEW;
END $$;
-- A staged row may go when all of its entries are in bundles.
CREATE FUNCTION keep_staged() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.first + OLD.count > 256 * (SELECT COALESCE(MAX(idx) + 1, 0) FROM log_bundles) THEN
        RAISE EXCEPTION 'log_staged are append-only';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON blobs FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep BEFORE UPDATE OR TRUNCATE ON log_staged FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER bundled BEFORE DELETE ON log_staged FOR EACH ROW EXECUTE FUNCTION keep_staged();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON log_bundles FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON log_tiles FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER grow BEFORE UPDATE ON log_tiles FOR EACH ROW EXECUTE FUNCTION grow_tile();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON log_places FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION keep_rows();
CREATE TRIGGER grow BEFORE INSERT ON log_checkpoints FOR EACH ROW EXECUTE FUNCTION only_grow();

-- What ends by itself and is no evidence: sessions, invitations, answers that are kept for a retry.
CREATE TABLE tickets (
    kind    TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C" NOT NULL,
    body    TEXT             NOT NULL,
    ends_ms BIGINT           NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX tickets_by_owner ON tickets (kind, owner);
CREATE INDEX tickets_by_end ON tickets (ends_ms);
