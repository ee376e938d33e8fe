//! Committing a decision: suggestions, an automatic reply, cases, all or nothing, and only while what it was
//! decided on still holds.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::{Error, Row, Tx, Value, cases, queue, tx, work};
use crate::{
    desk::{Decision, Reply, ReplyClass, Seen, Suggestion, handover::Risk},
    knowledge::ShopId,
};

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit {
    /// It stands.
    Done {
        /// The decision about the turn; `None` when there was no turn.
        decision: Option<i64>,
        /// The numbers of the cases it opened.
        cases: Vec<String>,
    },
    /// The facts or the shop's epoch have moved on: read again.
    Stale,
}

/// The least time until a conversation is decided again on the same facts.
const BREATH: Duration = Duration::seconds(1);

/// Commits a decision made on `seen`. Doing it again changes nothing.
///
/// `announce` puts changed suggestions into the outbox too, for sources that are called back; `month` opens
/// the numbers of cases, such as `2611` in `LF-2611-0001`.
pub fn commit(
    tx: &mut dyn Tx,
    seen: &Seen,
    decision: &Decision,
    announce: bool,
    month: &str,
    now: DateTime<Utc>,
) -> Result<Commit, Error> {
    // The shop need not be locked: an epoch that is raised meanwhile is as one raised right after. What is
    // written carries the epoch it was decided at, no claim takes it, and the conversation is decided again.
    let lock = tx.dialect().lock("FOR UPDATE OF c");
    let sql = format!(
        "SELECT c.id, c.account, c.shop, c.facts, s.epoch FROM conversation c JOIN shop s ON s.id = c.shop \
         WHERE c.id = ?1 {lock}"
    );
    let Some(home) = tx.first(&sql, &[seen.conversation.into()])? else {
        return Err(Error::Refused(format!(
            "there is no conversation {}",
            seen.conversation
        )));
    };
    if home.int("facts")? != seen.facts || home.int("epoch")? != seen.epoch {
        work::give_back(tx, &[seen.conversation])?;
        return Ok(Commit::Stale);
    }
    let done = match decision.turn {
        Some(turn) => {
            let id = keep(tx, seen, turn, decision, now)?;
            let post = Post {
                seen,
                turn,
                account: home.int("account")?,
                risk: tx::json(&Risk::of(&decision.because))?,
                now,
            };
            let standing = post.standing(tx)?;
            post.reply(tx, decision.reply.as_ref(), &standing)?;
            if announce {
                post.announce(tx, id, decision, &standing)?;
            }
            let shop = ShopId::from(home.text("shop")?);
            let about = cases::About {
                shop: &shop,
                conversation: seen.conversation,
                decision: id,
                month,
                now,
            };
            Commit::Done {
                decision: Some(id),
                cases: about.keep(tx, &decision.cases)?,
            }
        }
        None => {
            tx.run(
                "UPDATE outbox SET state = 'withdrawn', settled_at = ?2 \
                 WHERE conversation = ?1 AND kind = 'reply' AND state = 'waiting'",
                &[seen.conversation.into(), now.into()],
            )?;
            Commit::Done {
                decision: None,
                cases: Vec::new(),
            }
        }
    };
    // A moment that has passed would be decided again and again.
    let wake_at = decision.reconsider_at.map(|at| at.max(now + BREATH));
    let mut args: Vec<Value> = vec![seen.conversation.into()];
    let enters = match decision.handoff {
        Some(handoff) => {
            args.extend([
                handoff.since.into(),
                handoff.reason.code().into(),
                handoff.reason.rank().into(),
            ]);
            format!("{}, ", queue::ENTER)
        }
        None => String::new(),
    };
    let first = args.len() + 1;
    args.extend([seen.facts.into(), seen.epoch.into(), wake_at.into()]);
    tx.run(
        &format!(
            "UPDATE conversation SET {enters}decided = ?{first}, epoch = ?{}, wake_at = ?{}, lease_until = NULL WHERE id = ?1",
            first + 1,
            first + 2
        ),
        &args,
    )?;
    Ok(done)
}

