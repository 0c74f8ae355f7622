-- Counts entries where they are staged, so that a row and its place are one statement.
CREATE FUNCTION count_staged() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    UPDATE heads SET count = count + NEW.count WHERE name = 'entries';
    RETURN NULL;
END $$;
CREATE TRIGGER count AFTER INSERT ON log_staged FOR EACH ROW EXECUTE FUNCTION count_staged();
