//! What people switch by hand: it holds from the moment it is said, is said once, and is written down.

use jieban::{
    desk::{OwnerAct, Standing},
    knowledge::{
        Mode, ShopId,
        arrangement::{Arranged, Arrangement},
    },
    store::{
        Store, announcements,
        arrangements::{self, Kept},
        outbox::{self, Claim},
        ownership, shops,
        staff_event::{StaffEvent, Wanted, What, Who, events},
        switches::{self, Turned},
        wire::on_the_wire,
    },
};
use serde_json::json;

use crate::{
    house::*,
    races::{at_once, other},
};

stories!(
    a_mode_is_switched_once_and_written_down,
    two_kill_switches_are_two_facts,
    what_was_claimed_before_the_kill_switch_is_listed,
    an_arrangement_holds_at_once_and_ends_by_itself,
    all_shops_agree_or_none_does,
    an_announcement_is_for_one_shop_or_for_all,
    a_conversation_is_taken_handed_back_and_ended,
    the_log_is_read_by_shop_and_in_pages,
    a_claim_and_a_kill_switch,
    two_who_go_to_lunch,
    a_shop_that_comes_while_everything_is_stopped,
);

fn boss() -> Who {
    Who {
        name: "王主管".into(),
        role: "supervisor".into(),
    }
}

fn mei() -> Who {
    Who {
        name: "小美".into(),
        role: "agent".into(),
    }
}

fn lunch(agent: &str, until: i64) -> arrangements::Wanted {
    arrangements::Wanted {
        what: Arranged::Lunch {
            agent: agent.into(),
        },
        from: None,
        until: at(until),
        reason: "午饭".into(),
    }
}

impl House {
    async fn epoch(&self, name: &str) -> i64 {
        let name = ShopId::from(name);
        self.write(move |tx| shops::switches(tx, &name))
            .await
            .unwrap()
            .epoch
    }

    async fn log(&self) -> Vec<StaffEvent> {
        self.write(|tx| events(tx, &Wanted::default(), 100)).await
    }

    async fn turned(&self) -> Turned {
        self.write(|tx| switches::turned_of(tx, &[shop()]))
            .await
            .remove(&shop())
            .unwrap_or_default()
    }

    async fn standing(&self, name: &str, seconds: i64) -> Standing {
        let name = ShopId::from(name);
        self.write(move |tx| switches::standing(tx, std::slice::from_ref(&name), at(seconds)))
            .await
            .into_values()
            .next()
            .unwrap()
    }

    async fn arrange(&self, of: &[&str], wanted: arrangements::Wanted, seconds: i64) -> Vec<Kept> {
        let of: Vec<ShopId> = of.iter().map(|shop| ShopId::from(*shop)).collect();
        self.write(move |tx| {
            arrangements::arrange::<()>(tx, &boss(), &of, &wanted, &|_, _| Ok(()), at(seconds))
        })
        .await
        .unwrap()
    }

    async fn say(&self, who: Who, conversation: i64, act: OwnerAct, seconds: i64) -> bool {
        self.write(move |tx| ownership::say(tx, &who, conversation, act, "", at(seconds)))
            .await
            .unwrap()
            .1
    }

    async fn kill(&self, stopped: bool) -> bool {
        self.write(move |tx| switches::kill(tx, &boss(), &shop(), stopped, "", at(1)))
            .await
    }

    async fn kill_everywhere(&self, stopped: bool) -> bool {
        let turned = self
            .write(move |tx| switches::kill_everywhere(tx, &boss(), stopped, "", at(1)))
            .await;
        for shop in self.write(switches::all_shops).await {
            self.write(move |tx| switches::follow(tx, &shop)).await;
        }
        turned
    }
}

async fn a_mode_is_switched_once_and_written_down(house: House) {
    house.answered("c", "在路上").await;
    let before = house.epoch("flagship").await;
    for (mode, reason, changes) in [
        (Some(Mode::Auto), "大促", true),
        (Some(Mode::Auto), "大促", false),
        (None, "", true),
    ] {
        let changed = house
            .write(move |tx| switches::set_mode(tx, &boss(), &shop(), mode, reason, at(1)))
            .await;
        assert_eq!(changed, changes, "{mode:?}");
    }
    assert_eq!(house.epoch("flagship").await, before + 2);
    let log = house.log().await;
    assert_eq!(log.len(), 2);
    assert_eq!((log[1].who.clone(), log[1].what), (boss(), What::Mode));
    assert_eq!(
        (
            log[1].at,
            log[1].shop.clone(),
            log[1].reason.as_str(),
            &log[1].before,
            &log[1].after
        ),
        (
            at(1),
            Some(shop()),
            "大促",
            &json!({"mode": null}),
            &json!({"mode": "auto"})
        )
    );
    // What was decided before does not leave.
    assert!(house.claim(2).await.is_empty());
}

