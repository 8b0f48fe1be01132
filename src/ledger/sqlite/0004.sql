-- Schema 4. A round of planning looks only at what may have changed: of which circumstances the rows of a posting were made
-- (its text, the settings, the program; a digest, written with those rows), and the postings of rows that a hand touched.
-- Rows from before have none, and are looked at once.
ALTER TABLE postings ADD COLUMN basis TEXT;

CREATE TABLE stirred (
    posting TEXT NOT NULL PRIMARY KEY
) STRICT;

-- Questions that used to read every row. Notices are few beside reminders, and few rows are held or failed; what ended is
-- asked for by when it did.
CREATE INDEX notices ON rows (late_after)     WHERE sort <> 'reminder';
CREATE INDEX digests ON rows (recipient, due) WHERE sort = 'digest';
CREATE INDEX open    ON rows (key)            WHERE state IN ('claimed', 'handed', 'held');
CREATE INDEX failed  ON rows (changed)        WHERE state = 'failed';
CREATE INDEX left_at ON rows (changed)        WHERE state = 'sent';
CREATE INDEX known_otherwise ON revisions (posting, event) WHERE instr(said, '"known_as"') > 0;

-- What a claim has to know of every due row stands in the index itself: with ten thousand due, their rows need not be
-- read to find the few that leave next. (Not by `ready`: an index of a generated column covers nothing.)
DROP INDEX planned_by_due;
CREATE INDEX planned_by_due ON rows (due, late_after, reader, email, sort, message_id, not_before, state) WHERE state = 'planned';

-- The closed list of states and reasons, as one text: a list of words is made a table of its own at each statement that changes
-- a state, which costs nearly as much as the change. What it admits is the same. SQLite's way to change a table's text in place
-- (https://sqlite.org/lang_altertable.html, §7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(
    sql,
    'state || ''/'' || ifnull(reason, '''') IN (' || list || ')',
    'instr(''' || replace(list, '''', '''''') || ''', '''''''' || state || ''/'' || ifnull(reason, '''') || '''''''') > 0'
)
FROM (
    SELECT substr(rest, 1, instr(rest, ')') - 1) AS list
    FROM (
        SELECT substr(sql, instr(sql, 'ifnull(reason, '''') IN (') + length('ifnull(reason, '''') IN (')) AS rest
        FROM sqlite_schema WHERE type = 'table' AND name = 'rows'
    )
)
WHERE type = 'table' AND name = 'rows';
PRAGMA writable_schema = RESET;
