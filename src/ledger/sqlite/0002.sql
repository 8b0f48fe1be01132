-- Schema 2: rows may be held because the ledger was restored from a copy. Only the closed list of the table grows, and
-- nothing that is stored: SQLite's way to change such a list in place (https://sqlite.org/lang_altertable.html, §7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(sql, '''held/too-many-doubts''', '''held/too-many-doubts'', ''held/restored''')
WHERE type = 'table' AND name = 'rows';
PRAGMA writable_schema = RESET;
