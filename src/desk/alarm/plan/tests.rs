#![allow(clippy::unwrap_used, clippy::panic)]
//! Who is told of what, as stories of rounds: a book that is kept as the store keeps it, and what was said.

use chrono::Duration;
use chrono_tz::Asia::Shanghai;

use super::*;
use crate::{
    desk::alarm::{EndingLunch, Late, LateWhat, Quiet, Reason, deaf, late, lunch},
    knowledge::{Platform, ShopId, case_kind::Level},
};

/// 20 November 2026, 15:00 in Shanghai, and so many seconds.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_158_000 + seconds, 0).unwrap()
}

fn waits(conversation: i64, since: i64, urgency: Urgency) -> Cause {
    Cause {
        subject: format!("wait/{conversation}"),
        since: at(since),
        urgency,
        trouble: Trouble::Waiting {
            shop: ShopId::from(if conversation < 100 { "tea" } else { "cups" }),
            name: "一盏茶具".into(),
            platform: Platform::Taobao,
            who: format!("customer-{conversation}"),
            why: match urgency {
                Urgency::Safety => Reason::Harm,
                _ => Reason::Nobody,
            },
        },
    }
}

fn target(name: &str, people: &[&str]) -> Target {
    Target {
        name: name.into(),
        levels: Urgency::ALL.to_vec(),
        shops: Vec::new(),
        quiet: None,
        zone: Shanghai,
        people: people.iter().map(|p| (*p).to_owned()).collect(),
    }
}

/// Keeps the book as the store does.
struct Desk {
    targets: Vec<Target>,
    book: Book,
    deaf: BTreeSet<String>,
    rows: i64,
}

impl Desk {
    fn new(targets: Vec<Target>) -> Self {
        Self {
            targets,
            book: Book::default(),
            deaf: BTreeSet::new(),
            rows: 0,
        }
    }

    /// A round at a moment, written down; everything that is said arrives at once unless `stuck`.
    fn round(&mut self, seconds: i64, causes: &[&Cause], stuck: bool) -> Vec<Message> {
        let now = at(seconds);
        let causes: Vec<Cause> = causes.iter().copied().cloned().collect();
        let made = plan(&Round {
            book: &self.book,
            causes: &causes,
            more: false,
            targets: &self.targets,
            deaf: &self.deaf,
            link: &|alarm, to| Some(format!("https://j/{alarm}/{to}")),
            now,
        });
        if made.is_empty() {
            return Vec::new();
        }
        let book = &mut self.book;
        book.round = made.round;
        for noted in &mut book.causes {
            let key = (noted.subject.clone(), noted.since);
            if made.gone.contains(&key) {
                noted.gone_at = Some(now);
            }
            if made.back.contains(&key) {
                noted.gone_at = None;
            }
        }
        for opened in &made.opened {
            book.alarms.push(Alarm {
                id: opened.id.clone(),
                topic: opened.topic.clone(),
                urgency: opened.urgency,
                opened_at: now,
                acked_at: None,
                told: Vec::new(),
            });
        }
        for (id, urgency) in &made.changed {
            let alarm = book.alarms.iter_mut().find(|a| a.id == *id).unwrap();
            alarm.urgency = *urgency;
        }
        for (subject, since, alarm) in &made.joined {
            book.causes
                .retain(|n| (&n.subject, n.since) != (subject, *since));
            book.causes.push(Noted {
                subject: subject.clone(),
                since: *since,
                alarm: alarm.clone(),
                joined_at: now,
                gone_at: None,
            });
        }
        let state = if stuck {
            ToldState::Waits
        } else {
            ToldState::Arrived
        };
        for message in &made.messages {
            let row = message.into.unwrap_or_else(|| {
                self.rows += 1;
                self.rows
            });
            for told in book.alarms.iter_mut().flat_map(|a| &mut a.told) {
                if told.row == row {
                    told.state = state;
                }
            }
            for tell in &message.tells {
                let alarm = book.alarms.iter_mut().find(|a| a.id == tell.alarm).unwrap();
                alarm.told.push(Told {
                    target: message.target.clone(),
                    step: tell.step,
                    row,
                    at: now,
                    state,
                });
            }
        }
        book.alarms.retain(|a| !made.closed.contains(&a.id));
        let open: Vec<_> = book.alarms.iter().map(|a| a.id.clone()).collect();
        book.causes.retain(|n| open.contains(&n.alarm));
        made.messages
    }

