//! Who is in, whose a conversation is, when the bot may step in, and how much may leave: as the oracle knows it, from
//! its own record and from the page of the library.

use chrono::{DateTime, Duration, Utc};
use jieban::{
    desk::OwnerAct,
    knowledge::{Mode, arrangement::Arranged},
};

use super::{HALF_AN_HOUR, Oracle, What};
use crate::{
    chats::Chat,
    library::{AGENTS, BUSY, Edition, RESCUE, Words, caps, people},
};

/// Who has a conversation.
#[derive(Clone, Copy)]
struct Holder {
    /// When he last showed that it is his.
    last: DateTime<Utc>,
    name: Option<&'static str>,
    /// He took it and has not spoken since.
    took: bool,
    pinned: bool,
}

impl Oracle {
    /// Whether somebody is on duty in a shop: as arranged, else as the tables say; where they name people, as long as
    /// one of these has not gone.
    pub(super) fn staffed(&self, edition: &Edition, shop: &str, at: DateTime<Utc>) -> bool {
        if let Some(staffed) = self.word_for_all(shop, at) {
            return staffed;
        }
        let here = people(shop, at);
        match here.is_empty() {
            true => edition.staffed(shop, at),
            false => here.iter().any(|agent| !self.is_away(shop, agent, at)),
        }
    }

    fn holding(&self, shop: &str, at: DateTime<Utc>) -> impl Iterator<Item = &Arranged> {
        let holds = move |from: DateTime<Utc>, until: DateTime<Utc>| from <= at && at < until;
        self.arranged
            .iter()
            .filter(move |(of, _, from, until)| of == shop && holds(*from, *until))
            .map(|(_, what, _, _)| what)
    }

    /// Whether somebody is on duty whatever the tables say; only one such word holds at a time.
    fn word_for_all(&self, shop: &str, at: DateTime<Utc>) -> Option<bool> {
        self.holding(shop, at).find_map(|what| match what {
            Arranged::Closed => Some(false),
            Arranged::Staffed => Some(true),
            _ => None,
        })
    }

    /// Whether an agent is at lunch or absent by his own name.
    pub(crate) fn is_away(&self, shop: &str, agent: &str, at: DateTime<Utc>) -> bool {
        self.holding(shop, at).any(|what| match what {
            Arranged::Lunch { agent: who } | Arranged::Absent { agent: who } => who == agent,
            _ => false,
        })
    }

    /// Whether nothing is arranged for all of a shop: then something may be.
    pub(crate) fn is_unarranged(&self, shop: &str, at: DateTime<Utc>) -> bool {
        self.word_for_all(shop, at).is_none()
    }

    /// Whether an agent is on duty by his name; `None` when nothing tells.
    fn on_duty(&self, shop: &str, agent: Option<&str>, at: DateTime<Utc>) -> Option<bool> {
        let agent = agent?;
        if self.word_for_all(shop, at) == Some(false) {
            return Some(false);
        }
        let named = shop == BUSY && AGENTS.contains(&agent);
        let here = || people(shop, at).contains(&agent) && !self.is_away(shop, agent, at);
        named.then(here)
    }

    /// Whether the bot may step in for agents who are busy: once in a turn, with nothing but a safe answer or an
    /// honest word, when nobody has answered for so long while somebody was there.
    pub(super) fn may_step_in(
        &self,
        chat: usize,
        edition: &Edition,
        words: Words,
        mode: Mode,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let refuse = |why: &str| Err(format!("it steps in, and {why}"));
        if mode == Mode::Off {
            return refuse("the mode is off");
        }
        if matches!(words, Words::Registers | Words::Receipt) {
            return refuse("these words are for the night");
        }
        let turn = self.turn(chat)?;
        let began = turn.first().map(|heard| heard.at).unwrap_or(now);
        // What left at the very moment at which the turn began was said before it.
        let spoke = self.chats[chat]
            .heard
            .iter()
            .any(|heard| matches!(heard.what, What::Ours(..)) && heard.at > began);
        if spoke {
            return refuse("it has spoken in this turn already");
        }
        let mut waits = began.max(self.staffed_since(edition, began, now));
        if let Some(holder) = self.holder(chat, edition, BUSY, now) {
            if holder.pinned {
                return refuse("a human has pinned it");
            }
            if holder.took {
                waits = waits.max(holder.last);
            }
        }
        match waits + RESCUE <= now {
            true => Ok(()),
            false => refuse("nobody has waited so long"),
        }
    }

