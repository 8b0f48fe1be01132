-- A ledger of schema 5, as jalon 0.1.0 left it: rows in every state with every reason. Frozen: never edited.
PRAGMA application_id = 0x6a616c6f;
PRAGMA user_version = 5;
PRAGMA journal_mode = WAL;

-- Schema 1. Instants are whole milliseconds since 1970-01-01T00:00:00Z. A migration is never edited once
-- released: the next one is 0002.sql.

-- One row, which says what this ledger is.
CREATE TABLE meta (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    stamp      TEXT    NOT NULL CHECK (stamp IN ('real', 'pretended')),
    program    TEXT    NOT NULL,              -- the version that last opened it
    tzdb       TEXT    NOT NULL,              -- and its time zone database
    filled     INTEGER NOT NULL DEFAULT 0 CHECK (filled IN (0, 1)),   -- whether a plan was ever written
    last_round INTEGER,
    term       INTEGER NOT NULL DEFAULT 0     -- the last term given to a claim; only rises
) STRICT;

CREATE TABLE postings (
    id          TEXT NOT NULL PRIMARY KEY,
    path        TEXT NOT NULL,
    text        TEXT NOT NULL,
    since       INTEGER NOT NULL,             -- when this very text was first remembered
    vanished_at INTEGER,
    accepted    INTEGER CHECK (accepted IS NULL OR vanished_at IS NOT NULL)   -- when a person accepted that it is gone
) STRICT;

-- The people of jalon.toml as they were last known.
CREATE TABLE people (
    id    TEXT NOT NULL PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;

-- Every mail-to-be, reminder or notice. A row is what the plan, the listings and the log call it: a mail is what
-- leaves, and may hold many.
CREATE TABLE rows (
    -- What it is: for ever.
    key         TEXT    NOT NULL PRIMARY KEY,
    sort        TEXT    NOT NULL CHECK (sort IN ('reminder', 'digest', 'change', 'new', 'missed', 'refused', 'slip', 'operator')),
    posting     TEXT    NOT NULL,             -- '' when it is of none, as is event
    event       TEXT    NOT NULL,
    recipient   TEXT    NOT NULL,
    -- What the calendar says of it.
    reader      TEXT    NOT NULL,             -- who reads it: the recipient, or whoever covers for them
    email       TEXT    NOT NULL,
    due         INTEGER NOT NULL,
    late_after  INTEGER NOT NULL CHECK (late_after > due),
    why         TEXT    NOT NULL,
    wanted      INTEGER NOT NULL DEFAULT 1 CHECK (wanted IN (0, 1)),
    -- What became of it.
    state       TEXT    NOT NULL,
    reason      TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    doubts      INTEGER NOT NULL DEFAULT 0 CHECK (doubts >= 0),
    in_doubt    INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt IN (0, 1)),
    not_before  INTEGER CHECK (not_before IS NULL OR state = 'planned'),
    message_id  TEXT,
    hands       INTEGER NOT NULL DEFAULT 0 CHECK (hands >= 0),   -- how often it was handed under this message_id
    term        INTEGER,   -- of the present claim, or of the one that left it in doubt
    lease_until INTEGER CHECK ((lease_until IS NOT NULL) = (state IN ('claimed', 'handed'))),
    sent_at     INTEGER CHECK ((sent_at IS NOT NULL) = (state = 'sent')),
    reply       TEXT,
    born        INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    -- What may wait: the later of the two. A planned row can be claimed from here on.
    ready       INTEGER NOT NULL GENERATED ALWAYS AS (max(due, ifnull(not_before, due))) VIRTUAL,

    -- Every state with its reasons, in one closed list.
    CONSTRAINT every_end_has_its_reason CHECK (state || '/' || ifnull(reason, '') IN (
        'planned/', 'claimed/', 'handed/',
        'sent/accepted', 'sent/confirmed',
        'failed/recipient-refused', 'failed/mail-refused',
        'held/in-doubt', 'held/too-many-doubts', 'held/restored',
        'withdrawn/calendar', 'withdrawn/hand',
        'skipped/past-when-first-seen', 'skipped/nothing-to-tell', 'skipped/renamed',
        'superseded/later-reminder', 'superseded/told-already',
        'lapsed/too-late'
    )),
    CONSTRAINT its_key_says_its_sort CHECK (
        iif(sort = 'reminder', key NOT GLOB '~*', key GLOB '~' || sort || '/*')
    ),
    CONSTRAINT what_leaves_has_an_id CHECK (
        message_id IS NOT NULL OR (state NOT IN ('claimed', 'handed', 'held', 'sent') AND hands = 0)
    ),
    CONSTRAINT what_was_never_handed_has_none CHECK (
        state <> 'planned' OR hands > 0 OR message_id IS NULL
    ),
    CONSTRAINT a_claim_has_a_term CHECK (state NOT IN ('claimed', 'handed') OR term IS NOT NULL),
    CONSTRAINT what_is_planned_is_wanted CHECK (state <> 'planned' OR wanted = 1)
) STRICT;

