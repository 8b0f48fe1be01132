-- Schema 3. When each relay was last tried, so that it is looked at once before a day with mails, also across restarts; and
-- how much was forgotten, so that what is counted never goes down.
ALTER TABLE relays ADD COLUMN tried INTEGER;
ALTER TABLE meta ADD COLUMN forgotten_sent INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_sent >= 0);
ALTER TABLE meta ADD COLUMN forgotten_doubts INTEGER NOT NULL DEFAULT 0 CHECK (forgotten_doubts >= 0);
