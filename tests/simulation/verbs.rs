//! Every verb that the simulated house speaks, as a value: so that a call can be lost, told, recorded, and made
//! again on another engine.

use chrono::{DateTime, Utc};
use jieban::{
    desk::{Decision, Facts, Inbound, OwnerAct, Seen},
    knowledge::{Files, IntentId, Mode, ShopId, arrangement::Arranged},
    store::{
        Error, Tx, announcements, arrangements, decisions,
        decisions::Commit,
        facts::facts_of,
        inline::{Inline, inline_state},
        knowledge, messages,
        messages::Recorded,
        outbox::{self, Claim, Claimed, Kind, Outcome},
        ownership, staff_event, switches, view,
        work::{self, Work},
    },
};

/// A verb with what it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Verb {
    Record {
        /// The chat, and which of its lines are delivered: for the oracle alone.
        chat: usize,
        lines: Vec<usize>,
        inbound: Box<Inbound>,
        shop: ShopId,
    },
    Take {
        outdated: bool,
        lease: i64,
        limit: usize,
    },
    Look {
        asks: Vec<(i64, Vec<String>)>,
    },
    GiveBack(Vec<i64>),
    Commit {
        /// When its facts were looked at, in steps of the run: for the oracle alone.
        looked: u64,
        seen: Seen,
        decision: Box<Decision>,
        announce: bool,
        month: String,
    },
    Claim {
        who: Who,
        lease: i64,
        limit: usize,
    },
    InlineState {
        conversation: i64,
        message: i64,
    },
    HandAgain(String),
    Settle {
        id: String,
        outcome: Outcome,
    },
    Sweep,
    SwitchMode {
        shop: ShopId,
        mode: Option<Mode>,
    },
    /// `None`: of all shops.
    SwitchStopped {
        shop: Option<ShopId>,
        stopped: bool,
    },
    /// A shop comes in line with the kill switch of all.
    Follow(ShopId),
    Arrange {
        shop: ShopId,
        what: Arranged,
        until: DateTime<Utc>,
    },
    Announce {
        /// `None`: all shops.
        shop: Option<ShopId>,
        text: &'static str,
        silences: Vec<IntentId>,
        until: DateTime<Utc>,
    },
    /// Somebody says whose a conversation is.
    Own {
        conversation: i64,
        act: OwnerAct,
        who: &'static str,
    },
    Publish {
        /// Its place among the editions: for the oracle alone.
        edition: usize,
        version: String,
        files: &'static Files,
        shops: Vec<ShopId>,
    },
    CurrentVersion,
    NextDue,
    View {
        source: String,
        account: String,
        conversation: String,
    },
}

/// Who claims.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    Courier(String),
    Pull(String),
    Inline(i64),
}

/// What a verb answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Recorded(Recorded),
    Taken(Vec<Work>),
    Looked(Vec<Facts>, Option<String>),
    Committed(Commit),
    Claimed(Vec<Claimed>),
    Inline(Inline),
    Yes(bool),
    Swept(u64),
    Version(Option<String>),
    Due(Option<DateTime<Utc>>),
    Viewed(Option<Box<view::ConversationView>>),
    Nothing,
}

/// Who turns the switches.
fn lead() -> staff_event::Who {
    staff_event::Who {
        name: "阿明".to_owned(),
        role: "lead".to_owned(),
    }
}

