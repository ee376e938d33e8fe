-- The queue: since when a human is needed in the conversation, and the most urgent reason. Without queued_at
-- the other two mean nothing.
ALTER TABLE conversation ADD COLUMN queued_at BIGINT;
ALTER TABLE conversation ADD COLUMN queue_reason TEXT;
ALTER TABLE conversation ADD COLUMN queue_rank BIGINT;
CREATE INDEX conversation_queue ON conversation (shop, queued_at) WHERE queued_at IS NOT NULL;

-- How many automatic replies may leave to one customer in an hour and in one shop in a minute; without a number
-- as many as there are.
ALTER TABLE outbox ADD COLUMN cap_customer BIGINT;
ALTER TABLE outbox ADD COLUMN cap_shop BIGINT;
CREATE INDEX outbox_claimed ON outbox (conversation, claimed_at) WHERE kind = 'reply' AND claimed_at IS NOT NULL;

-- How many automatic replies left in a shop in its last busy minute (minutes since 1970).
CREATE TABLE pace (
  shop TEXT PRIMARY KEY,
  minute BIGINT NOT NULL,
  n BIGINT NOT NULL
);
