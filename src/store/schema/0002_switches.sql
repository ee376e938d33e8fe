-- What people switch by hand, and what they did.

-- Whether everything is stopped: '0', or '2' as shop.stopped holds it. Shops that come later begin so.
INSERT INTO setting (name, value) VALUES ('stopped', '0');

-- shop.stopped: 1 the shop's own kill switch, 2 that of all shops, 3 both. standing_until: nothing arranged or
-- announced for the shop ends later; NULL, nothing ever was.
ALTER TABLE shop ADD COLUMN standing_until BIGINT;

-- Whose a human said the conversation is; owner_facts is the count of facts right after he did.
ALTER TABLE conversation ADD COLUMN owner TEXT;
ALTER TABLE conversation ADD COLUMN owner_act TEXT;
ALTER TABLE conversation ADD COLUMN owner_at BIGINT;
ALTER TABLE conversation ADD COLUMN owner_facts BIGINT;

-- lunch, absent, on_duty, closed, staffed. What is ended early ends then; what is taken back ends before it begins.
CREATE TABLE arrangement (
  id {{serial}},
  shop TEXT NOT NULL,
  what TEXT NOT NULL,
  agent TEXT,
  begins BIGINT NOT NULL,
  ends BIGINT NOT NULL,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL
);
CREATE INDEX arrangement_standing ON arrangement (shop, ends);
CREATE INDEX arrangement_agent ON arrangement (agent, ends) WHERE agent IS NOT NULL;

CREATE TABLE announcement (
  id {{serial}},
  everywhere BIGINT NOT NULL,
  text TEXT NOT NULL,
  silences TEXT NOT NULL,
  begins BIGINT NOT NULL,
  ends BIGINT NOT NULL,
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL
);
CREATE INDEX announcement_everywhere ON announcement (ends) WHERE everywhere = 1;

-- The shops of an announcement that is not for all.
CREATE TABLE announcement_shop (
  shop TEXT NOT NULL,
  announcement BIGINT NOT NULL,
  PRIMARY KEY (shop, announcement)
);
CREATE INDEX announcement_shop_announcement ON announcement_shop (announcement);

-- What people did, as it was before and after. Append only. shop '*': all of them.
CREATE TABLE staff_event (
  id {{serial}},
  at BIGINT NOT NULL,
  who TEXT NOT NULL,
  role TEXT NOT NULL,
  what TEXT NOT NULL,
  shop TEXT NOT NULL,
  conversation BIGINT,
  subject BIGINT,
  reason TEXT NOT NULL,
  was TEXT NOT NULL,
  became TEXT NOT NULL
);
CREATE INDEX staff_event_shop ON staff_event (shop, id);
CREATE INDEX staff_event_what ON staff_event (shop, what, id);
CREATE INDEX staff_event_conversation ON staff_event (conversation, id) WHERE conversation IS NOT NULL;