    /// `target>person: first line` of everything said.
    fn said(&mut self, seconds: i64, causes: &[&Cause]) -> Vec<String> {
        self.round(seconds, causes, false)
            .iter()
            .map(line)
            .collect()
    }

    fn acknowledge(&mut self, seconds: i64) {
        for alarm in &mut self.book.alarms {
            alarm.acked_at = alarm.acked_at.or(Some(at(seconds)));
        }
    }
}

fn line(message: &Message) -> String {
    let who = match (message.note.everybody, message.note.people.first()) {
        (true, _) => "@all",
        (false, Some(person)) => person,
        (false, None) => "",
    };
    let first = message.note.text.lines().next().unwrap();
    format!("{}>{who}: {first}", message.target)
}

const ONE: &str = "desk>: 【接班·提醒】1 位顾客在等，最久 3 分钟";

#[test]
fn one_customer_is_one_alarm_and_more_are_merged() {
    let mut desk = Desk::new(vec![target("desk", &[])]);
    let one = waits(1, 0, Urgency::Warning);
    let two = waits(2, 10, Urgency::Warning);
    assert_eq!(desk.said(180, &[&one]), [ONE]);
    assert_eq!(desk.said(185, &[&one]), [""; 0]);
    assert_eq!(desk.said(190, &[&one, &two]), [""; 0]);
    assert_eq!(
        desk.said(480, &[&one, &two]),
        ["desk>: 【接班·提醒】2 位顾客在等，最久 8 分钟"],
        "there is news, and nobody is left to ask"
    );
    assert_eq!(desk.said(900, &[&one, &two]), [""; 0]);
    // It is over when all have been answered for a minute, and is said to be.
    assert_eq!(desk.said(905, &[&one]), [""; 0]);
    assert_eq!(desk.said(910, &[]), [""; 0]);
    assert_eq!(desk.said(965, &[]), [""; 0]);
    assert_eq!(
        desk.said(970, &[]),
        ["desk>: 【接班·已解除】已解除：15:03 的顾客等待"]
    );
    assert_eq!(desk.said(975, &[]), [""; 0]);
    assert!(desk.book.alarms.is_empty());
}

#[test]
fn what_flickers_is_one_alarm() {
    let mut desk = Desk::new(vec![target("desk", &[])]);
    let one = waits(1, 0, Urgency::Warning);
    assert_eq!(desk.said(180, &[&one]), [ONE]);
    assert_eq!(desk.said(185, &[]), [""; 0]);
    assert_eq!(desk.said(190, &[&one]), [""; 0]);
    // A late line makes him wait since before: the same episode.
    let earlier = waits(1, -5, Urgency::Warning);
    assert_eq!(desk.said(195, &[&earlier]), [""; 0]);
    assert_eq!(desk.book.causes.len(), 1);
}

#[test]
fn people_are_asked_one_after_the_other_then_all() {
    let mut desk = Desk::new(vec![target("desk", &["lin", "wu"])]);
    let one = waits(1, 0, Urgency::Warning);
    let mut said = Vec::new();
    for second in (180..2_400).step_by(5) {
        said.extend(
            desk.said(second, &[&one])
                .into_iter()
                .map(|line| format!("{second} {}", line.split(':').next().unwrap())),
        );
    }
    assert_eq!(said, ["180 desk>lin", "480 desk>wu", "780 desk>@all"]);
}