async fn two_kill_switches_are_two_facts(house: House) {
    house.answered("c", "在路上").await;
    assert!(house.kill(true).await && !house.kill(true).await);
    assert!(house.kill_everywhere(true).await && !house.kill_everywhere(true).await);
    let both = Turned {
        mode: None,
        here: true,
        everywhere: true,
    };
    assert_eq!(house.turned().await, both);
    assert!(house.facts(1, 1).await.stopped);
    // Each is turned back by itself.
    assert!(house.kill_everywhere(false).await);
    let here = Turned {
        everywhere: false,
        ..both
    };
    assert_eq!(house.turned().await, here);
    assert!(house.facts(1, 1).await.stopped);
    assert!(house.kill(false).await);
    assert!(!house.facts(1, 1).await.stopped);
    assert!(
        house.claim(2).await.is_empty(),
        "what was decided before the switch stays"
    );
    let log = house.log().await;
    let places: Vec<(Option<ShopId>, bool)> = log
        .iter()
        .rev()
        .map(|event| (event.shop.clone(), event.after["stopped"] == true))
        .collect();
    assert_eq!(
        places,
        [
            (Some(shop()), true),
            (None, true),
            (None, false),
            (Some(shop()), false)
        ]
    );
}

async fn what_was_claimed_before_the_kill_switch_is_listed(house: House) {
    house.answered("c", "在路上").await;
    house.answered("d", "在路上").await;
    let claimed = house
        .write(|tx| {
            let who = Claim::Courier {
                sources: &["bridge".to_owned()],
            };
            outbox::claim(tx, who, at(1), 30_000, 1)
        })
        .await;
    // Suggestions are on the wire too; they are never a reply.
    let replies = || house.write(|tx| on_the_wire(tx, Some(&[shop()]), 10));
    let before = replies().await.len();
    house.kill(true).await;
    let listed = replies().await;
    assert_eq!(listed.len(), before);
    if let Some(reply) = claimed.iter().find(|c| c.kind == outbox::Kind::Reply) {
        assert_eq!(listed[0].id, reply.id);
    }
    // Whatever the first claim was, the rest is not claimed any more, and a lease that ends is not renewed.
    assert!(house.claim(1).await.is_empty() && house.claim(60).await.is_empty());
    assert!(replies().await.is_empty());
    let elsewhere = house
        .write(|tx| on_the_wire(tx, Some(&["other".into()]), 10))
        .await;
    assert!(elsewhere.is_empty());
}

