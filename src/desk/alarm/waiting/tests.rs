#![allow(clippy::unwrap_used, clippy::panic)]
//! Who waits too long and why, as a table: what is known, a moment, and one line of outcome.

use super::*;
use crate::{
    desk::{
        Facts, OwnerAct, Seen, Standing, decide, last_turn,
        testing::{house, moment, talk},
    },
    knowledge::{Reading, arrangement::Arranged},
};

/// What is known of a conversation of the tea shop when it was decided about at `decided`.
fn waiting(lines: &str, decided: &str) -> Waiting {
    waiting_in("teahouse", lines, decided)
}

fn waiting_in(shop: &str, lines: &str, decided: &str) -> Waiting {
    let facts = Facts {
        seen: Seen {
            conversation: 7,
            facts: 1,
            epoch: 1,
        },
        shop: ShopId::from(shop),
        platform: Platform::Taobao,
        mode: None,
        stopped: false,
        standing: Standing::default(),
        ownership: None,
        lowered: None,
        order: None,
        messages: talk(lines),
        open_cases: Vec::new(),
        said: Vec::new(),
    };
    let at = moment(decided);
    let reading = match last_turn(&facts.messages) {
        Some(turn) => house().read(&turn.to_read(&facts.shop, facts.platform), at),
        None => Reading::default(),
    };
    let because = decide(house(), &facts, &reading, at).because;
    let human = facts.messages.iter().rev().find(|m| m.speaker.is_human());
    let after = facts
        .messages
        .iter()
        .rposition(|m| m.speaker.is_human())
        .map_or(0, |n| n + 1);
    Waiting {
        conversation: 7,
        external: "tb-anna".into(),
        shop: facts.shop.clone(),
        platform: facts.platform,
        source: "bridge".into(),
        account: "tea".into(),
        since: facts.messages[after].at,
        decided: true,
        because: Some(because),
        human: human.map(|m| Human {
            name: m.sender.clone(),
            at: m.at,
        }),
        ownership: None,
        delivery: None,
    }
}

fn around(arrangements: &[Arrangement], deaf: bool, noted: bool) -> Around<'_> {
    Around {
        arrangements,
        patience: Patience(3),
        deaf,
        noted,
    }
}

fn line(it: &Waiting, deaf: bool, now: &str) -> String {
    told(it, around(&[], deaf, false), now)
}

fn told(it: &Waiting, around: Around<'_>, now: &str) -> String {
    match cause(house(), it, around, moment(now)) {
        None => "-".to_owned(),
        Some(Cause {
            urgency,
            trouble: Trouble::Waiting { why, .. },
            ..
        }) => format!("{urgency} {why:?}"),
        Some(_) => panic!("a waiting customer is a waiting customer"),
    }
}

#[test]
fn who_waits_too_long_and_why() {
    for (lines, now, outcome) in [
        // On duty: nobody may wait.
        ("customer 15:00:00 这个包邮吗", "15:02:59", "-"),
        ("customer 15:00:00 这个包邮吗", "15:03:00", "warning Nobody"),
        ("customer 15:00:00 这个包邮吗", "15:09:00", "urgent Nobody"),
        ("customer 15:00:00 我要投诉你们", "15:03:00", "urgent Risky"),
        (
            "human 14:50:00 您好|customer 15:00:00 这个包邮吗",
            "15:03:00",
            "warning OwnerSilent",
        ),
        (
            "human 14:20:00 您好|customer 15:00:00 这个包邮吗",
            "15:03:00",
            "warning PauseOver",
        ),
        // Who wrote at night has waited since the shift began.
        ("customer 08:30:00 我想问问", "09:02:59", "-"),
        (
            "customer 08:30:00 我想问问",
            "09:03:00",
            "warning BotCannot",
        ),
        // Lunch and night: what waits for the shift by design is no alarm, what is risky is.
        ("customer 12:05:00 我想问问", "12:30:00", "-"),
        ("customer 11:59:00 我想问问", "13:31:59", "-"),
        ("customer 11:59:00 我想问问", "13:32:00", "warning Nobody"),
        ("customer 02:00:00 我要投诉你们", "02:03:00", "urgent Risky"),
        ("customer 02:00:00 我想问问", "02:30:00", "-"),
    ] {
        let decided = lines.rsplit("customer ").next().unwrap();
        let it = waiting(lines, &decided[..8]);
        assert_eq!(line(&it, false, now), outcome, "{lines} at {now}");
    }
}

#[test]
fn what_failed_is_said_whatever_the_hour() {
    let due = moment("02:00:04");
    for (delivery, decided, deaf, outcome) in [
        (None, true, false, "-"),
        (None, false, false, "warning Undecided"),
        (Some(Delivery::Failed), true, true, "warning Undelivered"),
        (Some(Delivery::Uncertain), true, false, "warning Uncertain"),
        (Some(Delivery::Expired), true, false, "warning NotFetched"),
        (Some(Delivery::Expired), true, true, "warning DeadReceiver"),
        (
            Some(Delivery::Waits { attempts: 0, due }),
            true,
            false,
            "warning NotFetched",
        ),
        (
            Some(Delivery::Waits { attempts: 0, due }),
            true,
            true,
            "warning DeadReceiver",
        ),
        (
            Some(Delivery::Waits { attempts: 2, due }),
            true,
            false,
            "warning DeadReceiver",
        ),
        (Some(Delivery::Withdrawn), true, false, "-"),
    ] {
        let it = Waiting {
            delivery,
            decided,
            ..waiting("customer 02:00:00 这个包邮吗", "02:00:00")
        };
        assert_eq!(line(&it, deaf, "02:03:00"), outcome, "{delivery:?}");
        assert_eq!(line(&it, deaf, "02:02:59"), "-", "{delivery:?}");
    }
}

