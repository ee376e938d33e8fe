-- Who works here and how they sign in, and what people send themselves.

-- roles NULL: those (and the shops) that the settings give him. shops NULL: all. password NULL: he has none yet.
-- epoch ends every session opened before it was raised.
CREATE TABLE person (
  name TEXT PRIMARY KEY,
  roles TEXT,
  shops TEXT,
  password TEXT,
  epoch BIGINT NOT NULL,
  disabled BIGINT NOT NULL,
  made_at BIGINT NOT NULL
);

-- A link that works once. person NULL: whoever opens it becomes the first administrator.
CREATE TABLE invitation (
  hash TEXT PRIMARY KEY,
  person TEXT,
  made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX invitation_person ON invitation (person) WHERE used_at IS NULL;

-- hash is that of the token in the cookie.
CREATE TABLE session (
  hash TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  made_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_seen ON session (seen_at);

-- Sign-ins that failed, by name and by address (hashed); nothing is tried before wait_until.
CREATE TABLE sign_in_failure (
  subject TEXT PRIMARY KEY,
  n BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  wait_until BIGINT NOT NULL
);
CREATE INDEX sign_in_failure_last ON sign_in_failure (last_at);

-- Who wrote it, where a person did.
ALTER TABLE outbox ADD COLUMN sender TEXT;

-- What the inbox is searched by.
CREATE INDEX conversation_recent ON conversation (last_at);
CREATE INDEX conversation_order ON conversation (order_no) WHERE order_no IS NOT NULL;
