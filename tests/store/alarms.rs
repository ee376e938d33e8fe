//! What the watchdog finds, what it writes down, and how its messages leave.

use chrono::Duration;
use jieban::{
    desk::alarm::{
        Delivery, Message, Opened, Plan, Tell, ToldState,
        pace::Pace,
        text::{Note, NoteAlarm},
    },
    desk::{Decision, ReplyClass},
    knowledge::Urgency,
    store::{
        alarms::{self, Watched},
        forgetting,
        outbox::{Claimed, Kind, Outcome, dead_letters, resend},
        receivers,
    },
};

use crate::house::*;

stories!(
    a_round_is_written_once,
    what_has_left_is_not_rewritten,
    what_waits_may_be_withdrawn,
    a_robot_is_not_told_twice,
    a_robot_is_told_no_faster_than_it_bears,
    a_receiver_is_deaf_after_three_failures_in_a_row,
    one_acknowledgement_counts,
    who_waits_is_found_with_what_became_of_his_reply,
    a_doubted_reply_is_found_until_somebody_speaks,
    an_alarm_is_no_reply,
    a_silence_is_compared_with_the_days_before,
    a_cause_belongs_to_one_alarm,
    what_is_over_is_forgotten_after_its_time,
);

const LIMIT: Pace = Pace(&[(2, 60)]);

fn note(text: &str) -> Note {
    Note {
        urgency: Urgency::Warning,
        text: text.to_owned(),
        people: vec!["lin".into()],
        everybody: false,
        alarms: vec![NoteAlarm {
            id: "1-0".into(),
            kind: "waiting".into(),
            urgency: Urgency::Warning,
            count: 1,
            since: Some(at(0)),
            step: 0,
            acknowledge: None,
        }],
        resolved: vec![],
    }
}

/// A round that opens an alarm about conversation 7 and tells the desk of it.
fn opening(round: i64) -> Plan {
    let id = format!("{round}-0");
    Plan {
        round,
        opened: vec![Opened {
            id: id.clone(),
            topic: format!("waiting/{round}"),
            urgency: Urgency::Warning,
        }],
        joined: vec![(format!("wait/{round}"), at(0), id.clone())],
        messages: vec![Message {
            target: "desk".into(),
            into: None,
            note: note("在等"),
            tells: vec![Tell { alarm: id, step: 0 }],
        }],
        ..Plan::default()
    }
}

impl House {
    async fn round(&self, plan: Plan, seconds: i64) -> bool {
        self.write(move |tx| alarms::commit(tx, &plan, at(seconds)))
            .await
    }

    async fn watched(&self, seconds: i64) -> Watched {
        self.store
            .read(move |tx| alarms::watched(tx, at(seconds)))
            .await
            .unwrap()
    }

    async fn tell(&self, seconds: i64) -> Vec<Claimed> {
        self.write(move |tx| receivers::claim_paced(tx, "notify:desk", LIMIT, at(seconds), 30_000))
            .await
    }

    async fn heard(&self, source: &'static str, well: bool, seconds: i64) {
        self.write(move |tx| receivers::heard(tx, source, well, at(seconds)))
            .await;
    }
}

async fn a_round_is_written_once(house: House) {
    assert!(house.round(opening(1), 10).await);
    assert!(!house.round(opening(1), 10).await, "another node's round");
    assert!(!house.round(opening(3), 10).await, "a round that never was");
    let book = house.watched(11).await.book;
    assert_eq!(
        (book.round, book.alarms.len(), book.causes.len()),
        (1, 1, 1)
    );
    let told = &book.alarms[0].told[0];
    assert_eq!(
        (told.step, told.at, told.state),
        (0, at(10), ToldState::Waits)
    );
    let claimed = house.tell(12).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(
        (
            claimed[0].kind,
            claimed[0].source.as_str(),
            claimed[0].account.as_str()
        ),
        (Kind::Alarm, "notify:desk", "desk")
    );
    let read: Note = serde_json::from_str(&claimed[0].text).unwrap();
    assert_eq!(read, note("在等"));
    let state = |watched: Watched| watched.book.alarms[0].told[0].state;
    assert_eq!(state(house.watched(12).await), ToldState::OnItsWay);
    let sent = Outcome::Sent { platform_id: None };
    assert!(house.settle(&claimed[0].id, sent, 13).await);
    let book = house.watched(14).await.book;
    let told = &book.alarms[0].told[0];
    assert_eq!((told.at, told.state), (at(13), ToldState::Arrived));
    // It is over.
    let over = Plan {
        round: 2,
        closed: vec!["1-0".into()],
        ..Plan::default()
    };
    assert!(house.round(over, 20).await);
    assert_eq!(house.watched(21).await.book.alarms, []);
}