/// `小李 14:55`.
fn human(text: &str) -> Option<Human> {
    let (name, at) = text.split_once(' ')?;
    Some(Human {
        name: Some(name.to_owned()),
        at: moment(&format!("{at}:00")),
    })
}

fn arranged(what: Arranged, from: &str, until: &str) -> Arrangement {
    Arrangement {
        what,
        from: moment(from),
        until: moment(until),
        reason: "有事".to_owned(),
    }
}

/// The same rule as for the bot: who had it last, by the tables and by what was arranged.
#[test]
fn whose_it_is_is_judged_as_for_the_bot() {
    let lunch = |agent: &str| {
        let agent = agent.to_owned();
        arranged(Arranged::Lunch { agent }, "12:00:00", "12:30:00")
    };
    let said = |act, at: &str| {
        Some(Ownership {
            agent: "小李".to_owned(),
            act,
            at: moment(at),
        })
    };
    for (why, shop, spoke, said, arrangements, now, outcome) in [
        (
            "the tea shop's table names nobody: then nobody is known to be away",
            "teahouse",
            "小林 14:55",
            None,
            &[][..],
            "15:03:00",
            "warning OwnerSilent",
        ),
        (
            "he is at lunch by his own word, and his colleague is in",
            "teahouse-busy",
            "小李 11:50",
            None,
            &[lunch("小李")],
            "12:08:00",
            "warning OwnerAway",
        ),
        (
            "his colleague is at lunch, not he",
            "teahouse-busy",
            "小李 11:50",
            None,
            &[lunch("小王")],
            "12:08:00",
            "warning OwnerSilent",
        ),
        (
            "his shift has ended, by its table",
            "teahouse-busy",
            "小李 17:50",
            None,
            &[],
            "18:08:00",
            "warning OwnerAway",
        ),
        (
            "he does overtime",
            "teahouse-busy",
            "小李 17:50",
            None,
            &[arranged(
                Arranged::OnDuty {
                    agent: "小李".to_owned(),
                },
                "18:00:00",
                "19:00:00",
            )],
            "18:08:00",
            "warning OwnerSilent",
        ),
        (
            "he has pinned it and gone",
            "teahouse-busy",
            "小李 17:50",
            said(OwnerAct::Pin, "17:51:00"),
            &[],
            "18:08:00",
            "warning OwnerSilent",
        ),
        (
            "he has handed it back",
            "teahouse-busy",
            "小李 17:50",
            said(OwnerAct::HandBack, "17:51:00"),
            &[],
            "18:08:00",
            "warning Nobody",
        ),
        (
            "he took it without a word, half an hour ago",
            "teahouse-busy",
            "",
            said(OwnerAct::Take, "14:20:00"),
            &[],
            "15:03:00",
            "warning PauseOver",
        ),
    ] {
        let begun = moment(now) - Duration::minutes(3);
        let zone = house().shop_or_default(&ShopId::from(shop)).zone;
        let begun = begun.with_timezone(&zone).format("%H:%M:%S").to_string();
        let it = Waiting {
            human: human(spoke),
            ownership: said,
            ..waiting_in(shop, &format!("customer {begun} 这个包邮吗"), &begun)
        };
        let around = around(arrangements, false, false);
        assert_eq!(told(&it, around, now), outcome, "{why}");
    }
}

/// The clock of those who wait runs by what was arranged, also after it has ended.
#[test]
fn patience_runs_in_hours_as_they_were_arranged() {
    let shut = [arranged(Arranged::Closed, "15:00:00", "16:00:00")];
    let open = [arranged(Arranged::Staffed, "02:00:00", "03:00:00")];
    for (arrangements, began, now, outcome) in [
        (&shut, "14:59:00", "15:30:00", "-"),
        (&shut, "14:59:00", "16:01:59", "-"),
        (&shut, "14:59:00", "16:02:00", "warning Nobody"),
        (&shut, "15:30:00", "16:02:59", "-"),
        (&shut, "15:30:00", "16:03:00", "warning Nobody"),
        (&open, "02:10:00", "02:12:59", "-"),
        (&open, "02:10:00", "02:13:00", "warning Nobody"),
        (&open, "02:58:00", "03:01:00", "-"),
    ] {
        let it = waiting(&format!("customer {began} 这个包邮吗"), began);
        let around = around(arrangements, false, false);
        assert_eq!(told(&it, around, now), outcome, "{began} at {now}");
    }
}

#[test]
fn what_was_told_stays_wrong_when_the_shift_ends() {
    let it = waiting("customer 11:50:00 我想问问", "11:50:00");
    let now = moment("12:10:00");
    assert!(cause(house(), &it, around(&[], false, false), now).is_none());
    assert!(cause(house(), &it, around(&[], false, true), now).is_some());
}
