-- The cases of a conversation are asked for by their kind. A walk through all that a shop has open looks as short
-- to a planner that has not counted them.
DROP INDEX cases_conversation;
CREATE INDEX cases_conversation ON cases (conversation, kind);