#[test]
fn an_acknowledgement_stops_it_and_newcomers_are_collected() {
    let mut desk = Desk::new(vec![target("desk", &["lin", "wu"])]);
    let one = waits(1, 0, Urgency::Warning);
    let two = waits(2, 100, Urgency::Warning);
    assert_eq!(desk.said(180, &[&one]).len(), 1);
    desk.acknowledge(200);
    assert_eq!(desk.said(600, &[&one]), [""; 0]);
    desk.book.alarms[0].acked_at = Some(at(600));
    assert_eq!(desk.said(700, &[&one, &two]), [""; 0]);
    // Where somebody may come to harm nothing is collected.
    let harm = waits(3, 690, Urgency::Safety);
    assert_eq!(
        desk.said(705, &[&one, &two, &harm]),
        ["desk>lin: 【接班·安全】涉及人身安全：1 位顾客在等，最久 0 分钟"]
    );
    desk.acknowledge(706);
    assert_eq!(
        desk.said(900, &[&one, &two, &harm]),
        ["desk>lin: 【接班·提醒】1 位顾客在等，最久 13 分钟"],
        "the newcomer alone"
    );
    desk.acknowledge(905);
    // Who cared has forgotten him.
    let again = desk.said(600 + 30 * 60, &[&one, &two, &harm]);
    assert_eq!(again, ["desk>lin: 【接班·提醒】1 位顾客在等，最久 40 分钟"]);
}

#[test]
fn quiet_hours_hold_back_all_but_harm() {
    let quiet = Quiet {
        from: "14:00:00".parse().unwrap(),
        until: "15:30:00".parse().unwrap(),
    };
    let mut desk = Desk::new(vec![Target {
        quiet: Some(quiet),
        ..target("desk", &["lin"])
    }]);
    let one = waits(1, 0, Urgency::Urgent);
    let harm = waits(2, 0, Urgency::Safety);
    assert_eq!(desk.said(180, &[&one]), [""; 0]);
    assert_eq!(
        desk.said(185, &[&one, &harm]),
        ["desk>lin: 【接班·安全】涉及人身安全：1 位顾客在等，最久 3 分钟"]
    );
    assert_eq!(desk.said(1_795, &[&one, &harm]).len(), 1, "all are asked");
    assert_eq!(
        desk.said(1_800, &[&one, &harm]),
        ["desk>lin: 【接班·紧急】1 位顾客在等，最久 30 分钟"]
    );
}

#[test]
fn levels_and_shops_choose_who_is_told() {
    let tea = Target {
        shops: vec!["tea".into()],
        ..target("tea", &[])
    };
    let boss = Target {
        levels: vec![Urgency::Urgent, Urgency::Safety],
        ..target("boss", &[])
    };
    let mut desk = Desk::new(vec![tea, boss]);
    let names = |said: Vec<String>| -> Vec<String> {
        said.iter()
            .map(|line| line.split('>').next().unwrap().to_owned())
            .collect()
    };
    let (one, cups) = (
        waits(1, 0, Urgency::Warning),
        waits(100, 0, Urgency::Warning),
    );
    assert_eq!(names(desk.said(180, &[&one, &cups])), ["tea"]);
    // It presses more now: the boss hears of both, in one message.
    let (one, cups) = (waits(1, 0, Urgency::Urgent), waits(100, 0, Urgency::Urgent));
    let said = desk.round(540, &[&one, &cups], false);
    assert_eq!(said.iter().filter(|m| m.target == "boss").count(), 1);
    let boss = said.iter().find(|m| m.target == "boss").unwrap();
    assert_eq!(boss.tells.len(), 2);
}

#[test]
fn who_cannot_be_reached_is_stood_in_for() {
    let mut desk = Desk::new(vec![
        Target {
            shops: vec!["tea".into()],
            ..target("tea", &["lin"])
        },
        Target {
            shops: vec!["cups".into()],
            ..target("cups", &["wu"])
        },
    ]);
    let one = waits(1, 0, Urgency::Warning);
    assert_eq!(
        desk.said(180, &[&one]),
        ["tea>lin: 【接班·提醒】1 位顾客在等，最久 3 分钟"]
    );
    desk.deaf.insert("notify:tea".into());
    let dead = deaf("notify:tea", at(180));
    let said = desk.round(190, &[&one, &dead], false);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert_eq!(
        said[0].note.text,
        "【接班·紧急】通知目标“tea”自 15:03 起一直发不出去\n\
         Receivers that take nothing; see the log.\n\
         我来处理 (acknowledge): https://j/2-0/cups\n\
         1 位顾客在等，最久 3 分钟\n\
         1. 一盏茶具（taobao） c***1：3 分钟，没有人回复\n\
         1 customer waiting, longest 3 min: nobody answered\n\
         我来处理 (acknowledge): https://j/1-0/cups"
    );
    assert_eq!(desk.said(195, &[&one, &dead]), [""; 0]);
}

