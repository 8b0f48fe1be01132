-- Schema 5. Fewer trees to grow: a row that is planned stands in one index of what is planned, and one that is under way in one
-- of what is under way. Each mail changes its row three times, and each of these times every index of what it changes.

-- What lapses is due before it does: the index by due instant has both. What waits for later, though it was due before, is
-- little, and found by itself.
DROP INDEX planned_by_ready;
DROP INDEX planned_by_end;
CREATE INDEX postponed ON rows (not_before) WHERE not_before IS NOT NULL;

-- What is claimed, handed or in doubt has a term, and nothing else has. Terms only rise, so these stand side by side.
DROP INDEX leased;
DROP INDEX open;
CREATE INDEX under_way ON rows (term) WHERE term IS NOT NULL;
CREATE INDEX held      ON rows (key)  WHERE state = 'held';

-- The same table, as the tree of its key alone.
ALTER TABLE says RENAME TO says_before;
DROP INDEX said_of_event;
CREATE TABLE says (
    key      TEXT    NOT NULL REFERENCES rows (key) ON DELETE CASCADE,
    posting  TEXT    NOT NULL,
    event    TEXT    NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    PRIMARY KEY (key, posting, event)
) STRICT, WITHOUT ROWID;
INSERT INTO says SELECT key, posting, event, revision FROM says_before;
DROP TABLE says_before;
CREATE INDEX said_of_event ON says (posting, event);

-- Two closed lists of words are written out: of a list of more than two, SQLite makes a table of its own at each
-- statement that has to look at it, and each of them costs as much as the row. What they admit is the same. SQLite's way to
-- change a table's text in place (https://sqlite.org/lang_altertable.html, §7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(
    replace(sql, 'sort IN (' || list || ')', 'sort = ' || replace(list, ', ', ' OR sort = ')),
    'state NOT IN (''claimed'', ''handed'', ''held'', ''sent'')',
    'state <> ''claimed'' AND state <> ''handed'' AND state <> ''held'' AND state <> ''sent'''
)
FROM (
    SELECT substr(rest, 1, instr(rest, ')') - 1) AS list
    FROM (
        SELECT substr(sql, instr(sql, 'sort IN (') + length('sort IN (')) AS rest
        FROM sqlite_schema WHERE type = 'table' AND name = 'rows'
    )
)
WHERE type = 'table' AND name = 'rows';
PRAGMA writable_schema = RESET;