-- What the events were and are, so that people can be told what became otherwise.
CREATE TABLE revisions (
    posting  TEXT    NOT NULL,
    event    TEXT    NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    said     TEXT    NOT NULL,
    since    INTEGER NOT NULL,
    PRIMARY KEY (posting, event, revision)
) STRICT;

-- Which revision of an event a row said when it was last handed. It was told once that row is sent.
CREATE TABLE says (
    key      TEXT    NOT NULL REFERENCES rows (key) ON DELETE CASCADE,
    posting  TEXT    NOT NULL,
    event    TEXT    NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    PRIMARY KEY (key, posting, event)
) STRICT;

-- Of which lapsed row a notice told when it was last handed.
CREATE TABLE tells (
    key   TEXT NOT NULL REFERENCES rows (key) ON DELETE CASCADE,
    ended TEXT NOT NULL,
    PRIMARY KEY (key, ended)
) STRICT;

-- The hot questions. What is planned is few beside what is past, so these indexes stay small.
CREATE INDEX planned_by_due   ON rows (due)         WHERE state = 'planned';
CREATE INDEX planned_by_ready ON rows (ready)       WHERE state = 'planned';
CREATE INDEX planned_by_end   ON rows (late_after)  WHERE state = 'planned';
CREATE INDEX leased           ON rows (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX mailed           ON rows (message_id)  WHERE message_id IS NOT NULL;
CREATE INDEX lapsed           ON rows (changed)     WHERE state = 'lapsed';
CREATE INDEX of_one_event     ON rows (posting, event, recipient, due);
CREATE INDEX revised          ON revisions (posting, event) WHERE revision > 1;
CREATE INDEX said_of_event    ON says (posting, event);
CREATE INDEX told_of_row      ON tells (ended);

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
ALTER TABLE relays ADD COLUMN tried INTEGER;
ALTER TABLE meta ADD COLUMN forgotten_sent INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_sent >= 0);
ALTER TABLE meta ADD COLUMN forgotten_doubts INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_doubts >= 0);