/// Keeps the decision about the turn and puts it on every customer message it covers: all there are, because
/// the facts have not moved since.
fn keep(
    tx: &mut dyn Tx,
    seen: &Seen,
    turn: i64,
    decision: &Decision,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let verdict = serde_json::to_value(decision.because.verdict)
        .ok()
        .and_then(|code| code.as_str().map(str::to_owned))
        .unwrap_or_default();
    let row = tx.first(
        "INSERT INTO decision (conversation, turn, facts, epoch, knowledge, at, verdict, suggestions, because) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         ON CONFLICT (conversation, turn) DO UPDATE SET facts = excluded.facts, epoch = excluded.epoch, \
           knowledge = excluded.knowledge, at = excluded.at, verdict = excluded.verdict, \
           suggestions = excluded.suggestions, because = excluded.because \
         RETURNING id",
        &[
            seen.conversation.into(),
            turn.into(),
            seen.facts.into(),
            seen.epoch.into(),
            (&decision.because.knowledge.0).into(),
            now.into(),
            verdict.into(),
            tx::json(&decision.suggestions)?.into(),
            tx::json(&decision.because)?.into(),
        ],
    )?;
    let id = row
        .ok_or_else(|| Error::Refused("a decision was not kept".into()))?
        .int("id")?;
    tx.run(
        "UPDATE message SET decision = ?2 WHERE conversation = ?1 AND decision IS NULL AND speaker = 'customer'",
        &[seen.conversation.into(), id.into()],
    )?;
    Ok(id)
}

/// What a row of suggestions says, as far as it is compared.
#[derive(serde::Deserialize)]
struct Told {
    suggestions: Vec<Suggestion>,
}

/// What a decision puts into the outbox.
struct Post<'a> {
    seen: &'a Seen,
    turn: i64,
    account: i64,
    /// How much of a risk its reply is, for the sheet of the shift.
    risk: String,
    now: DateTime<Utc>,
}