async fn what_has_left_is_not_rewritten(house: House) {
    house.round(opening(1), 10).await;
    let row = house.watched(11).await.book.alarms[0].told[0].row;
    let mut second = opening(2);
    second.messages[0].into = Some(row);
    second.messages[0].note = note("两位在等");
    assert!(house.round(second.clone(), 11).await);
    let claimed = house.tell(12).await;
    assert!(claimed[0].text.contains("两位在等"));
    let mut third = opening(3);
    third.messages[0].into = Some(row);
    assert!(!house.round(third.clone(), 13).await, "it is on the wire");
    let book = house.watched(13).await.book;
    assert_eq!(
        (book.round, book.alarms.len()),
        (2, 2),
        "nothing was written"
    );
    third.messages[0].into = None;
    assert!(house.round(third, 14).await);
}

async fn what_waits_may_be_withdrawn(house: House) {
    house.round(opening(1), 10).await;
    let row = house.watched(11).await.book.alarms[0].told[0].row;
    let take_back = Plan {
        round: 2,
        withdrawn: vec![row],
        ..Plan::default()
    };
    assert!(house.round(take_back, 12).await);
    assert_eq!(house.tell(13).await, []);
    let told = house.watched(13).await.book.alarms[0].told[0].state;
    assert_eq!(told, ToldState::Lost);
}

async fn a_robot_is_not_told_twice(house: House) {
    house.round(opening(1), 10).await;
    assert_eq!(house.tell(10).await.len(), 1);
    // Its courier dies. Nobody knows whether the robot has it, and it knows no ids.
    assert_eq!(house.tell(100).await, []);
    assert_eq!(house.tell(1_000).await, []);
    let told = house.watched(1_000).await.book.alarms[0].told[0].state;
    assert_eq!(told, ToldState::Arrived, "as far as anybody can know");
    // What was certainly not taken is tried again.
    house.round(opening(2), 1_010).await;
    let claimed = house.tell(1_010).await;
    let later = Outcome::Retry {
        error: "the robot is busy".into(),
        next_at: at(1_100),
    };
    assert!(house.settle(&claimed[0].id, later, 1_011).await);
    assert_eq!(house.tell(1_099).await, []);
    assert_eq!(house.tell(1_100).await[0].id, claimed[0].id);
}

async fn a_robot_is_told_no_faster_than_it_bears(house: House) {
    for round in 1..=4 {
        house.round(opening(round), 0).await;
    }
    let mut told = Vec::new();
    for second in 0..130 {
        told.extend(house.tell(second).await.iter().map(|_| second));
    }
    assert_eq!(told, [0, 1, 60, 61]);
}

async fn a_receiver_is_deaf_after_three_failures_in_a_row(house: House) {
    for (seconds, well, deaf) in [
        (1, false, None),
        (2, false, None),
        (3, true, None),
        (4, false, None),
        (5, false, None),
        (6, false, Some(at(4))),
        (7, false, Some(at(4))),
        (8, true, None),
        (9, true, None),
    ] {
        house.heard("bridge", well, seconds).await;
        let found = house.watched(seconds).await.deaf;
        let expected: Vec<_> = deaf
            .map(|at| ("bridge".to_owned(), at))
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{seconds}");
    }
}

async fn one_acknowledgement_counts(house: House) {
    house.round(opening(1), 10).await;
    let ack = |id: &'static str, seconds| {
        house.write(move |tx| alarms::acknowledge(tx, id, "desk", at(seconds)))
    };
    assert!(ack("1-0", 20).await);
    assert!(!ack("1-0", 30).await);
    assert!(!ack("9-9", 30).await);
    let view = house.write(|tx| alarms::alarm(tx, "1-0")).await.unwrap();
    assert_eq!((view.acked_at, view.causes), (Some(at(20)), 1));
    assert_eq!(house.write(|tx| alarms::alarm(tx, "9-9")).await, None);
    // Acknowledged, the topic is free for another alarm.
    let mut again = opening(2);
    again.opened[0].topic = "waiting/1".into();
    assert!(house.round(again, 40).await);
}