    /// Since when somebody has been on duty without a break, looking back to `from`.
    fn staffed_since(
        &self,
        edition: &Edition,
        from: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let arranged = self.arranged.iter().filter(|(of, ..)| of == BUSY);
        let mut edges: Vec<DateTime<Utc>> = arranged
            .flat_map(|(_, _, begin, end)| [*begin, *end])
            .chain((0..=24).map(|back| {
                let hour = now.timestamp().div_euclid(3600) - back;
                DateTime::from_timestamp(hour * 3600, 0).unwrap()
            }))
            .filter(|edge| from < *edge && *edge <= now)
            .collect();
        edges.sort_unstable();
        edges
            .into_iter()
            .rev()
            .find(|edge| !self.staffed(edition, BUSY, *edge - Duration::milliseconds(1)))
            .unwrap_or(from)
    }

    /// An error when more has left than may.
    pub(super) fn caps(
        &self,
        chat: usize,
        chats: &[Chat],
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let shop = chats[chat].shop;
        let (customer, minute) = caps(shop);
        let left = |chat: usize, since: DateTime<Utc>| {
            let ours = self.chats[chat].heard.iter();
            ours.filter(|heard| matches!(heard.what, What::Ours(..)) && heard.at >= since)
                .count()
        };
        let hour = now - Duration::hours(1) + Duration::milliseconds(1);
        if left(chat, hour) >= customer {
            return Err("this customer got so many replies within an hour".to_owned());
        }
        let begun = DateTime::from_timestamp(now.timestamp().div_euclid(60) * 60, 0).unwrap();
        let of_shop = (0..chats.len()).filter(|other| chats[*other].shop == shop);
        match of_shop.map(|other| left(other, begun)).sum::<usize>() < minute {
            true => Ok(()),
            false => Err("so many replies left in this shop within the minute".to_owned()),
        }
    }

    /// An error when a human answers here now.
    pub(super) fn owner(
        &self,
        chat: usize,
        edition: &Edition,
        shop: &str,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        match self.holder(chat, edition, shop, now) {
            Some(holder) if holder.pinned => Err("a human has pinned it".to_owned()),
            Some(_) => Err("a human has spoken and owns it".to_owned()),
            None => Ok(()),
        }
    }

    /// The human to whom the conversation belongs now.
    fn holder(
        &self,
        chat: usize,
        edition: &Edition,
        shop: &str,
        now: DateTime<Utc>,
    ) -> Option<Holder> {
        let known = &self.chats[chat];
        let humans = known
            .heard
            .iter()
            .filter(|heard| matches!(heard.what, What::Human(_)));
        let spoke = humans.max_by_key(|heard| heard.at).map(|heard| Holder {
            last: heard.at,
            name: heard.sender,
            took: false,
            pinned: false,
        });
        let holder = match known.owner {
            None => spoke,
            Some((act, at, who)) => {
                let took = Holder {
                    last: at,
                    name: Some(who),
                    took: true,
                    pinned: act == OwnerAct::Pin,
                };
                let later = spoke.filter(|spoke| spoke.last > at);
                match act {
                    OwnerAct::Pin => Some(took),
                    OwnerAct::Take => later.or(Some(took)),
                    OwnerAct::HandBack | OwnerAct::End => later,
                }
            }
        }?;
        let there = match self.on_duty(shop, holder.name, now) {
            Some(false) => self.on_duty(shop, holder.name, holder.last) == Some(false),
            _ => {
                self.staffed(edition, shop, now)
                    || holder.last >= self.alone_since(edition, shop, now)
            }
        };
        let his = holder.pinned || (now < holder.last + HALF_AN_HOUR && there);
        his.then_some(holder)
    }

    /// Since when nobody is on duty, if nobody is; what is arranged begins anew.
    fn alone_since(&self, edition: &Edition, shop: &str, now: DateTime<Utc>) -> DateTime<Utc> {
        let edges = self
            .arranged
            .iter()
            .filter(|arranged| arranged.0 == shop)
            .flat_map(|(_, _, from, until)| [*from, *until])
            .filter(|edge| *edge <= now);
        let by_table = (!edition.staffed(shop, now)).then(|| edition.alone_since(shop, now));
        edges.chain(by_table).max().unwrap_or(now)
    }
}