impl Post<'_> {
    /// What waits in the conversation, and what has become of the turn's own.
    fn standing(&self, tx: &mut dyn Tx) -> Result<Vec<Row>, Error> {
        tx.rows(
            "SELECT n, turn, kind, class, text, state, seen_facts, attempts FROM outbox \
             WHERE conversation = ?1 AND (state = 'waiting' OR (turn = ?2 AND state <> 'withdrawn')) ORDER BY n",
            &[self.seen.conversation.into(), self.turn.into()],
        )
    }

    /// Withdraws the replies that wait for something else, and lets this one wait, once.
    fn reply(&self, tx: &mut dyn Tx, reply: Option<&Reply>, standing: &[Row]) -> Result<(), Error> {
        let mut kept = false;
        let mut blocked = false;
        for row in standing {
            if row.text("kind")? != "reply" {
                continue;
            }
            let mine = row.int("turn")? == self.turn;
            let same = match reply {
                Some(reply) => {
                    mine && row.text("class")? == reply.class.code()
                        && row.text("text")? == reply.text
                }
                None => false,
            };
            match row.text("state")? {
                "waiting" if same && !kept => {
                    kept = true;
                    self.refresh(tx, row.int("n")?, reply)?;
                }
                "waiting" => self.withdraw(tx, row.int("n")?)?,
                state => {
                    if let Some(reply) = reply {
                        blocked |= mine && self.blocks(row, state, reply, same)?;
                    }
                }
            }
        }
        match reply {
            Some(reply) if !kept && !blocked => self.post(
                tx,
                "reply",
                reply.class,
                &reply.text,
                (reply.not_before, Some(reply.not_after)),
                Some(reply),
            ),
            _ => Ok(()),
        }
    }

    /// Whether something that has already happened to the turn forbids another reply.
    fn blocks(&self, row: &Row, state: &str, reply: &Reply, same: bool) -> Result<bool, Error> {
        let like = row.text("class")? == reply.class.code();
        let same_facts = row.int("seen_facts")? == self.seen.facts;
        let terminal = row.text("class")? == ReplyClass::Handoff.code();
        Ok(match state {
            // Who was told that a human comes is told nothing else.
            "claimed" | "sent" | "uncertain" if terminal => true,
            // One content answer per turn. A receipt that left on the same facts is the one decided here again.
            "claimed" | "sent" | "uncertain" => {
                like && (reply.class == ReplyClass::Content || same_facts)
            }
            // A dead letter is a human's to send again; the same words would fail the same way.
            "failed" => like && (same || same_facts),
            _ => false,
        })
    }

    fn refresh(&self, tx: &mut dyn Tx, n: i64, reply: Option<&Reply>) -> Result<(), Error> {
        let Some(reply) = reply else { return Ok(()) };
        // A reply that is being tried again, or was held, keeps its pause.
        tx.run(
            "UPDATE outbox SET seen_facts = ?2, seen_epoch = ?3, script = ?4, not_before = ?5, not_after = ?6, \
               cap_customer = ?7, cap_shop = ?8, risk = ?9, \
               next_at = CASE WHEN (attempts > 0 OR error IS NOT NULL) AND next_at > ?5 THEN next_at ELSE ?5 END \
             WHERE n = ?1",
            &[
                n.into(),
                self.seen.facts.into(),
                self.seen.epoch.into(),
                reply.script.as_str().into(),
                reply.not_before.into(),
                reply.not_after.into(),
                i64::from(reply.caps.customer_hour).into(),
                i64::from(reply.caps.shop_minute).into(),
                (&self.risk).into(),
            ],
        )?;
        Ok(())
    }

    fn withdraw(&self, tx: &mut dyn Tx, n: i64) -> Result<(), Error> {
        tx.run(
            "UPDATE outbox SET state = 'withdrawn', settled_at = ?2 WHERE n = ?1",
            &[n.into(), self.now.into()],
        )?;
        Ok(())
    }

    /// Lets the suggestions wait for their source, when they are not those it was told last.
    fn announce(
        &self,
        tx: &mut dyn Tx,
        id: i64,
        decision: &Decision,
        standing: &[Row],
    ) -> Result<(), Error> {
        let mut told: Vec<Suggestion> = Vec::new();
        for row in standing {
            if row.text("kind")? == "suggestions" && row.int("turn")? == self.turn {
                // Compared as what they are: a score read as a JSON number need not be the one written.
                told = row.json::<Told>("text")?.suggestions;
            }
        }
        if told == decision.suggestions {
            return Ok(());
        }
        let body = json!({
            "turn": self.turn.to_string(),
            "decision": id.to_string(),
            "suggestions": decision.suggestions,
            "because": decision.because,
        })
        .to_string();
        let mut replaced = false;
        for row in standing {
            if row.text("kind")? != "suggestions" || row.text("state")? != "waiting" {
                continue;
            }
            // The id is the receiver's key: once it may have been seen, it keeps its words.
            if row.int("turn")? == self.turn && row.int("attempts")? == 0 && !replaced {
                replaced = true;
                tx.run(
                    "UPDATE outbox SET text = ?2, seen_facts = ?3, seen_epoch = ?4 WHERE n = ?1",
                    &[
                        row.int("n")?.into(),
                        (&body).into(),
                        self.seen.facts.into(),
                        self.seen.epoch.into(),
                    ],
                )?;
            } else {
                self.withdraw(tx, row.int("n")?)?;
            }
        }
        if replaced {
            return Ok(());
        }
        self.post(
            tx,
            "suggestions",
            ReplyClass::Receipt,
            &body,
            (self.now, None),
            None,
        )
    }

    fn post(
        &self,
        tx: &mut dyn Tx,
        kind: &str,
        class: ReplyClass,
        text: &str,
        (not_before, not_after): (DateTime<Utc>, Option<DateTime<Utc>>),
        reply: Option<&Reply>,
    ) -> Result<(), Error> {
        tx.run(
            "INSERT INTO outbox (install, conversation, account, turn, kind, class, script, text, seen_facts, seen_epoch, \
               not_before, not_after, next_at, state, attempts, created_at, echoed, crossed, cap_customer, cap_shop, risk) \
             VALUES ((SELECT value FROM setting WHERE name = 'install'), \
               ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10, 'waiting', 0, ?12, 0, 0, ?13, ?14, ?15)",
            &[
                self.seen.conversation.into(),
                self.account.into(),
                self.turn.into(),
                kind.into(),
                class.code().into(),
                reply.map(|reply| reply.script.as_str()).into(),
                text.into(),
                self.seen.facts.into(),
                self.seen.epoch.into(),
                not_before.into(),
                not_after.into(),
                self.now.into(),
                reply.map(|reply| i64::from(reply.caps.customer_hour)).into(),
                reply.map(|reply| i64::from(reply.caps.shop_minute)).into(),
                reply.map(|_| self.risk.as_str()).into(),
            ],
        )?;
        Ok(())
    }
}