#[test]
fn what_has_not_left_is_rewritten_or_taken_back() {
    let mut desk = Desk::new(vec![target("desk", &[])]);
    let one = waits(1, 0, Urgency::Warning);
    let first = desk.round(180, &[&one], true);
    assert_eq!(first[0].into, None);
    // Another matter joins the message that waits.
    let still = Cause {
        subject: "silent/1".into(),
        since: at(-3_600),
        urgency: Urgency::Notice,
        trouble: Trouble::Silent {
            shop: "tea".into(),
            name: "一盏茶具".into(),
            source: "bridge".into(),
            account: "tea-main".into(),
        },
    };
    let second = desk.round(185, &[&one, &still], true);
    assert_eq!((second.len(), second[0].into), (1, Some(1)));
    assert_eq!(second[0].note.alarms.len(), 2);
    assert_eq!(second[0].tells.len(), 1);
    // The first is answered before anybody could be told: then it is not mentioned, not even as over.
    desk.round(190, &[&still], true);
    let third = desk.round(255, &[&still], true);
    assert_eq!(third[0].into, Some(1));
    assert_eq!(third[0].note.alarms.len(), 1);
    assert!(third[0].note.resolved.is_empty());
    // So is the other: nothing is left to say.
    desk.round(260, &[], true);
    let now = at(330);
    let last = plan(&Round {
        book: &desk.book,
        causes: &[],
        more: false,
        targets: &desk.targets,
        deaf: &desk.deaf,
        link: &|_, _| None,
        now,
    });
    assert_eq!((last.withdrawn, last.messages.len()), (vec![1], 0));
}

#[test]
fn a_long_list_is_short_and_masked() {
    let mut desk = Desk::new(vec![target("desk", &[])]);
    let causes: Vec<Cause> = (1..=12)
        .map(|n| waits(n, 60 - n * 5, Urgency::Warning))
        .collect();
    let said = desk.round(480, &causes.iter().collect::<Vec<_>>(), false);
    assert_eq!(
        said[0].note.text,
        "【接班·提醒】12 位顾客在等，最久 8 分钟\n\
         1. 一盏茶具（taobao） c***2：8 分钟，没有人回复\n\
         2. 一盏茶具（taobao） c***1：7 分钟，没有人回复\n\
         3. 一盏茶具（taobao） c***0：7 分钟，没有人回复\n\
         4. 一盏茶具（taobao） c***9：7 分钟，没有人回复\n\
         5. 一盏茶具（taobao） c***8：7 分钟，没有人回复\n\
         另有 7 项\n\
         12 customers waiting, longest 8 min: nobody answered\n\
         我来处理 (acknowledge): https://j/1-0/desk"
    );
    assert_eq!(said[0].note.alarms[0].count, 12);
}

#[test]
fn unusual_silence() {
    use crate::desk::alarm::{Stillness, silent};
    let shop = ShopId::from("tea");
    for (minutes, days, found) in [
        (14, vec![5; 7], None),
        (15, vec![5; 7], Some(Urgency::Notice)),
        (60, vec![5; 7], Some(Urgency::Warning)),
        (60, vec![5, 5, 0, 5, 5, 5, 5], Some(Urgency::Warning)),
        // A Monday after a weekend off, and the Saturday before.
        (60, vec![0, 0, 5, 5, 5, 5, 5], Some(Urgency::Warning)),
        (60, vec![5, 5, 5, 5, 5, 0, 0], None),
        (60, vec![0, 0, 0, 0, 5, 5, 5], None),
        (60, vec![5, 5], None),
        (60, vec![5, 5, 5], Some(Urgency::Warning)),
        (60, vec![5, 4, 5], None),
        (60, vec![], None),
    ] {
        let still = Stillness {
            account: 4,
            source: "bridge".into(),
            name: "tea-main".into(),
            last: at(0),
            days: days.clone(),
        };
        let cause = silent(
            &still,
            &shop,
            "一盏茶具",
            at(0) + Duration::minutes(minutes),
        );
        assert_eq!(cause.map(|c| c.urgency), found, "{minutes} {days:?}");
    }
}

