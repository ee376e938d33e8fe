#![allow(clippy::unwrap_used, clippy::panic)]

use chrono::Duration;
use proptest::prelude::*;

use super::*;
use crate::desk::handover::event::{Ours, Risk};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_176_000 + seconds, 0).unwrap()
}

fn span(from: i64, until: i64) -> Span {
    Span {
        shift: "早班".into(),
        from: at(from),
        until: at(until),
        day: at(0),
        leavers: vec!["小李".into(), "小王".into()],
        takers: vec!["小赵".into()],
        next: "晚班".into(),
        to_people: true,
        carries: false,
        of: None,
    }
}

fn line(id: i64, conversation: i64, speaker: Speaker, seconds: i64) -> Happened {
    Happened {
        at: at(seconds),
        what: Event::Line(Line {
            id,
            conversation,
            name: format!("buyer-{conversation}"),
            speaker,
            sender: speaker.is_human().then(|| "小李".to_owned()),
            text: format!("第{id}句 13800138034"),
            at: at(seconds),
            ours: None,
        }),
    }
}

fn owned(conversation: i64, agent: Option<&str>, ended: bool, seconds: i64) -> Happened {
    Happened {
        at: at(seconds),
        what: Event::Owned {
            conversation,
            agent: agent.map(str::to_owned),
            ended,
        },
    }
}

fn case_line(id: i64, closed: bool, due: i64) -> Happened {
    Happened {
        at: at(id),
        what: Event::Case(CaseLine {
            id,
            number: format!("LF-2611-{id:04}"),
            kind: "漏发".into(),
            state: "处理中".into(),
            closed,
            order: Some("2871234567890123456".into()),
            due: at(due),
            handler: "仓库".into(),
            conversation: None,
        }),
    }
}

fn keys(book: &Book) -> Vec<String> {
    book.items().0.into_iter().map(|item| item.key).collect()
}

use Speaker::{BotAuto, Customer, Human, Notice};

#[test]
fn who_waits_is_told_with_whose_he_is() {
    let events = [
        line(1, 1, Customer, 10),
        line(2, 1, Human, 20),
        line(3, 1, Customer, 30),
        line(4, 2, Customer, 40),
        line(5, 3, Customer, 50),
        line(6, 3, BotAuto, 60),
        line(7, 4, Customer, 70),
        line(8, 4, Notice, 80),
        line(9, 5, Customer, 90),
        owned(5, Some("小王"), false, 95),
        line(10, 6, Customer, 100),
        owned(6, Some("小王"), true, 110),
    ];
    let book = fold(&Book::default(), &span(0, 200), &events);
    let told: Vec<String> = book
        .items()
        .0
        .iter()
        .map(|item| format!("{} {} {:?}", item.key, item.section.code(), item.who))
        .collect();
    assert_eq!(
        told,
        [
            "conversation:1 unanswered Some(\"小李\")",
            "conversation:5 unanswered Some(\"小王\")",
            "conversation:2 nobody None",
            "conversation:4 nobody None",
        ]
    );
    // Who has gone home has nobody any more; the words are masked.
    let next = Span {
        leavers: vec!["小赵".into()],
        ..span(200, 300)
    };
    let later = fold(&book, &next, []);
    assert!(
        later
            .items()
            .0
            .iter()
            .all(|item| item.section == Section::Nobody)
    );
    assert!(
        !serde_json::to_string(&book)
            .unwrap()
            .contains("13800138034")
    );
    // In the end nobody asks for it any more.
    let days = Span {
        until: at(0) + FORGOTTEN + Duration::days(1),
        ..next
    };
    assert_eq!(keys(&fold(&later, &days, [])), [""; 0]);
}

#[test]
fn an_open_case_is_told_once_and_a_closed_one_never() {
    let events = [
        case_line(1, false, 900),
        case_line(2, false, 300),
        case_line(1, false, 900),
        case_line(3, false, 500),
        case_line(3, true, 500),
    ];
    let book = fold(&Book::default(), &span(0, 200), &events);
    assert_eq!(keys(&book), ["case:LF-2611-0002", "case:LF-2611-0001"]);
    assert_eq!(book.items().0[0].detail, "处理中，订单 ***************3456");
}

