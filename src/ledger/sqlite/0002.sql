-- Schema 2. Rows may be held because the ledger was restored from a copy, and there are mails about refused addresses: only
-- closed lists of the table grow, and nothing that is stored. SQLite's way to change such a list in place
-- (https://sqlite.org/lang_altertable.html, §7).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(
    replace(sql, '''held/too-many-doubts''', '''held/too-many-doubts'', ''held/restored'''),
    '''missed'', ''slip''', '''missed'', ''refused'', ''slip'''
)
WHERE type = 'table' AND name = 'rows';
PRAGMA writable_schema = RESET;

-- How the relays do: what outlives a restart.
CREATE TABLE relays (
    name       TEXT    NOT NULL PRIMARY KEY,
    rest_until INTEGER,
    failures   INTEGER NOT NULL CHECK (failures >= 0),
    since      INTEGER,                       -- since when it fails; of one that is well, NULL
    complaint  TEXT    CHECK (complaint IN ('away', 'untrusted', 'login', 'token', 'sender', 'quota', 'everybody', 'outbox')),
    words      TEXT,
    CONSTRAINT a_trouble_is_whole CHECK (
        (since IS NULL) = (complaint IS NULL) AND (since IS NULL) = (words IS NULL)
    )
) STRICT;

-- When relays that have a rate were given mails.
CREATE TABLE relay_mails (
    relay TEXT    NOT NULL,
    at    INTEGER NOT NULL
) STRICT;
CREATE INDEX given_to_relay ON relay_mails (relay, at);
