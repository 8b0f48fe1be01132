-- Schema 4. What a claim has to know of every due row stands in the index itself: with ten thousand due, their rows need not be
-- read to find the few that leave next. (Not by `ready`: an index of a generated column covers nothing.)
DROP INDEX planned_by_due;
CREATE INDEX planned_by_due ON rows (due, late_after, reader, email, sort, message_id, not_before, state) WHERE state = 'planned';
