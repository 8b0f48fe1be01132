-- Schema 1: what SQLite's 0001 to 0004 make. Instants are whole milliseconds since 1970-01-01T00:00:00Z, as there: the
-- same arithmetic, the same constraints, and a ledger that can be moved between stores. People read `legible`, below.
-- Text is ordered by its bytes, as there. A migration is never edited once released: the next one is 0002.sql.

-- One row, which says what this ledger is. Who claims takes it first: claims come one after the other.
CREATE TABLE meta (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    schema     BIGINT  NOT NULL,              -- of these tables
    stamp      TEXT    NOT NULL CHECK (stamp IN ('real', 'pretended')),
    program    TEXT    NOT NULL,              -- the version that last opened it
    tzdb       TEXT    NOT NULL,              -- and its time zone database
    filled     BOOLEAN NOT NULL DEFAULT false,   -- whether a plan was ever written
    last_round BIGINT,
    term       BIGINT  NOT NULL DEFAULT 0,    -- the last term given to a claim; only rises
    edition    BIGINT  NOT NULL DEFAULT 0,    -- rises whenever what is in force is written
    forgotten_sent   BIGINT NOT NULL DEFAULT 0 CHECK (forgotten_sent >= 0),
    forgotten_doubts BIGINT NOT NULL DEFAULT 0 CHECK (forgotten_doubts >= 0)
);

CREATE TABLE postings (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    path        TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    since       BIGINT NOT NULL,              -- when this very text was first remembered
    vanished_at BIGINT,
    accepted    BIGINT CHECK (accepted IS NULL OR vanished_at IS NOT NULL),   -- when a person accepted that it is gone
    basis       TEXT                          -- a digest of what its rows were made from, written with them
);

-- The postings of rows that a hand touched.
CREATE TABLE stirred (
    posting TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

-- The people of jalon.toml as they were last known.
CREATE TABLE people (
    id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    entry TEXT NOT NULL
);

-- Every mail-to-be, reminder or notice. A row is what the plan, the listings and the log call it: a mail is what
-- leaves, and may hold many.
CREATE TABLE rows (
    number      BIGINT  NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,   -- SQLite has its rowid
    -- What it is: for ever.
    key         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sort        TEXT    NOT NULL CHECK (sort IN ('reminder', 'digest', 'change', 'new', 'missed', 'refused', 'slip', 'operator')),
    posting     TEXT COLLATE "C" NOT NULL,    -- '' when it is of none, as is event
    event       TEXT COLLATE "C" NOT NULL,
    recipient   TEXT COLLATE "C" NOT NULL,
    -- What the calendar says of it.
    reader      TEXT COLLATE "C" NOT NULL,    -- who reads it: the recipient, or whoever covers for them
    email       TEXT COLLATE "C" NOT NULL,
    due         BIGINT  NOT NULL,
    late_after  BIGINT  NOT NULL CHECK (late_after > due),
    why         TEXT    NOT NULL,
    wanted      BOOLEAN NOT NULL DEFAULT true,
    -- What became of it.
    state       TEXT    NOT NULL,
    reason      TEXT,
    attempts    BIGINT  NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    doubts      BIGINT  NOT NULL DEFAULT 0 CHECK (doubts >= 0),
    in_doubt    BOOLEAN NOT NULL DEFAULT false,
    not_before  BIGINT  CHECK (not_before IS NULL OR state = 'planned'),
    message_id  TEXT COLLATE "C",
    hands       BIGINT  NOT NULL DEFAULT 0 CHECK (hands >= 0),   -- how often it was handed under this message_id
    term        BIGINT,    -- of the present claim, or of the one that left it in doubt
    holder      TEXT COLLATE "C",   -- which run of which host claimed it in that term
    lease_until BIGINT  CHECK ((lease_until IS NOT NULL) = (state IN ('claimed', 'handed'))),
    sent_at     BIGINT  CHECK ((sent_at IS NOT NULL) = (state = 'sent')),
    reply       TEXT,
    born        BIGINT  NOT NULL,
    changed     BIGINT  NOT NULL,
    -- What may wait: the later of the two. A planned row can be claimed from here on.
    ready       BIGINT  NOT NULL GENERATED ALWAYS AS (greatest(due, coalesce(not_before, due))) STORED,

    -- Every state with its reasons, in one closed list.
    CONSTRAINT every_end_has_its_reason CHECK (state || '/' || coalesce(reason, '') IN (
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
        CASE WHEN sort = 'reminder' THEN NOT starts_with(key, '~') ELSE starts_with(key, '~' || sort || '/') END
    ),
    CONSTRAINT what_leaves_has_an_id CHECK (
        message_id IS NOT NULL OR (state NOT IN ('claimed', 'handed', 'held', 'sent') AND hands = 0)
    ),
    CONSTRAINT what_was_never_handed_has_none CHECK (
        state <> 'planned' OR hands > 0 OR message_id IS NULL
    ),
    CONSTRAINT a_claim_has_a_term CHECK (state NOT IN ('claimed', 'handed') OR term IS NOT NULL),
    CONSTRAINT what_is_planned_is_wanted CHECK (state <> 'planned' OR wanted)
);

-- What the events were and are, so that people can be told what became otherwise.
CREATE TABLE revisions (
    posting  TEXT COLLATE "C" NOT NULL,
    event    TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 1),
    said     TEXT   NOT NULL,
    since    BIGINT NOT NULL,
    PRIMARY KEY (posting, event, revision)
);

-- Which revision of an event a row said when it was last handed. It was told once that row is sent.
CREATE TABLE says (
    key      TEXT COLLATE "C" NOT NULL REFERENCES rows (key) ON DELETE CASCADE,
    posting  TEXT COLLATE "C" NOT NULL,
    event    TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 1),
    PRIMARY KEY (key, posting, event)
);