proptest::proptest! {
    /// However customers come and go: nobody is told twice within five minutes of the same alarm, every
    /// customer who waits is in an alarm or collected for the next, and one target gets one message a round.
    #[test]
    fn nobody_is_called_twice(steps in proptest::collection::vec((0u8..64, proptest::bool::weighted(0.1)), 1..120)) {
        let mut desk = Desk::new(vec![target("desk", &["lin", "wu"]), target("boss", &[])]);
        let mut told: BTreeMap<(String, String), i64> = BTreeMap::new();
        let mut since = [0i64; 6];
        for (n, (mask, acknowledged)) in steps.iter().enumerate() {
            let second = i64::try_from(n).unwrap() * 20;
            let causes: Vec<Cause> = (0..6usize)
                .filter(|c| mask & (1 << c) != 0)
                .map(|c| waits(i64::try_from(c).unwrap(), since[c], Urgency::Warning))
                .collect();
            for (c, since) in since.iter_mut().enumerate() {
                if mask & (1 << c) == 0 {
                    *since = second + 1;
                }
            }
            let messages = desk.round(second, &causes.iter().collect::<Vec<_>>(), false);
            for target in ["desk", "boss"] {
                proptest::prop_assert!(messages.iter().filter(|m| m.target == target).count() <= 1);
            }
            for message in &messages {
                for tell in &message.tells {
                    let key = (tell.alarm.clone(), message.target.clone());
                    if let Some(before) = told.insert(key, second) {
                        proptest::prop_assert!(second - before >= 300);
                    }
                }
            }
            let collecting = desk.book.alarms.iter().any(|a| a.acked_at.is_some());
            for cause in &causes {
                let noted = desk.book.causes.iter().any(|c| c.subject == cause.subject && c.gone_at.is_none());
                proptest::prop_assert!(noted || collecting);
            }
            if *acknowledged {
                desk.acknowledge(second);
            }
        }
    }
}

#[test]
fn a_lunch_that_ends_soon_is_said_once_and_asks_nobody_else() {
    let ends = |agent: &str, until: i64| {
        lunch(&EndingLunch {
            agent: agent.to_owned(),
            shops: vec![ShopId::from("tea")],
            from: at(0),
            until: at(until),
        })
    };
    let (lin, wang) = (ends("小林", 1_200), ends("小王", 1_260));
    let waiting = waits(1, 900, Urgency::Warning);
    let soon = |who: &str, person: &str, until: &str, minutes: i64| {
        format!(
            "desk>{person}: 【接班·提示】{who}的午休 {until} 结束，还有 {minutes} 分钟；要多歇一会儿请现在延长"
        )
    };
    let mut desk = Desk::new(vec![target("desk", &["lin", "小王"])]);
    // Between an alarm that asks people one after the other, and beside another reminder.
    assert_eq!(desk.said(1_020, &[&lin]), [soon("小林", "", "15:20", 3)]);
    let wang_too = [soon("小王", "小王", "15:21", 2)];
    assert_eq!(desk.said(1_150, &[&lin, &wang]), wang_too);
    let both = desk.round(1_160, &[&lin, &wang, &waiting], false);
    assert_eq!(both.len(), 1);
    assert_eq!(both[0].note.people, ["lin"]);
    assert!(!both[0].note.text.contains("午休"), "{:?}", both[0].note);
    assert_eq!(desk.said(1_200, &[&wang, &waiting]), [""; 0]);
    assert_eq!(desk.said(1_260, &[&waiting]), [""; 0]);
    // Its end is no news.
    assert_eq!(desk.said(1_330, &[&waiting]), [""; 0]);
    assert_eq!(desk.book.alarms.len(), 1);
    // Who wants to hear of other things only, or sleeps, is not told, and nobody in his place.
    let mut deaf_to_it = target("boss", &[]);
    deaf_to_it.levels = vec![Urgency::Urgent, Urgency::Safety];
    let mut elsewhere = target("cups", &[]);
    elsewhere.shops = vec![ShopId::from("cups")];
    let mut asleep = target("night", &[]);
    asleep.quiet = Some(Quiet {
        from: "15:00:00".parse().unwrap(),
        until: "16:00:00".parse().unwrap(),
    });
    let mut desk = Desk::new(vec![deaf_to_it, elsewhere, asleep]);
    assert_eq!(desk.said(1_020, &[&lin]), [""; 0]);
    // What has not left by the time it ends is taken back.
    let mut desk = Desk::new(vec![target("desk", &[])]);
    assert_eq!(desk.round(1_020, &[&lin], true).len(), 1);
    assert!(desk.round(1_200, &[], true).is_empty());
}