async fn an_arrangement_holds_at_once_and_ends_by_itself(house: House) {
    let recorded = house.answered("c", "在路上").await;
    let before = house.epoch("flagship").await;
    let kept = house
        .arrange(&["flagship"], lunch("小美", 1200), 0)
        .await
        .remove(0);
    assert_eq!(
        (kept.arrangement.from, kept.made_by.as_str()),
        (at(0), "王主管")
    );
    assert_eq!(house.epoch("flagship").await, before + 1);
    assert!(
        house.claim(1).await.is_empty(),
        "decided before somebody went to lunch"
    );
    // Who did not hear the answer asks again.
    let again = house.arrange(&["flagship"], lunch("小美", 1200), 60).await;
    assert_eq!(again, std::slice::from_ref(&kept));
    assert_eq!(house.epoch("flagship").await, before + 1);
    // The desk sees it, and what begins later.
    let later = arrangements::Wanted {
        what: Arranged::Closed,
        from: Some(at(3600)),
        until: at(7200),
        reason: "盘点".into(),
    };
    house.arrange(&["flagship"], later, 1).await;
    let seen = house.facts(recorded.conversation, 2).await.standing;
    assert_eq!(seen, house.standing("flagship", 2).await);
    let what: Vec<&Arranged> = seen.arrangements.iter().map(|a| &a.what).collect();
    assert_eq!(what, [&kept.arrangement.what, &Arranged::Closed]);
    // Clocks ran by what has ended lately; what ended a day ago is forgotten.
    assert_eq!(house.standing("flagship", 1200).await, seen);
    let day = 24 * 60 * 60;
    let tomorrow = house.standing("flagship", 1200 + day).await.arrangements;
    assert_eq!(tomorrow.len(), 1);
    assert_eq!(house.standing("other", 2).await, Standing::default());
    // Prolonged, then ended early.
    let (id, epoch) = (kept.id, house.epoch("flagship").await);
    let moved = house
        .write(move |tx| {
            arrangements::move_end::<()>(
                tx,
                &mei(),
                &[id],
                at(1800),
                "",
                &|_, there| {
                    assert_eq!(there.len(), 1, "his own lunch is not in his way");
                    Ok(())
                },
                at(1100),
            )
        })
        .await
        .unwrap();
    assert_eq!(moved[0].arrangement.until, at(1800));
    assert_eq!(
        house
            .write(move |tx| arrangements::end(tx, &mei(), &[id], "", at(1300)))
            .await
            .len(),
        1
    );
    assert!(
        house
            .write(move |tx| arrangements::end(tx, &mei(), &[id], "", at(1400)))
            .await
            .is_empty()
    );
    assert_eq!(house.epoch("flagship").await, epoch + 2);
    let ended = house.standing("flagship", 1300).await.arrangements;
    assert_eq!(
        (ended[0].until, &ended[1].what),
        (at(1300), &Arranged::Closed)
    );
    let lunches = house
        .write(|tx| arrangements::lunches(tx, "小美", at(1300)))
        .await;
    assert!(lunches.is_empty());
    let log = house.log().await;
    assert_eq!(log[0].before["until"], json!(at(1800)));
    assert_eq!(log[0].after["until"], json!(at(1300)));
    // What has not begun is taken back.
    let closing = house
        .write(|tx| arrangements::standing(tx, &shop(), at(1400)))
        .await
        .remove(0)
        .id;
    house
        .write(move |tx| arrangements::end(tx, &boss(), &[closing], "", at(1400)))
        .await;
    let left = house.standing("flagship", 1400).await;
    assert_eq!(left.arrangements, ended[..1]);
    for (seconds, standing) in [(1400, &left), (1300 + day, &Standing::default())] {
        let facts = house.facts(recorded.conversation, seconds).await;
        assert_eq!(facts.standing, *standing, "{seconds}");
    }
}

async fn all_shops_agree_or_none_does(house: House) {
    let wanted = lunch("小美", 1200);
    let of: Vec<ShopId> = ["c", "a", "b"].map(ShopId::from).into();
    let refused = house
        .write(move |tx| {
            let may = |shop: &ShopId, _: &[Arrangement]| match shop.as_str() {
                "b" => Err("没有人留下"),
                _ => Ok(()),
            };
            arrangements::arrange(tx, &mei(), &of, &wanted, &may, at(0))
        })
        .await;
    assert_eq!(refused, Err(vec![("b".into(), "没有人留下")]));
    assert!(house.log().await.is_empty());
    assert_eq!(house.epoch("a").await, 1);
    let kept = house.arrange(&["c", "a"], lunch("小美", 1200), 0).await;
    let of: Vec<&str> = kept.iter().map(|kept| kept.shop.as_str()).collect();
    assert_eq!(of, ["a", "c"]);
    assert_eq!(house.log().await.len(), 2);
}

async fn an_announcement_is_for_one_shop_or_for_all(house: House) {
    let recorded = house.answered("c", "在路上").await;
    let before = house.epoch("flagship").await;
    let wanted = |shops: Option<&[&str]>, text: &str| announcements::Wanted {
        shops: shops.map(|of| of.iter().map(|shop| ShopId::from(*shop)).collect()),
        text: text.into(),
        from: None,
        until: at(3600),
        silences: vec!["log.track".into(), "log.lost".into()],
        reason: "仓库进水".into(),
    };
    let announce = |wanted: announcements::Wanted, seconds| {
        house.write(move |tx| announcements::announce(tx, &boss(), &wanted, at(seconds)))
    };
    let one = announce(wanted(Some(&["flagship"]), "仓库进水"), 1).await;
    assert_eq!(
        announce(wanted(Some(&["flagship"]), "仓库进水"), 9).await,
        one
    );
    let all = announce(wanted(None, "快递停运"), 2).await;
    assert_eq!(house.epoch("flagship").await, before + 2);
    assert!(house.claim(3).await.is_empty());
    let texts = |standing: Standing| -> Vec<String> {
        standing
            .announcements
            .into_iter()
            .map(|said| said.text)
            .collect()
    };
    let facts = house.facts(recorded.conversation, 3).await;
    assert_eq!(texts(facts.standing), ["仓库进水", "快递停运"]);
    // A shop that comes later is told too.
    house.write(|tx| shops::ensure(tx, &["later".into()])).await;
    assert_eq!(texts(house.standing("later", 3).await), ["快递停运"]);
    let elsewhere = delivery("l", vec![customer("l-1", "在吗")]);
    let there = house
        .write(move |tx| jieban::store::messages::record(tx, &elsewhere, &"later".into(), at(3)))
        .await;
    let facts = house.facts(there.conversation, 4).await;
    assert_eq!(texts(facts.standing), ["快递停运"]);
    // Ended for all.
    let id = all.announcement.id;
    for seconds in [10, 11] {
        let ended = house
            .write(move |tx| announcements::end(tx, &boss(), id, "修好了", at(seconds)))
            .await
            .unwrap();
        assert_eq!(ended.announcement.until, at(10));
    }
    assert!(house.standing("later", 12).await.announcements.is_empty());
    assert_eq!(house.epoch("later").await, 2);
    let none = house
        .write(|tx| announcements::end(tx, &boss(), 99, "", at(1)))
        .await;
    assert_eq!(none, None);
    let standing = house
        .write(|tx| announcements::standing(tx, Some(&shop()), at(12)))
        .await;
    assert_eq!(standing, [one]);
    let log = house.log().await;
    assert_eq!(log.len(), 3);
    assert_eq!((log[0].shop.clone(), log[0].subject), (None, Some(id)));
}