async fn who_waits_is_found_with_what_became_of_his_reply(house: House) {
    let found = async |seconds| {
        let waiting = house.watched(seconds).await.waiting;
        let it = waiting.into_iter().next();
        it.map(|it| (it.decided, it.delivery, it.since))
    };
    let recorded = house.asked("ann", "到哪了").await;
    assert_eq!(found(1).await, Some((false, None, at(0))));
    let answer = Decision {
        reply: reply(ReplyClass::Content, "在路上", 4, 3_600),
        ..decision(recorded.last_customer)
    };
    house.commit(recorded.conversation, &answer, 1).await;
    let waits = |attempts| {
        Some(Delivery::Waits {
            attempts,
            due: at(4),
        })
    };
    assert_eq!(found(2).await, Some((true, waits(0), at(0))));
    let watched = house.watched(2).await;
    assert!(watched.waiting[0].because.is_some() && !watched.more);
    let id = house.claim(5).await[0].id.clone();
    assert_eq!(found(5).await, None, "it counts as said");
    let later = Outcome::Retry {
        error: "503".into(),
        next_at: at(40),
    };
    house.settle(&id, later, 6).await;
    assert_eq!(
        found(6).await,
        Some((false, waits(1), at(0))),
        "it is decided again"
    );
    house.claim(40).await;
    house
        .settle(
            &id,
            Outcome::Failed {
                error: "410".into(),
            },
            41,
        )
        .await;
    assert_eq!(
        found(41).await,
        Some((false, Some(Delivery::Failed), at(0)))
    );
    // A human answers.
    house
        .record(&delivery("ann", vec![agent("a-1", "在的")]), 50)
        .await;
    assert_eq!(found(50).await, None);
    house
        .record(&delivery("ann", vec![customer("c-2", "好的呢")]), 60)
        .await;
    let watched = house.watched(60).await;
    assert_eq!(
        watched.waiting[0].human.as_ref().map(|h| h.at),
        Some(at(50))
    );
    assert_eq!(found(60 + 24 * 3_600).await, None, "bounded by the day");
}

async fn a_doubted_reply_is_found_until_somebody_speaks(house: House) {
    let recorded = house.answered("ann", "在路上").await;
    let id = house.claim(5).await[0].id.clone();
    let unknown = Outcome::Uncertain {
        error: "no answer in time".into(),
    };
    house.settle(&id, unknown, 6).await;
    let waiting = house.watched(7).await.waiting;
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (
            waiting[0].conversation,
            waiting[0].delivery,
            waiting[0].since
        ),
        (recorded.conversation, Some(Delivery::Uncertain), at(6))
    );
    house
        .record(&delivery("ann", vec![agent("a-1", "在的")]), 50)
        .await;
    assert_eq!(house.watched(51).await.waiting, []);
}

async fn an_alarm_is_no_reply(house: House) {
    house.answered("ann", "在路上").await;
    house.round(opening(1), 0).await;
    house.stop(true).await;
    // The bridge's courier and its helpers get the bridge's rows only, the switch does not stop an alarm.
    assert_eq!(house.claim(5).await, []);
    let all = house
        .write(|tx| {
            let who = jieban::store::outbox::Claim::Pull {
                source: "notify:desk",
                account: None,
            };
            jieban::store::outbox::claim(tx, who, at(5), 30_000, 10)
        })
        .await;
    assert_eq!(all, [], "an alarm is not for helpers");
    let claimed = house.tell(5).await;
    assert_eq!(claimed.len(), 1);
    // A dead letter like any other: shown, and sent again when somebody says so.
    let refused = Outcome::Failed {
        error: "the robot refused it".into(),
    };
    house.settle(&claimed[0].id, refused, 6).await;
    let dead = house.store.read(|tx| dead_letters(tx, 10)).await.unwrap();
    assert_eq!(
        (dead[0].kind.as_str(), dead[0].source.as_str()),
        ("alarm", "notify:desk")
    );
    let id = claimed[0].id.clone();
    assert!(house.write(move |tx| resend(tx, &id, at(70))).await);
    assert_eq!(house.tell(70).await.len(), 1);
    let tally = house.tally().await;
    assert_eq!((tally.conversations, tally.failed), (1, 0));
    assert_eq!(house.view("ann").await.replies.len(), 1);
}

