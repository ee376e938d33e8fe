-- Who must be told of what. Customers who wait are found in the conversations, not copied here.

CREATE INDEX conversation_waiting ON conversation (waiting_since) WHERE waiting_since IS NOT NULL;
-- When an account brought its customers' messages.
CREATE INDEX message_arrival ON message (account, received_at) WHERE speaker = 'customer';
CREATE INDEX outbox_uncertain ON outbox (n) WHERE state = 'uncertain';

-- An episode; told of until it is acknowledged or over.
CREATE TABLE alarm (
  id TEXT PRIMARY KEY,
  topic TEXT NOT NULL,
  urgency TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  acked_at BIGINT,
  acked_by TEXT,
  closed_at BIGINT
);
-- One alarm about one thing.
CREATE UNIQUE INDEX alarm_open ON alarm (topic) WHERE closed_at IS NULL AND acked_at IS NULL;
CREATE INDEX alarm_live ON alarm (opened_at) WHERE closed_at IS NULL;

-- What is wrong belongs to one alarm at a time.
CREATE TABLE alarm_cause (
  subject TEXT NOT NULL,
  since BIGINT NOT NULL,
  alarm TEXT NOT NULL,
  joined_at BIGINT NOT NULL,
  gone_at BIGINT,
  PRIMARY KEY (subject, since)
);
CREATE INDEX alarm_cause_alarm ON alarm_cause (alarm);

-- Who was told, in order; the words are in the outbox.
CREATE TABLE alarm_told (
  alarm TEXT NOT NULL,
  target TEXT NOT NULL,
  nth BIGINT NOT NULL,
  step BIGINT NOT NULL,
  outbox BIGINT NOT NULL,
  PRIMARY KEY (alarm, target, nth)
);

-- Deliveries to a source that failed since the last that did not.
CREATE TABLE receiver (
  source TEXT PRIMARY KEY,
  failures BIGINT NOT NULL,
  since BIGINT NOT NULL
);

-- When the last messages left for a receiver that bears only so many: JSON, oldest first.
CREATE TABLE receiver_pace (
  source TEXT PRIMARY KEY,
  sent TEXT NOT NULL
);
