INSERT INTO setting (name, value) VALUES ('install', '0a1b2c3d');
INSERT INTO shop (id, epoch, mode, stopped) VALUES ('flagship', 4, NULL, 0);
INSERT INTO account (id, source, name) VALUES (1, 'bridge', 'shop-account');
INSERT INTO conversation (id, account, external, shop, platform, facts, decided, epoch, last_at)
  VALUES (3, 1, 'old', 'flagship', 'taobao', 1, 1, 4, 1763640060000);
INSERT INTO message (id, conversation, account, external, speaker, kind, text, digest, at, received_at, history, decision)
  VALUES (11, 3, 1, 'm-11', 'customer', 'text', '到哪了', '00', 1763640000000, 1763640000000, 0, 2);
INSERT INTO message (id, conversation, account, speaker, kind, text, digest, at, received_at, history, outbox)
  VALUES (12, 3, 1, 'bot_auto', 'text', '在路上', '', 1763640060000, 1763640060000, 0, 5);
INSERT INTO decision (id, conversation, turn, facts, epoch, knowledge, at, verdict, suggestions, because)
  VALUES (2, 3, 11, 1, 4, 'v1', 1763640010000, 'answer', '[]', '{}');
INSERT INTO outbox (n, install, conversation, account, turn, kind, class, script, text, seen_facts, seen_epoch,
    not_before, not_after, next_at, state, way, attempts, created_at, claimed_at, echoed, crossed)
  VALUES (5, '0a1b2c3d', 3, 1, 11, 'reply', 'content', 'track', '在路上', 1, 4,
    1763640010000, 1763643600000, 4102444800000, 'claimed', 'courier', 1, 1763640010000, 1763640060000, 0, 0);
INSERT INTO cases (id, number, shop, kind, case_key, conversation, state, fields, note, handler, reviewer,
    first_due, finish_due, opened_at, decision)
  VALUES (1, 'LF-2511-0007', 'flagship', '物流', 'c:3', 3, 'open', '[]', '查件', '售后', '主管',
    1763643600000, 1763730000000, 1763640010000, 2);
INSERT INTO case_event (case_id, at, what, body, decision) VALUES (1, 1763640010000, 'opened', '{"note":"查件","fields":[]}', 2);
INSERT INTO case_event (case_id, at, what, body, decision) VALUES (1, 1763640020000, 'appended', '{"note":"催了","fields":[]}', NULL);