#[test]
fn the_riskiest_line_of_the_bot_comes_first() {
    let said = |id: i64, class, mood, verdict, score| {
        let mut happened = line(id, id, BotAuto, id);
        if let Event::Line(line) = &mut happened.what {
            line.ours = Some(Ours {
                class,
                script: None,
                risk: Some(Risk {
                    mood,
                    verdict,
                    intent: None,
                    score,
                }),
            });
        }
        happened
    };
    let events = [
        said(1, ReplyClass::Receipt, 0, Verdict::Receipt, 0),
        said(2, ReplyClass::Content, 0, Verdict::Answer, 990),
        said(3, ReplyClass::Content, 0, Verdict::Answer, 550),
        said(4, ReplyClass::Content, 0, Verdict::Register, 600),
        said(5, ReplyClass::Receipt, 3, Verdict::Receipt, 900),
        said(6, ReplyClass::Content, 2, Verdict::Register, 900),
        said(7, ReplyClass::Handoff, 0, Verdict::Handoff, 900),
    ];
    let night = fold(&Book::default(), &span(0, 200), &events);
    let wanted = [
        "said:5", "said:6", "said:3", "said:2", "said:4", "said:7", "said:1",
    ];
    assert_eq!(keys(&night), wanted);
    // What was told is not told again, unless the bot took it.
    assert_eq!(keys(&fold(&night, &span(200, 300), [])), [""; 0]);
    let carried = Span {
        carries: true,
        ..span(200, 300)
    };
    assert_eq!(keys(&fold(&night, &carried, [])), wanted);
}

#[test]
fn a_script_that_is_put_back_has_not_changed() {
    let change = |path: &str, before: Option<&str>, after: Option<&str>, seconds| Happened {
        at: at(seconds),
        what: Event::Published(vec![ScriptChange {
            path: format!("scripts/{path}.md"),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            at: at(seconds),
        }]),
    };
    let events = [
        change("a", Some("1"), Some("2"), 10),
        change("b", None, Some("1"), 20),
        change("c", Some("1"), None, 30),
        change("d", Some("1"), Some("2"), 40),
        change("d", Some("2"), Some("1"), 50),
        change("a", Some("2"), Some("3"), 60),
    ];
    let book = fold(&Book::default(), &span(0, 200), &events);
    let told: Vec<String> = book.items().0.into_iter().map(|item| item.what).collect();
    assert_eq!(told, ["改了“a”", "新增“b”", "删除“c”"]);
    // Later on the same day they are still named; on the next they are not.
    assert_eq!(keys(&fold(&book, &span(200, 300), [])).len(), 3);
    let tomorrow = Span {
        day: at(100),
        ..span(200, 300)
    };
    assert_eq!(keys(&fold(&book, &tomorrow, [])).len(), 0);
}

fn happened() -> impl Strategy<Value = Vec<Happened>> {
    let one = (0i64..200, 1i64..6, 0usize..7);
    proptest::collection::vec(one, 0..60).prop_map(|mut all| {
        all.sort();
        all.into_iter()
            .zip(1..)
            .map(|((seconds, of, kind), id)| match kind {
                0 | 1 => line(id, of, Customer, seconds),
                2 => line(id, of, Human, seconds),
                3 => line(id, of, BotAuto, seconds),
                4 => owned(of, Some("小王"), false, seconds),
                5 => owned(of, None, true, seconds),
                _ => {
                    let mut it = case_line(of, seconds % 3 == 0, of * 100);
                    it.at = at(seconds);
                    it
                }
            })
            .collect()
    })
}

proptest! {
    /// A shift that is told in two parts by the same people comes to the same as one told at once.
    #[test]
    fn a_fold_of_folds_is_a_fold(events in happened(), cut in 0i64..200) {
        let (early, late): (Vec<&Happened>, Vec<&Happened>) =
            events.iter().partition(|event| event.at < at(cut));
        let stays = |from, until| Span {
            leavers: vec![],
            takers: vec!["小李".into(), "小王".into()],
            carries: true,
            ..span(from, until)
        };
        let first = fold(&Book::default(), &stays(0, cut), early);
        let parts = fold(&first, &stays(cut, 200), late);
        let whole = fold(&Book::default(), &stays(0, 200), &events);
        prop_assert_eq!(parts.open(), whole.open());
        prop_assert_eq!(parts.items(), whole.items());
    }

    #[test]
    fn the_same_twice_is_the_same_once(events in happened()) {
        let twice: Vec<&Happened> = events.iter().flat_map(|event| [event, event]).collect();
        let once = fold(&Book::default(), &span(0, 200), &events);
        prop_assert_eq!(fold(&Book::default(), &span(0, 200), twice), once);
    }

    #[test]
    fn every_key_stands_there_once(events in happened()) {
        let all = keys(&fold(&Book::default(), &span(0, 200), &events));
        let distinct: BTreeSet<&String> = all.iter().collect();
        prop_assert_eq!(distinct.len(), all.len());
    }
}
