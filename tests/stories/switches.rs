//! What people switch while a story goes on, and who waits for a human.

use chrono::{DateTime, Utc};
use jieban::{
    clock::Clock,
    desk::OwnerAct,
    knowledge::{Knowledge, ShopId, arrangement::Arranged},
    store::{announcements, arrangements, ownership, queue, staff_event::Who, switches},
};

use super::desk::{TestDesk, local};

fn who(name: &str) -> Who {
    Who {
        name: name.to_owned(),
        role: "agent".to_owned(),
    }
}

impl TestDesk {
    fn shop(&self) -> ShopId {
        self.shelf.knowledge().shop_of("bridge", self.account())
    }

    /// Somebody arranges something for the shop from now until a moment.
    pub async fn arrange(&self, name: &str, what: Arranged, until: &str, reason: &str) {
        let (shop, now) = (self.shop(), self.clock.now());
        let who = who(name);
        let wanted = arrangements::Wanted {
            what,
            from: None,
            until: local(until),
            reason: reason.to_owned(),
        };
        self.front
            .store
            .write(move |tx| {
                let of = std::slice::from_ref(&shop);
                arrangements::arrange::<()>(tx, &who, of, &wanted, &|_, _| Ok(()), now)
            })
            .await
            .unwrap()
            .unwrap();
        self.settle().await;
    }

    /// An agent goes to lunch.
    pub async fn lunch(&self, agent: &str, until: &str) {
        let what = Arranged::Lunch {
            agent: agent.to_owned(),
        };
        self.arrange(agent, what, until, "午饭").await;
    }

    /// Something stands for everybody, instead of the scripts of these intents.
    pub async fn announce(&self, text: &str, silences: &[&str], until: &str) {
        let (shop, now) = (self.shop(), self.clock.now());
        let wanted = announcements::Wanted {
            shops: Some(vec![shop]),
            text: text.to_owned(),
            from: None,
            until: local(until),
            silences: silences.iter().map(|id| (*id).into()).collect(),
            reason: "突发".to_owned(),
        };
        let boss = who("王主管");
        self.front
            .store
            .write(move |tx| announcements::announce(tx, &boss, &wanted, now))
            .await
            .unwrap();
        self.settle().await;
    }

    /// An agent says whose a conversation is.
    pub async fn say(&self, agent: &str, conversation: &str, act: OwnerAct) {
        let (name, now) = (conversation.to_owned(), self.clock.now());
        let (account, who) = (self.account(), who(agent));
        self.front
            .store
            .write(move |tx| {
                let known = ownership::named(tx, "bridge", account, &name)?.unwrap();
                ownership::say(tx, &who, known.id, act, "", now)
            })
            .await
            .unwrap();
        self.settle().await;
    }

    /// The kill switch of the shop.
    pub async fn kill(&self, stopped: bool) {
        let (shop, now) = (self.shop(), self.clock.now());
        let boss = who("王主管");
        self.front
            .store
            .write(move |tx| switches::kill(tx, &boss, &shop, stopped, "", now))
            .await
            .unwrap();
        self.settle().await;
    }

    /// Who waits for a human: conversation, reason, since when, and the agent who spoke last.
    pub async fn queue(&self) -> String {
        let (shop, now) = (self.shop(), self.clock.now());
        let waiting = self
            .front
            .store
            .read(move |tx| queue::waiting(tx, std::slice::from_ref(&shop), now))
            .await
            .unwrap();
        let clock = |at: DateTime<Utc>| {
            at.with_timezone(&chrono_tz::Asia::Shanghai)
                .format("%H:%M:%S")
                .to_string()
        };
        let lines: Vec<String> = waiting
            .iter()
            .map(|one| {
                let owner = one.owner.as_deref().unwrap_or("无人");
                format!(
                    "{} {} {} {owner}",
                    one.external,
                    one.reason.code(),
                    clock(one.since)
                )
            })
            .collect();
        lines.join("\n")
    }

    /// Who is on duty, as the house says it.
    pub async fn on_duty(&self) -> String {
        let (shop, now) = (self.shop(), self.clock.now());
        let of = shop.clone();
        let standing = self
            .front
            .store
            .read(move |tx| switches::standing(tx, std::slice::from_ref(&of), now))
            .await
            .unwrap();
        let knowledge: std::sync::Arc<Knowledge> = self.shelf.knowledge();
        let arrangements = &standing[&shop].arrangements;
        let coverage = knowledge.coverage_with(&shop, now, arrangements);
        let people = match coverage.people.is_empty() {
            true => "无人".to_owned(),
            false => coverage.people.join("、"),
        };
        format!("{}：{people}", coverage.reason)
    }
}