async fn a_conversation_is_taken_handed_back_and_ended(house: House) {
    let recorded = house.answered("c", "在路上").await;
    let c = recorded.conversation;
    let before = house.facts(c, 0).await;
    assert_eq!(before.ownership, None);
    assert!(house.say(mei(), c, OwnerAct::Take, 1).await);
    assert!(
        !house.say(mei(), c, OwnerAct::Take, 2).await,
        "said twice, meant once"
    );
    let facts = house.facts(c, 2).await;
    assert_eq!(facts.seen.facts, before.seen.facts + 1);
    let owner = facts.ownership.unwrap();
    assert_eq!(
        (owner.agent.as_str(), owner.act, owner.at),
        ("小美", OwnerAct::Take, at(1))
    );
    assert_eq!(house.states("c").await, ["withdrawn"]);
    assert!(house.view("c").await.waiting_since.is_some());
    // Half an hour later he takes it anew; a colleague takes it from him; it is handed back.
    assert!(house.say(mei(), c, OwnerAct::Take, 1800).await);
    assert!(house.say(boss(), c, OwnerAct::Pin, 1801).await);
    assert!(!house.say(boss(), c, OwnerAct::Pin, 9000).await);
    assert!(house.say(boss(), c, OwnerAct::HandBack, 9001).await);
    assert!(house.view("c").await.waiting_since.is_some());
    assert!(house.say(boss(), c, OwnerAct::End, 9002).await);
    assert_eq!(house.view("c").await.waiting_since, None);
    assert!(!house.view("c").await.decided);
    // What was said before the end waits for nobody, though a line of it comes late.
    let mut late = customer("c-0", "在吗");
    late.sent_at = Some(at(-60));
    house.record(&delivery("c", vec![late]), 9003).await;
    assert_eq!(house.view("c").await.waiting_since, None);
    house
        .record(&delivery("c", vec![customer("c-9", "还有")]), 9004)
        .await;
    assert_eq!(house.view("c").await.waiting_since, Some(at(9004)));
    // What is on the wire when somebody takes the conversation is marked.
    house.answered("d", "在路上").await;
    house.claim(1).await;
    let d = house.view_number("d").await;
    assert!(house.say(mei(), d, OwnerAct::Take, 2).await);
    assert!(house.view("d").await.replies[0].crossed);
    // Nobody owns what is not there.
    let nothing = house
        .write(|tx| ownership::say(tx, &mei(), 99, OwnerAct::Take, "", at(1)))
        .await;
    assert!(nothing.is_none());
    let log = house.log().await;
    assert_eq!(log.len(), 6);
    assert_eq!(log[5].before, json!(null));
    assert_eq!(log[4].after["act"], "take");
    assert_eq!(log[1].conversation, Some(c));
}

