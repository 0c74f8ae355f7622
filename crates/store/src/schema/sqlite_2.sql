-- Counts entries where they are staged, so that a row and its place are one statement.
CREATE TRIGGER log_staged_count_i AFTER INSERT ON log_staged
    BEGIN UPDATE heads SET count = count + NEW.count WHERE name = 'entries'; END;