impl Verb {
    /// Speaks the verb to a transaction.
    pub(crate) fn run(&self, tx: &mut dyn Tx, now: DateTime<Utc>) -> Result<Answer, Error> {
        Ok(match self {
            Self::Record { inbound, shop, .. } => {
                Answer::Recorded(messages::record(tx, inbound, shop, now)?)
            }
            Self::Take {
                outdated: true,
                lease,
                limit,
            } => Answer::Taken(work::take_outdated(tx, now, *lease, *limit)?),
            Self::Take { lease, limit, .. } => Answer::Taken(work::take(tx, now, *lease, *limit)?),
            Self::Look { asks } => {
                Answer::Looked(facts_of(tx, asks, now)?, knowledge::current_version(tx)?)
            }
            Self::GiveBack(taken) => {
                work::give_back(tx, taken)?;
                Answer::Nothing
            }
            Self::Commit {
                seen,
                decision,
                announce,
                month,
                ..
            } => Answer::Committed(decisions::commit(
                tx, seen, decision, *announce, month, now,
            )?),
            Self::Claim { who, lease, limit } => {
                let sources;
                let claim = match who {
                    Who::Courier(source) => {
                        sources = [source.clone()];
                        Claim::Courier { sources: &sources }
                    }
                    Who::Pull(source) => Claim::Pull {
                        source,
                        account: None,
                    },
                    Who::Inline(conversation) => Claim::Inline {
                        conversation: *conversation,
                    },
                };
                let mut claimed = outbox::claim(tx, claim, now, *lease, *limit)?;
                for row in claimed.iter_mut().filter(|row| row.kind != Kind::Reply) {
                    // Numbers of rows stand inside, and nothing here looks at it.
                    row.text.clear();
                }
                Answer::Claimed(claimed)
            }
            Self::InlineState {
                conversation,
                message,
            } => Answer::Inline(inline_state(tx, *conversation, *message, now)?),
            Self::HandAgain(id) => Answer::Yes(outbox::hand_again(tx, id)?),
            Self::Settle { id, outcome } => Answer::Yes(outbox::settle(tx, id, outcome, now)?),
            Self::Sweep => Answer::Swept(outbox::sweep(tx, now, 200)?),
            Self::SwitchMode { shop, mode } => {
                Answer::Yes(switches::set_mode(tx, &lead(), shop, *mode, "试", now)?)
            }
            Self::SwitchStopped { shop, stopped } => Answer::Yes(match shop {
                Some(shop) => switches::kill(tx, &lead(), shop, *stopped, "试", now)?,
                None => switches::kill_everywhere(tx, &lead(), *stopped, "试", now)?,
            }),
            Self::Follow(shop) => {
                switches::follow(tx, shop)?;
                Answer::Nothing
            }
            Self::Arrange { shop, what, until } => {
                let wanted = arrangements::Wanted {
                    what: what.clone(),
                    from: None,
                    until: *until,
                    reason: "试".to_owned(),
                };
                let may: arrangements::May<'_, ()> = &|_, _| Ok(());
                let shops = std::slice::from_ref(shop);
                let agreed = arrangements::arrange(tx, &lead(), shops, &wanted, may, now)?;
                Answer::Yes(agreed.is_ok())
            }
            Self::Announce {
                shop,
                text,
                silences,
                until,
            } => {
                let wanted = announcements::Wanted {
                    shops: shop.clone().map(|shop| vec![shop]),
                    text: (*text).to_owned(),
                    from: None,
                    until: *until,
                    silences: silences.clone(),
                    reason: "试".to_owned(),
                };
                announcements::announce(tx, &lead(), &wanted, now)?;
                Answer::Yes(true)
            }
            Self::Own {
                conversation,
                act,
                who,
            } => {
                let who = staff_event::Who {
                    name: (*who).to_owned(),
                    ..lead()
                };
                let said = ownership::say(tx, &who, *conversation, *act, "试", now)?;
                Answer::Yes(said.is_some_and(|(_, changed)| changed))
            }
            Self::Publish {
                version,
                files,
                shops,
                ..
            } => Answer::Yes(knowledge::publish(tx, version, files, shops, now)?),
            Self::CurrentVersion => Answer::Version(knowledge::current_version(tx)?),
            Self::NextDue => Answer::Due(work::next_due(tx, now)?),
            Self::View {
                source,
                account,
                conversation,
            } => {
                Answer::Viewed(view::conversation(tx, source, account, conversation)?.map(Box::new))
            }
        })
    }

    /// Whether it is a way of looking and changes nothing.
    pub(crate) fn only_looks(&self) -> bool {
        matches!(
            self,
            Self::Look { .. }
                | Self::InlineState { .. }
                | Self::CurrentVersion
                | Self::NextDue
                | Self::View { .. }
        )
    }
}

impl Answer {
    /// Whether a verb that might have changed something found nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        match self {
            Self::Taken(work) => work.is_empty(),
            Self::Claimed(rows) => rows.is_empty(),
            Self::Swept(rows) => *rows == 0,
            _ => false,
        }
    }
}
