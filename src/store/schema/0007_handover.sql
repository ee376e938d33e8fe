-- What one shift hands to the next, and notes on orders.

-- What a sheet tells of an automatic reply: how much of a risk it was when it was decided (JSON).
ALTER TABLE outbox ADD COLUMN risk TEXT;

-- A shift is read from what came in while it lasted: by the shop's accounts, and by the journal of the shop.
CREATE INDEX conversation_account ON conversation (shop, account);
CREATE INDEX message_answer ON message (account, received_at) WHERE speaker <> 'customer';
CREATE INDEX staff_event_time ON staff_event (shop, at);

-- Which version of the knowledge held from when on. Append only; before is empty at the first.
CREATE TABLE publication (
  id {{serial}},
  at BIGINT NOT NULL,
  version TEXT NOT NULL,
  before TEXT NOT NULL
);
CREATE INDEX publication_time ON publication (at);

-- base (where a shop's sheets begin), open, settled. book: what stands open, over which the next is folded. told:
-- people were told all of it.
CREATE TABLE handover (
  id {{serial}},
  shop TEXT NOT NULL,
  at BIGINT NOT NULL,
  previous BIGINT,
  state TEXT NOT NULL,
  shift TEXT NOT NULL,
  span TEXT NOT NULL,
  book TEXT NOT NULL,
  unnamed BIGINT NOT NULL,
  told BIGINT NOT NULL,
  written_at BIGINT NOT NULL,
  overdue_at BIGINT,
  gone TEXT NOT NULL,
  UNIQUE (shop, at)
);
CREATE INDEX handover_open ON handover (at) WHERE state = 'open';

-- open, accepted, refused, forced, done, lapsed
CREATE TABLE handover_item (
  handover BIGINT NOT NULL,
  n BIGINT NOT NULL,
  key TEXT NOT NULL,
  item TEXT NOT NULL,
  state TEXT NOT NULL,
  by_whom TEXT,
  at BIGINT,
  reason TEXT NOT NULL,
  PRIMARY KEY (handover, key)
);
CREATE INDEX handover_item_waits ON handover_item (handover) WHERE state IN ('open', 'refused');

-- What people said about a sheet or an item of it. Without a sheet: about the one that is written next.
CREATE TABLE handover_word (
  id {{serial}},
  shop TEXT NOT NULL,
  handover BIGINT,
  key TEXT,
  who TEXT NOT NULL,
  at BIGINT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX handover_word_sheet ON handover_word (handover);
CREATE INDEX handover_word_next ON handover_word (shop) WHERE handover IS NULL;

-- Notes on orders: buyer, seller, platform, internal. missed_case: the number of the case it became.
CREATE TABLE order_note (
  id {{serial}},
  shop TEXT NOT NULL,
  order_no TEXT NOT NULL,
  channel TEXT NOT NULL,
  flag TEXT,
  text TEXT NOT NULL,
  kind TEXT,
  conversation BIGINT,
  author TEXT NOT NULL,
  written_at BIGINT NOT NULL,
  cutoff BIGINT NOT NULL,
  seen_at BIGINT,
  seen_by TEXT,
  missed_at BIGINT,
  missed_case TEXT
);
CREATE INDEX order_note_order ON order_note (shop, order_no);
CREATE INDEX order_note_unseen ON order_note (shop, cutoff) WHERE seen_at IS NULL;
CREATE INDEX order_note_late ON order_note (cutoff) WHERE seen_at IS NULL AND missed_at IS NULL;
