-- What people do with cases. Who has one, where it stands, what it waits for; amounts are fen.

-- version is raised by whatever people do. life holds the state's details (JSON; none while it is a draft or open).
-- form: values of its kind's fields. outcome: done, rejected, void or merged. proposers: nobody of them may approve.
ALTER TABLE cases ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN life TEXT;
ALTER TABLE cases ADD COLUMN form TEXT NOT NULL DEFAULT '{}';
ALTER TABLE cases ADD COLUMN steps TEXT NOT NULL DEFAULT '[]';
ALTER TABLE cases ADD COLUMN author TEXT NOT NULL DEFAULT 'bot';
ALTER TABLE cases ADD COLUMN proposers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE cases ADD COLUMN person TEXT;
ALTER TABLE cases ADD COLUMN held_until BIGINT;
ALTER TABLE cases ADD COLUMN waiting_for TEXT;
ALTER TABLE cases ADD COLUMN waiting_until BIGINT;
ALTER TABLE cases ADD COLUMN money BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN amount BIGINT;
ALTER TABLE cases ADD COLUMN paid BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN customer TEXT;
ALTER TABLE cases ADD COLUMN first_done_at BIGINT;
ALTER TABLE cases ADD COLUMN oral_until BIGINT;
ALTER TABLE cases ADD COLUMN overdue_at BIGINT;
ALTER TABLE cases ADD COLUMN closed_at BIGINT;
ALTER TABLE cases ADD COLUMN outcome TEXT;
UPDATE cases SET customer = (SELECT c.customer FROM conversation c WHERE c.id = cases.conversation);
UPDATE cases SET closed_at = opened_at, outcome = 'merged' WHERE state = 'closed';

-- What people wait for. Open ones are few; the others are found newest first.
DROP INDEX cases_order;
-- A walk through all that a shop has open of a kind looks as short as one through what a conversation has of it to
-- a planner that has not counted them.
DROP INDEX cases_conversation;
CREATE INDEX cases_conversation ON cases (conversation, kind);
CREATE INDEX cases_person ON cases (person, finish_due, id) WHERE state <> 'closed';
CREATE INDEX cases_due ON cases (shop, finish_due, id) WHERE state <> 'closed';
CREATE INDEX cases_shop ON cases (shop, id);
CREATE INDEX cases_state ON cases (shop, state, id);
CREATE INDEX cases_kind ON cases (shop, kind, state, id);
CREATE INDEX cases_order ON cases (order_no, id) WHERE order_no IS NOT NULL;
CREATE INDEX cases_customer ON cases (customer, id) WHERE customer IS NOT NULL;
CREATE INDEX cases_late ON cases (finish_due) WHERE state <> 'closed' AND overdue_at IS NULL;
CREATE INDEX cases_overdue ON cases (overdue_at, id) WHERE state <> 'closed' AND state <> 'done' AND overdue_at IS NOT NULL;
CREATE INDEX cases_oral ON cases (oral_until) WHERE oral_until IS NOT NULL;

-- The last four digits of the phones named in a case.
CREATE TABLE case_phone (
  tail TEXT NOT NULL,
  case_id BIGINT NOT NULL,
  PRIMARY KEY (tail, case_id)
);
CREATE INDEX case_phone_case ON case_phone (case_id);

-- What caused a case: the messages a decision covers, or single ones. 0: not named.
CREATE TABLE case_link (
  case_id BIGINT NOT NULL,
  conversation BIGINT NOT NULL,
  decision BIGINT NOT NULL,
  message BIGINT NOT NULL,
  PRIMARY KEY (case_id, decision, message)
);
CREATE INDEX case_link_conversation ON case_link (conversation, case_id);
INSERT INTO case_link (case_id, conversation, decision, message)
  SELECT DISTINCT e.case_id, d.conversation, d.id, 0 FROM case_event e JOIN decision d ON d.id = e.decision;

-- What was appended: JSON with note and fields. A decision has one line in a case.
CREATE TABLE case_line (
  id {{serial}},
  case_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  who TEXT NOT NULL,
  decision BIGINT,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX case_line_decision ON case_line (case_id, decision);
INSERT INTO case_line (case_id, at, who, decision, body)
  SELECT case_id, at, 'bot', decision, body FROM case_event WHERE what = 'appended' ORDER BY id;

-- One journal for everything: what happened to cases stands with what people did.
CREATE INDEX staff_event_subject ON staff_event (what, subject, id) WHERE subject IS NOT NULL;
INSERT INTO staff_event (at, who, role, what, shop, conversation, subject, reason, was, became)
  SELECT e.at, 'bot', 'bot', 'case', k.shop, k.conversation, e.case_id, e.what, 'null', e.body
  FROM case_event e JOIN cases k ON k.id = e.case_id ORDER BY e.id;
DROP TABLE case_event;