#[test]
fn what_is_past_its_time_is_told_shop_by_shop_and_once() {
    let it = |id: i64, shop: &str, what| Late {
        id,
        shop: shop.into(),
        due: at(-86_400),
        who: Some("小李".into()),
        what,
    };
    let case = |id: i64, shop: &str| {
        let number = format!("LF-2611-000{id}");
        let kind = "漏发".into();
        let of = it(id, shop, LateWhat::Case { number, kind });
        late(&of, shop, Level::Normal)
    };
    let promise = LateWhat::Promise {
        kind: "返现".into(),
        case: Some("返现".into()),
    };
    let promise = late(&it(4, "tea", promise), "tea", Level::Urgent);
    let (one, two, other) = (case(1, "tea"), case(2, "tea"), case(3, "cups"));
    let mut desk = Desk::new(vec![target("boss", &[])]);
    let said = desk.round(0, &[&one, &two, &other, &promise], false);
    assert_eq!(said.len(), 1);
    insta::assert_snapshot!(said[0].note.text, @"
    【接班·紧急】答应顾客的 1 件事到时间了，请办好或者改期
    1. tea：“返现”（承诺 4），11-19 15:00 到期，小李
    Promises past their time: keep or move them.
    我来处理 (acknowledge): https://j/1-2/boss
    2 张工单超时了，请改期并告诉顾客，或者办完
    1. tea：LF-2611-0001 漏发，11-19 15:00 到期，小李
    2. tea：LF-2611-0002 漏发，11-19 15:00 到期，小李
    Cases past their time: postpone or finish them.
    我来处理 (acknowledge): https://j/1-0/boss
    1 张工单超时了，请改期并告诉顾客，或者办完
    1. cups：LF-2611-0003 漏发，11-19 15:00 到期，小李
    Cases past their time: postpone or finish them.
    我来处理 (acknowledge): https://j/1-1/boss
    ");
    let kinds: Vec<(&str, usize)> = said[0]
        .note
        .alarms
        .iter()
        .map(|alarm| (alarm.kind.as_str(), alarm.count))
        .collect();
    assert_eq!(kinds, [("promise", 1), ("case", 2), ("case", 1)]);
    // Acknowledged, they are not told of again, however long they stay so.
    for alarm in &mut desk.book.alarms {
        alarm.acked_at = Some(at(60));
    }
    for minute in 2..200 {
        let said = desk.round(minute * 60, &[&one, &two, &other, &promise], false);
        assert_eq!(said, []);
    }
    // A new one is.
    let said = desk.round(
        20_000,
        &[&one, &two, &other, &promise, &case(5, "tea")],
        false,
    );
    assert_eq!(said[0].note.alarms.len(), 1);
    assert_eq!(said[0].note.alarms[0].count, 1);
}
