-- What the house has said it will do. Kept, broken: somebody said so; until then it is open, and overdue when its
-- time has passed. first_due_at is the moment that was said; due_at the one it was moved to since.
CREATE TABLE promise (
  id {{serial}},
  shop TEXT NOT NULL,
  conversation BIGINT,
  customer TEXT,
  order_no TEXT,
  case_id BIGINT,
  message BIGINT,
  speaker TEXT NOT NULL,
  agent TEXT,
  text TEXT NOT NULL,
  kind TEXT NOT NULL,
  said TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  first_due_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  moves BIGINT NOT NULL,
  overdue_at BIGINT,
  state TEXT NOT NULL,
  settled_at BIGINT,
  settled_by TEXT,
  reason TEXT NOT NULL
);
-- A message promises each kind of thing once.
CREATE UNIQUE INDEX promise_message ON promise (message, kind) WHERE message IS NOT NULL;
CREATE INDEX promise_open ON promise (due_at, id) WHERE state = 'open';
CREATE INDEX promise_shop ON promise (shop, due_at, id) WHERE state = 'open';
CREATE INDEX promise_late ON promise (due_at, id) WHERE state = 'open' AND overdue_at IS NULL;
CREATE INDEX promise_settled ON promise (shop, state, settled_at, id) WHERE settled_at IS NOT NULL;
CREATE INDEX promise_conversation ON promise (conversation, id) WHERE conversation IS NOT NULL;
CREATE INDEX promise_order ON promise (order_no, id) WHERE order_no IS NOT NULL;
CREATE INDEX promise_case ON promise (case_id, id) WHERE case_id IS NOT NULL;

-- Lines of the bot that were listened to before anybody knew whether they left.
CREATE TABLE promise_unsure (
  message BIGINT PRIMARY KEY,
  since BIGINT NOT NULL
);
-- Up to which message the house was listened to. What was said before there were promises made none.
INSERT INTO setting (name, value) SELECT 'promises', CAST(COALESCE(MAX(id), 0) AS TEXT) FROM message;