INSERT INTO meta (only_row, stamp, program, tzdb, filled, last_round, term) VALUES (1, 'real', '0.1.0', '2026a', 1, 1782280800000, 41);
INSERT INTO postings (id, path, text, since, vanished_at, accepted) VALUES ('accueil', 'config/postings/accueil.toml', 'title = "Chargé·e d''accueil"
recruiters = ["camille", "sacha"]
[deadline]
until = 2026-06-25
', 1780556400000, NULL, NULL);
INSERT INTO people (id, entry) VALUES ('camille', '{}');
INSERT INTO revisions (posting, event, revision, said, since) VALUES ('accueil', 'deadline', 1, '{}', 1780556400000);
INSERT INTO revisions (posting, event, revision, said, since) VALUES ('accueil', 'deadline', 2, '{}', 1782025200000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, sent_at, reply) VALUES ('accueil/interview:tour-0/2026-07-01/-1d/sacha', 'reminder', 'accueil', 'interview:tour-0', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'accepted', 1780556400000, 1782198000000, 'jalon.00000000000000000000000000000000@example.org', 1, 1782198000000, '250 2.0.0 taken');
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, sent_at, reply) VALUES ('accueil/interview:tour-1/2026-07-02/-1d/sacha', 'reminder', 'accueil', 'interview:tour-1', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'confirmed', 1780556400000, 1782198000000, 'jalon.00000000000000000000000000000001@example.org', 1, 1782198000000, '250 2.0.0 taken');
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, reply) VALUES ('accueil/interview:tour-2/2026-07-03/-1d/sacha', 'reminder', 'accueil', 'interview:tour-2', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'failed', 'recipient-refused', 1780556400000, 1782198000000, 'jalon.00000000000000000000000000000002@example.org', 1, 'rcpt: 550 5.1.1 unknown');
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, reply) VALUES ('accueil/interview:tour-3/2026-07-04/-1d/sacha', 'reminder', 'accueil', 'interview:tour-3', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'failed', 'mail-refused', 1780556400000, 1782198000000, 'jalon.00000000000000000000000000000003@example.org', 1, 'rcpt: 550 5.1.1 unknown');
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, in_doubt, doubts, term) VALUES ('accueil/interview:tour-4/2026-07-05/-1d/sacha', 'reminder', 'accueil', 'interview:tour-4', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'held', 'in-doubt', 1780556400000, 1782198000000, 'jalon.00000000000000000000000000000004@example.org', 1, 1, 1, 7);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, in_doubt, doubts, term) VALUES ('accueil/interview:tour-5/2026-07-06/-1d/sacha', 'reminder', 'accueil', 'interview:tour-5', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'held', 'too-many-doubts', 1780556400000, 1782198000000, 'jalon.00000000000000000000000000000005@example.org', 1, 1, 6, 7);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/interview:tour-6/2026-07-07/-1d/sacha', 'reminder', 'accueil', 'interview:tour-6', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'withdrawn', 'calendar', 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/interview:tour-7/2026-07-08/-1d/sacha', 'reminder', 'accueil', 'interview:tour-7', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'withdrawn', 'hand', 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/interview:tour-8/2026-07-09/-1d/sacha', 'reminder', 'accueil', 'interview:tour-8', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'skipped', 'past-when-first-seen', 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/interview:tour-9/2026-07-01/-1d/sacha', 'reminder', 'accueil', 'interview:tour-9', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'skipped', 'nothing-to-tell', 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/interview:tour-10/2026-07-02/-1d/sacha', 'reminder', 'accueil', 'interview:tour-10', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'skipped', 'renamed', 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/interview:tour-11/2026-07-03/-1d/sacha', 'reminder', 'accueil', 'interview:tour-11', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'superseded', 'later-reminder', 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/interview:tour-12/2026-07-04/-1d/sacha', 'reminder', 'accueil', 'interview:tour-12', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'superseded', 'told-already', 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/interview:tour-13/2026-07-05/-1d/sacha', 'reminder', 'accueil', 'interview:tour-13', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'lapsed', 'too-late', 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/deadline/2026-06-25/-1d/camille', 'reminder', 'accueil', 'deadline', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'planned', NULL, 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, term, lease_until) VALUES ('accueil/deadline/2026-06-25/-1d/sacha', 'reminder', 'accueil', 'deadline', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'claimed', NULL, 1780556400000, 1782198000000, 'jalon.c@example.org', 40, 1782288000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed) VALUES ('accueil/deadline/2026-06-25/0d/camille', 'reminder', 'accueil', 'deadline', 'camille', 'camille', 'camille@example.org', 1782370800000, 1782543600000, 'jalon.toml:9', 'planned', NULL, 1780556400000, 1782198000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, term, lease_until) VALUES ('accueil/start/2026-06-25/-1d/camille', 'reminder', 'accueil', 'start', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'handed', NULL, 1780556400000, 1782198000000, 'jalon.d@example.org', 1, 41, 1782288000000);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, in_doubt, doubts, not_before, attempts) VALUES ('accueil/end/2026-06-25/-1d/camille', 'reminder', 'accueil', 'end', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'planned', NULL, 1780556400000, 1782198000000, 'jalon.e@example.org', 1, 1, 2, 1782288000000, 3);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, sent_at, message_id, hands) VALUES ('~digest/2026-06-22T08:00/camille', 'digest', '', '', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'accepted', 1780556400000, 1782198000000, 1782198000000, 'jalon.digest@example.org', 1);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, sent_at, message_id, hands) VALUES ('~change/accueil/deadline/2/camille', 'change', 'accueil', 'deadline', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'accepted', 1780556400000, 1782198000000, 1782198000000, 'jalon.change@example.org', 1);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, sent_at, message_id, hands) VALUES ('~new/accueil/camille', 'new', 'accueil', '', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'accepted', 1780556400000, 1782198000000, 1782198000000, 'jalon.new@example.org', 1);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, sent_at, message_id, hands) VALUES ('~missed/accueil/camille', 'missed', '', '', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'accepted', 1780556400000, 1782198000000, 1782198000000, 'jalon.missed@example.org', 1);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, sent_at, message_id, hands) VALUES ('~slip/accueil/1/camille', 'slip', 'accueil', '', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'accepted', 1780556400000, 1782198000000, 1782198000000, 'jalon.slip@example.org', 1);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, sent_at, message_id, hands) VALUES ('~operator/relay-smtp.example.org/1', 'operator', '', '', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'accepted', 1780556400000, 1782198000000, 1782198000000, 'jalon.operator@example.org', 1);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, message_id, hands, in_doubt, doubts, term) VALUES ('accueil/interview:tour-14/2026-07-05/-1d/sacha', 'reminder', 'accueil', 'interview:tour-14', 'sacha', 'sacha', 'sacha@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'held', 'restored', 1780556400000, 1782198000000, 'jalon.00000000000000000000000000000004@example.org', 1, 1, 1, 7);
INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed, sent_at, message_id, hands) VALUES ('~refused/accueil/zoe@example.org/camille', 'refused', '', '', 'camille', 'camille', 'camille@example.org', 1782284400000, 1782457200000, 'jalon.toml:9', 'sent', 'accepted', 1780556400000, 1782198000000, 1782198000000, 'jalon.operator@example.org', 1);
INSERT INTO says (key, posting, event, revision) VALUES ('~change/accueil/deadline/2/camille', 'accueil', 'deadline', 2);
INSERT INTO tells (key, ended) VALUES ('~missed/accueil/camille', 'accueil/interview:tour-13/2026-07-05/-1d/sacha');
UPDATE meta SET forgotten_sent = 7, forgotten_doubts = 1;
INSERT INTO relays (name, rest_until, failures, since, complaint, words, tried) VALUES ('other.example.org', NULL, 0, NULL, NULL, NULL, 1782280000000);
INSERT INTO relays (name, rest_until, failures, since, complaint, words) VALUES ('smtp.example.org', NULL, 0, NULL, NULL, NULL);
INSERT INTO relays (name, rest_until, failures, since, complaint, words) VALUES ('relay.example.org', 1782284400000, 3, 1782277200000, 'login', 'auth: 535 5.7.8 no');
INSERT INTO relay_mails (relay, at) VALUES ('smtp.example.org', 1782280000000);

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

UPDATE postings SET basis = 'a digest' WHERE id = (SELECT min(id) FROM postings);
INSERT INTO stirred (posting) SELECT max(id) FROM postings;
INSERT INTO says (key, posting, event, revision) VALUES ('accueil/start/2026-06-25/-1d/camille', 'accueil', 'start', 3);
INSERT INTO says (key, posting, event, revision) VALUES ('accueil/start/2026-06-25/-1d/camille', 'ailleurs', 'start', 2);
INSERT INTO says (key, posting, event, revision) VALUES ('~digest/2026-06-22T08:00/camille', 'accueil', 'start', 1);
