#![allow(clippy::unwrap_used, clippy::panic)]
//! Who waits too long and why, as a table: what is known, a moment, and one line of outcome.

use super::*;
use crate::{
    desk::{
        Facts, Seen, Standing, decide, last_turn,
        testing::{house, moment, talk},
    },
    knowledge::Reading,
};

/// What is known of a conversation when it was decided about at `decided`.
fn waiting(lines: &str, decided: &str) -> Waiting {
    let facts = Facts {
        seen: Seen {
            conversation: 7,
            facts: 1,
            epoch: 1,
        },
        shop: ShopId::from("teahouse"),
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
        since: facts.messages[after].at,
        decided: true,
        because: Some(because),
        human: human.map(|m| Human {
            name: m.sender.clone(),
            at: m.at,
        }),
        delivery: None,
    }
}

fn line(it: &Waiting, deaf: bool, now: &str) -> String {
    match cause(house(), it, Patience(3), deaf, false, moment(now)) {
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

#[test]
fn an_owner_off_duty_is_named_where_the_shift_has_names() {
    // The tea shop's table names nobody: then nobody is known to be away.
    let it = Waiting {
        human: Some(Human {
            name: Some("小林".into()),
            at: moment("14:55:00"),
        }),
        ..waiting("customer 15:00:00 这个包邮吗", "15:00:00")
    };
    assert_eq!(line(&it, false, "15:03:00"), "warning OwnerSilent");
}

#[test]
fn what_was_told_stays_wrong_when_the_shift_ends() {
    let it = waiting("customer 11:50:00 我想问问", "11:50:00");
    let now = moment("12:10:00");
    assert!(cause(house(), &it, Patience(3), false, false, now).is_none());
    assert!(cause(house(), &it, Patience(3), false, true, now).is_some());
}