async fn a_silence_is_compared_with_the_days_before(house: House) {
    const DAY: i64 = 24 * 3_600;
    // Eight days with a customer every four minutes of the same hour; then nothing since 12:30.
    for day in -8..=0 {
        for minute in (0..60).step_by(4) {
            if day == 0 && minute > 30 {
                continue;
            }
            let id = format!("m{day}-{minute}");
            let seconds = day * DAY + minute * 60;
            house
                .record(&delivery("ann", vec![customer(&id, "在吗")]), seconds)
                .await;
        }
    }
    let still = async |seconds| {
        let found = house
            .store
            .read(move |tx| alarms::still(tx, at(seconds)))
            .await
            .unwrap();
        found.into_iter().next()
    };
    assert_eq!(still(40 * 60).await, None, "not for long");
    let silence = still(50 * 60).await.unwrap();
    assert_eq!(silence.last, at(28 * 60));
    assert_eq!(silence.source, "bridge");
    assert_eq!(silence.days, [5; 7], "counted no further than to five");
    assert_eq!(still(3 * DAY).await, None, "given up");
    // Who has been known for two days has no more to be compared with.
    let young = still(-6 * DAY + 50 * 60 + Duration::minutes(20).num_seconds()).await;
    assert!(young.is_none(), "a later message has come: {young:?}");
}

async fn a_cause_belongs_to_one_alarm(house: House) {
    house.round(opening(1), 10).await;
    let gone = Plan {
        round: 2,
        gone: vec![("wait/1".into(), at(0))],
        ..Plan::default()
    };
    house.round(gone, 20).await;
    assert_eq!(house.watched(21).await.book.causes[0].gone_at, Some(at(20)));
    let back = Plan {
        round: 3,
        back: vec![("wait/1".into(), at(0))],
        changed: vec![("1-0".into(), Urgency::Urgent)],
        ..Plan::default()
    };
    house.round(back, 30).await;
    let book = house.watched(31).await.book;
    assert_eq!(book.causes[0].gone_at, None);
    assert_eq!(book.alarms[0].urgency, Urgency::Urgent);
    let mut moved = opening(4);
    moved.joined = vec![("wait/1".into(), at(0), "4-0".into())];
    house.round(moved, 40).await;
    let causes = house.watched(41).await.book.causes;
    assert_eq!(causes.len(), 1);
    assert_eq!(
        (causes[0].alarm.as_str(), causes[0].joined_at),
        ("4-0", at(40))
    );
}

async fn what_is_over_is_forgotten_after_its_time(house: House) {
    let ack = |id: &'static str, seconds| {
        house.write(move |tx| alarms::acknowledge(tx, id, "desk", at(seconds)))
    };
    let forget = |seconds| house.write(move |tx| forgetting::alarms(tx, at(seconds), 10));
    let known = |id: &'static str| house.write(move |tx| alarms::alarm(tx, id));
    // The first is told of, acknowledged and over; the second is open.
    house.round(opening(1), 10).await;
    let told = house.tell(11).await;
    house
        .settle(&told[0].id, Outcome::Sent { platform_id: None }, 12)
        .await;
    assert!(ack("1-0", 20).await);
    let over = Plan {
        round: 2,
        gone: vec![("wait/1".into(), at(0))],
        closed: vec!["1-0".into()],
        ..Plan::default()
    };
    assert!(house.round(over, 100).await);
    assert!(house.round(opening(3), 120).await);
    let told = house.tell(121).await;
    house
        .settle(&told[0].id, Outcome::Failed { error: "x".into() }, 122)
        .await;
    let left = async |house: &House| {
        house
            .write(|tx| {
                let counts = tx.rows(
                    "SELECT (SELECT COUNT(*) FROM alarm) AS alarms, (SELECT COUNT(*) FROM alarm_cause) AS causes, \
                       (SELECT COUNT(*) FROM alarm_told) AS told, (SELECT COUNT(*) FROM outbox) AS words",
                    &[],
                )?;
                let count = |name| counts[0].int(name);
                Ok([count("alarms")?, count("causes")?, count("told")?, count("words")?])
            })
            .await
    };
    assert_eq!(left(&house).await, [2, 2, 2, 2]);
    assert_eq!(
        forget(100).await,
        0,
        "it was over at that moment, not before"
    );
    assert_eq!(left(&house).await, [2, 2, 2, 2]);
    assert_eq!(forget(101).await, 1);
    assert_eq!(left(&house).await, [1, 1, 1, 1]);
    assert_eq!(known("1-0").await, None);
    // What is open stays, however long ago it began, with what was said of it.
    assert_eq!(forget(1_000_000).await, 0);
    assert_eq!(left(&house).await, [1, 1, 1, 1]);
    assert!(known("3-0").await.is_some());
    // Its cause is known as before: nobody is called twice.
    assert_eq!(house.watched(1_000_000).await.book.causes.len(), 1);
}