async fn the_log_is_read_by_shop_and_in_pages(house: House) {
    house
        .arrange(&["a", "b", "c"], lunch("小美", 1200), 0)
        .await;
    house.kill_everywhere(true).await;
    let read = |wanted: Wanted, limit| {
        let wanted = wanted.clone();
        house.write(move |tx| events(tx, &wanted, limit))
    };
    let names = |log: &[StaffEvent]| -> Vec<String> {
        log.iter()
            .map(|event| event.shop.as_ref().map_or("*".into(), ToString::to_string))
            .collect()
    };
    let mine = Wanted {
        shops: Some(vec!["b".into()]),
        ..Wanted::default()
    };
    assert_eq!(names(&read(mine, 10).await), ["*", "b"]);
    let first = read(Wanted::default(), 2).await;
    assert_eq!(names(&first), ["*", "c"]);
    let next = Wanted {
        before: Some(first[1].id),
        ..Wanted::default()
    };
    assert_eq!(names(&read(next, 2).await), ["b", "a"]);
    let of_conversation = Wanted {
        conversation: Some(1),
        ..Wanted::default()
    };
    assert!(read(of_conversation, 9).await.is_empty());
}

/// Whoever comes first: what is claimed is claimed before the switch and listed by it.
async fn a_claim_and_a_kill_switch(house: House) {
    let node = other(&house);
    let mut claims = 0;
    for round in 0..100 {
        house.answered(&format!("c{round}"), "在路上").await;
        let (store, other) = (house.store.clone(), node.clone());
        let everywhere = round % 2 == 0;
        let (claimed, listed) = at_once(
            async move {
                let sources = ["bridge".to_owned()];
                store
                    .write(move |tx| {
                        outbox::claim(tx, Claim::Courier { sources: &sources }, at(1), 30_000, 9)
                    })
                    .await
                    .unwrap()
            },
            async move { stop(&other, everywhere).await },
        )
        .await;
        let claimed: Vec<String> = claimed
            .into_iter()
            .filter(|c| c.kind == outbox::Kind::Reply)
            .map(|c| c.id)
            .collect();
        claims += claimed.len();
        assert_eq!(claimed, listed, "exactly what was claimed is listed");
        assert!(
            house.claim(2).await.is_empty(),
            "nothing is claimed after the answer"
        );
        for id in claimed {
            let sent = outbox::Outcome::Sent { platform_id: None };
            assert!(house.settle(&id, sent, 3).await);
        }
        if everywhere {
            house.kill_everywhere(false).await;
        } else {
            house.kill(false).await;
        }
    }
    eprintln!("{:?}: {claims} of 100 claims came first", house.engine);
}

/// Turns a kill switch as the switchboard does; what was on the wire then.
async fn stop(store: &Store, everywhere: bool) -> Vec<String> {
    if everywhere {
        store
            .write(|tx| switches::kill_everywhere(tx, &boss(), true, "", at(1)))
            .await
            .unwrap();
        for shop in store.write(switches::all_shops).await.unwrap() {
            store
                .write(move |tx| switches::follow(tx, &shop))
                .await
                .unwrap();
        }
    } else {
        store
            .write(|tx| switches::kill(tx, &boss(), &shop(), true, "", at(1)))
            .await
            .unwrap();
    }
    let listed = store.write(|tx| on_the_wire(tx, None, 99)).await.unwrap();
    listed.into_iter().map(|row| row.id).collect()
}

/// Two agents, of whom one must stay, leave at the same moment.
async fn two_who_go_to_lunch(house: House) {
    let node = other(&house);
    for round in 0..50 {
        let name = format!("shop-{round}");
        let go = |store: Store, agent: &'static str| {
            let of = [ShopId::from(name.as_str())];
            async move {
                store
                    .write(move |tx| {
                        let may = |_: &ShopId, there: &[Arrangement]| match there {
                            [] => Ok(()),
                            _ => Err(()),
                        };
                        arrangements::arrange(tx, &mei(), &of, &lunch(agent, 1200), &may, at(0))
                    })
                    .await
                    .unwrap()
            }
        };
        let (a, b) = at_once(go(house.store.clone(), "小美"), go(node.clone(), "小丽")).await;
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        assert_eq!(house.standing(&name, 1).await.arrangements.len(), 1);
    }
}

/// Whoever comes first: the shop is stopped.
async fn a_shop_that_comes_while_everything_is_stopped(house: House) {
    let node = other(&house);
    for round in 0..50 {
        let name = format!("new-{round}");
        let (store, other, new) = (
            house.store.clone(),
            node.clone(),
            ShopId::from(name.as_str()),
        );
        at_once(
            async move {
                let ensured = store.write(move |tx| shops::ensure(tx, std::slice::from_ref(&new)));
                ensured.await.unwrap();
            },
            async move { stop(&other, true).await },
        )
        .await;
        let name = ShopId::from(name);
        let switches = house.write(move |tx| shops::switches(tx, &name)).await;
        assert!(switches.unwrap().stopped);
        house.kill_everywhere(false).await;
    }
}
