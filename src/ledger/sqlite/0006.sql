-- Schema 6. What a mail changes stands in fewer places: each of them is a page of its own, written again with the row.

-- Nearly every row says its own event, and only that: it stands in the row. What else is said stays in a table of its own: by
-- digests and notices of several events, and what was said of an event under the name that it had then.
ALTER TABLE rows ADD COLUMN said INTEGER CHECK (said >= 1);   -- the revision of its own event that it said when it was last handed
UPDATE rows SET said = (
    SELECT revision FROM says
    WHERE says.key = rows.key AND says.posting = rows.posting AND says.event = rows.event)
WHERE key IN (SELECT key FROM says);
DELETE FROM says WHERE EXISTS (
    SELECT 1 FROM rows WHERE rows.key = says.key AND rows.posting = says.posting AND rows.event = says.event);

-- By Message-ID only one thing is asked: whether a mail has been sent without a row that it once held. Both were handed before,
-- and did not leave then; so what was sent was handed at least twice, and that is rare.
DROP INDEX mailed;
CREATE INDEX left_later ON rows (message_id) WHERE state = 'sent' AND hands > 1;

-- Worked out anew at each change of a row, and asked for by the tally alone.
ALTER TABLE rows DROP COLUMN ready;