-- Of which lapsed row a notice told when it was last handed.
CREATE TABLE tells (
    key   TEXT COLLATE "C" NOT NULL REFERENCES rows (key) ON DELETE CASCADE,
    ended TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (key, ended)
);

-- How the relays do: what outlives a restart.
CREATE TABLE relays (
    name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    rest_until BIGINT,
    failures   BIGINT NOT NULL CHECK (failures >= 0),
    since      BIGINT,                        -- since when it fails; of one that is well, NULL
    complaint  TEXT   CHECK (complaint IN ('away', 'untrusted', 'login', 'token', 'sender', 'quota', 'everybody', 'outbox')),
    words      TEXT,
    tried      BIGINT,
    CONSTRAINT a_trouble_is_whole CHECK (
        (since IS NULL) = (complaint IS NULL) AND (since IS NULL) = (words IS NULL)
    )
);

-- When relays that have a rate were given mails, by whichever host.
CREATE TABLE relay_mails (
    relay TEXT COLLATE "C" NOT NULL,
    at    BIGINT NOT NULL
);

-- Only here: which hosts there are, and who of them plans. Instants are the database's.
CREATE TABLE hosts (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,   -- the machine's, made into a hash
    name     TEXT    NOT NULL,
    program  TEXT    NOT NULL,
    digest   TEXT    NOT NULL,                -- of what its files say of the plan
    readable BOOLEAN NOT NULL,                -- whether it could read them
    ahead    BIGINT  NOT NULL,                -- by how many milliseconds its clock is ahead of the database's
    run      TEXT COLLATE "C" NOT NULL,       -- which run of it, as in rows.holder
    seen     BIGINT  NOT NULL
);

CREATE TABLE duty (
    name   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL,         -- a host
    run    TEXT COLLATE "C" NOT NULL,
    term   BIGINT NOT NULL,                   -- of this holding; only rises
    digest TEXT   NOT NULL,                   -- of the files that it plans by
    until  BIGINT NOT NULL
);

-- Rises with every transaction that changed anything that a plan depends on: see the verb `version`.
CREATE SEQUENCE writes;

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
CREATE INDEX given_to_relay   ON relay_mails (relay, at);
CREATE INDEX notices          ON rows (late_after)     WHERE sort <> 'reminder';
CREATE INDEX digests          ON rows (recipient, due) WHERE sort = 'digest';
CREATE INDEX open             ON rows (key)            WHERE state IN ('claimed', 'handed', 'held');
CREATE INDEX failed           ON rows (changed)        WHERE state = 'failed';
CREATE INDEX left_at          ON rows (changed)        WHERE state = 'sent';
CREATE INDEX known_otherwise  ON revisions (posting, event) WHERE strpos(said, '"known_as"') > 0;

-- The clock that leases go by: the database's, which is one for all hosts; on a pretended clock, what its daemon says.
CREATE FUNCTION lease_clock(told BIGINT) RETURNS BIGINT LANGUAGE sql VOLATILE AS
    'SELECT coalesce(told, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)';

-- For an administrator's eyes: the rows, with instants that can be read.
CREATE VIEW legible AS
    SELECT key, email, state, reason, to_timestamp(due / 1000.0) AS due, to_timestamp(late_after / 1000.0) AS late_after,
           attempts, doubts, in_doubt, message_id, holder, to_timestamp(lease_until / 1000.0) AS lease_until,
           to_timestamp(sent_at / 1000.0) AS sent_at, reply, to_timestamp(changed / 1000.0) AS changed
    FROM rows;
