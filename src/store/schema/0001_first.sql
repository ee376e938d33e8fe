-- Moments are milliseconds UTC, switches 0 or 1, structures JSON.

-- Facts about this store: 'install' opens the ids of what it sends, 'knowledge' is the current version.
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- The files of published knowledge, each once, named by their SHA-256.
CREATE TABLE knowledge_file (
  hash TEXT PRIMARY KEY,
  body TEXT NOT NULL
);

CREATE TABLE knowledge_version (
  version TEXT PRIMARY KEY,
  manifest TEXT NOT NULL,
  published_at BIGINT NOT NULL
);

-- Everything switchable per shop raises its epoch.
CREATE TABLE shop (
  id TEXT PRIMARY KEY,
  epoch BIGINT NOT NULL,
  mode TEXT,
  stopped BIGINT NOT NULL
);

CREATE TABLE account (
  id {{serial}},
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  UNIQUE (source, name)
);

-- facts counts what customers and humans said; decided is the count the last decision saw.
CREATE TABLE conversation (
  id {{serial}},
  account BIGINT NOT NULL,
  external TEXT NOT NULL,
  shop TEXT NOT NULL,
  platform TEXT NOT NULL,
  customer TEXT,
  lowered TEXT,
  order_no TEXT,
  facts BIGINT NOT NULL,
  decided BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  wake_at BIGINT,
  lease_until BIGINT,
  waiting_since BIGINT,
  last_at BIGINT NOT NULL,
  UNIQUE (account, external)
);
CREATE INDEX conversation_undecided ON conversation (last_at) WHERE decided < facts;
CREATE INDEX conversation_wakes ON conversation (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX conversation_waits ON conversation (shop, epoch) WHERE waiting_since IS NOT NULL;

-- sent_at and seen serve senders without ids: sent_at belongs to the line's fingerprint, seen puts our own
-- line where the sender's window showed it (the id of the message before it).
CREATE TABLE message (
  id {{serial}},
  conversation BIGINT NOT NULL,
  account BIGINT NOT NULL,
  external TEXT,
  speaker TEXT NOT NULL,
  sender TEXT,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  url TEXT,
  digest TEXT NOT NULL,
  sent_at BIGINT,
  seen BIGINT,
  at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  history BIGINT NOT NULL,
  outbox BIGINT,
  decision BIGINT
);
CREATE UNIQUE INDEX message_external ON message (account, external) WHERE external IS NOT NULL;
CREATE UNIQUE INDEX message_outbox ON message (outbox) WHERE outbox IS NOT NULL;
CREATE INDEX message_order ON message (conversation, at, id);
CREATE INDEX message_uncovered ON message (conversation) WHERE decision IS NULL AND speaker = 'customer';

CREATE TABLE decision (
  id {{serial}},
  conversation BIGINT NOT NULL,
  turn BIGINT NOT NULL,
  facts BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  knowledge TEXT NOT NULL,
  at BIGINT NOT NULL,
  verdict TEXT NOT NULL,
  suggestions TEXT NOT NULL,
  because TEXT NOT NULL,
  used TEXT,
  used_at BIGINT,
  UNIQUE (conversation, turn)
);

-- waiting, claimed, sent, failed (a dead letter), withdrawn, expired, uncertain
CREATE TABLE outbox (
  n {{serial}},
  install TEXT NOT NULL,
  id TEXT GENERATED ALWAYS AS (install || '-' || CAST(n AS TEXT)) STORED UNIQUE,
  conversation BIGINT NOT NULL,
  account BIGINT NOT NULL,
  turn BIGINT NOT NULL,
  kind TEXT NOT NULL,
  class TEXT NOT NULL,
  script TEXT,
  text TEXT NOT NULL,
  seen_facts BIGINT NOT NULL,
  seen_epoch BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  not_after BIGINT,
  next_at BIGINT NOT NULL,
  state TEXT NOT NULL,
  way TEXT,
  attempts BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  claimed_at BIGINT,
  settled_at BIGINT,
  error TEXT,
  platform_id TEXT,
  echoed BIGINT NOT NULL,
  crossed BIGINT NOT NULL
);
-- One answer with content per turn.
CREATE UNIQUE INDEX outbox_content ON outbox (conversation, turn)
  WHERE kind = 'reply' AND class = 'content' AND state IN ('waiting', 'claimed', 'sent', 'uncertain');
CREATE INDEX outbox_conversation ON outbox (conversation, n);
-- next_at is when a row wants to be looked at: when it may leave, or when its lease ends.
CREATE INDEX outbox_due ON outbox (next_at) WHERE state IN ('waiting', 'claimed');
CREATE INDEX outbox_failed ON outbox (n) WHERE state = 'failed';

-- draft, open, closed
CREATE TABLE cases (
  id {{serial}},
  number TEXT UNIQUE,
  shop TEXT NOT NULL,
  kind TEXT NOT NULL,
  order_no TEXT,
  case_key TEXT NOT NULL,
  conversation BIGINT NOT NULL,
  state TEXT NOT NULL,
  fields TEXT NOT NULL,
  note TEXT NOT NULL,
  handler TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  first_due BIGINT NOT NULL,
  finish_due BIGINT NOT NULL,
  opened_at BIGINT NOT NULL,
  decision BIGINT
);
-- One case per shop, kind and order (or conversation, while the order is unknown).
CREATE UNIQUE INDEX cases_open ON cases (shop, kind, case_key) WHERE state <> 'closed';
CREATE INDEX cases_conversation ON cases (conversation);
CREATE INDEX cases_order ON cases (shop, order_no) WHERE state <> 'closed';

-- Append only.
CREATE TABLE case_event (
  id {{serial}},
  case_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  what TEXT NOT NULL,
  body TEXT NOT NULL,
  decision BIGINT,
  UNIQUE (case_id, what, decision)
);
CREATE INDEX case_event_decision ON case_event (decision);

CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  n BIGINT NOT NULL
);
