//! What people switched by hand, who owns a conversation, when the bot steps in, and when a human is fetched.

use super::*;
use crate::{
    desk::{Announcement, HandoffReason, OwnerAct, Ownership, ReplyClass},
    knowledge::arrangement::{Arranged, Arrangement},
};

/// A shop with two agents by day and one in the evening, where the bot steps in after 100 seconds.
fn busy(lines: &str) -> Facts {
    Facts {
        shop: ShopId::from("teahouse-busy"),
        ..facts(lines)
    }
}

fn arranged(what: Arranged, from: &str, until: &str) -> Arrangement {
    Arrangement {
        what,
        from: moment(from),
        until: moment(until),
        reason: "有事".to_owned(),
    }
}

fn lunch(agent: &str, from: &str, until: &str) -> Arrangement {
    let agent = agent.to_owned();
    arranged(Arranged::Lunch { agent }, from, until)
}

fn act(act: OwnerAct, at: &str) -> Option<Ownership> {
    Some(Ownership {
        agent: "小李".to_owned(),
        act,
        at: moment(at),
    })
}

fn announcement(text: &str, silences: &[&str]) -> Announcement {
    Announcement {
        id: 7,
        text: text.to_owned(),
        from: moment("01:00:00"),
        until: moment("20:00:00"),
        silences: silences.iter().map(|id| (*id).into()).collect(),
    }
}

fn said(script: &str, class: ReplyClass, at: &str) -> SaidLine {
    SaidLine {
        script: ScriptId::from(script),
        class,
        at: moment(at),
        turn: 1,
        claimed: true,
    }
}

fn verdict(facts: &Facts, now: &str) -> &'static str {
    decided(facts, moment(now)).because.verdict.code()
}

fn reason(facts: &Facts, now: &str) -> Option<&'static str> {
    let handoff = decided(facts, moment(now)).handoff;
    handoff.map(|handoff| handoff.reason.code())
}

/// A case opened at night is due from the next shift on; so is one that is opened while the shop is closed by hand,
/// and one opened while somebody is in whom no table names is due in his time.
#[test]
fn a_case_is_due_in_hours_as_they_were_arranged() {
    let shut = arranged(Arranged::Closed, "15:00:00", "16:00:00");
    let open = arranged(Arranged::Staffed, "02:00:00", "04:00:00");
    let ended = arranged(Arranged::Closed, "14:00:00", "15:20:00");
    for (said, arrangements, now, due) in [
        ("15:30:00", vec![], "15:30:00", "16:00:00"),
        ("15:30:00", vec![shut.clone()], "15:30:00", "16:30:00"),
        ("14:50:00", vec![shut], "15:30:00", "16:20:00"),
        // It has ended by the time at which it is decided.
        ("15:10:00", vec![ended], "15:30:00", "15:50:00"),
        ("02:10:00", vec![], "02:10:00", "09:30:00"),
        ("02:10:00", vec![open], "02:10:00", "02:40:00"),
    ] {
        let mut facts = facts(&format!("customer {said} 少发了一个杯子"));
        facts.standing.arrangements = arrangements;
        let cases = decided(&facts, moment(now)).cases;
        let first: Vec<DateTime<Utc>> = cases.iter().map(|case| case.first_due).collect();
        assert_eq!(first, [moment(due)], "{said}");
    }
}

#[test]
fn a_conversation_is_its_owners_until_he_leaves_it() {
    let talk = "customer 10:00:00 在|human 10:01:00 在的|customer 10:05:00 这个包邮吗";
    let night = "customer 02:00:00 在|human 02:01:00 在的|customer 02:05:00 这个包邮吗";
    for (why, talk, sender, said, now, outcome) in [
        ("he spoke", talk, None, None, "10:05:00", "owned"),
        (
            "he is silent for half an hour",
            talk,
            None,
            None,
            "10:31:00",
            "mode",
        ),
        (
            "he is at his desk at night",
            night,
            Some("小李"),
            None,
            "02:05:00",
            "owned",
        ),
        (
            "he handed it back",
            talk,
            None,
            act(OwnerAct::HandBack, "10:02:00"),
            "10:05:00",
            "mode",
        ),
        (
            "he spoke after he handed it back",
            talk,
            None,
            act(OwnerAct::HandBack, "10:00:30"),
            "10:05:00",
            "owned",
        ),
        (
            "he took it and said nothing",
            "customer 10:05:00 这个包邮吗",
            None,
            act(OwnerAct::Take, "10:05:01"),
            "10:05:02",
            "owned",
        ),
        (
            "a pin outlasts silence",
            night,
            None,
            act(OwnerAct::Pin, "02:02:00"),
            "02:34:59",
            "owned",
        ),
        (
            "it has ended",
            talk,
            None,
            act(OwnerAct::End, "10:05:00"),
            "10:05:00",
            "nobody_waits",
        ),
        (
            "it had ended before",
            talk,
            None,
            act(OwnerAct::End, "10:04:00"),
            "10:05:00",
            "mode",
        ),
    ] {
        let mut facts = facts(talk);
        facts.ownership = said;
        for message in &mut facts.messages {
            message.sender = sender.map(str::to_owned);
        }
        assert_eq!(verdict(&facts, now), outcome, "{why}");
    }
}

#[test]
fn an_owner_who_goes_to_lunch_owns_nothing_though_a_colleague_stays() {
    let mut facts = busy("customer 10:00:00 在|human 10:01:00 在的|customer 10:05:00 这个包邮吗");
    facts.mode = Some(Mode::Auto);
    facts.messages[1].sender = Some("小李".to_owned());
    assert_eq!(verdict(&facts, "10:05:00"), "owned");
    facts.standing.arrangements = vec![lunch("小李", "10:05:10", "10:06:00")];
    assert_eq!(
        decided(&facts, moment("10:05:00")).reconsider_at,
        Some(moment("10:05:10"))
    );
    let away = decided(&facts, moment("10:05:10"));
    assert_eq!(away.because.verdict.code(), "answer");
    // It may leave until he is back, and not a moment longer.
    assert_eq!(
        away.reply.map(|reply| reply.not_after),
        Some(moment("10:06:00"))
    );
    assert_eq!(verdict(&facts, "10:06:00"), "owned");
    // His colleague's lunch is nothing to him; an unknown name goes by the shop.
    facts.standing.arrangements = vec![lunch("小王", "10:05:10", "10:06:00")];
    assert_eq!(verdict(&facts, "10:05:10"), "owned");
    facts.standing.arrangements = vec![lunch("小李", "10:05:10", "10:06:00")];
    facts.messages[1].sender = Some("店铺小二88".to_owned());
    assert_eq!(verdict(&facts, "10:05:10"), "owned");
    // Who speaks at lunch is there.
    facts.messages[1].sender = Some("小李".to_owned());
    facts.messages[1].at = moment("10:05:20");
    facts.messages[2].at = moment("10:05:30");
    assert_eq!(verdict(&facts, "10:05:30"), "owned");
    // And a pin keeps it his while he eats.
    facts.messages[1].at = moment("10:01:00");
    facts.ownership = act(OwnerAct::Pin, "10:02:00");
    assert_eq!(verdict(&facts, "10:05:40"), "owned");
}

#[test]
fn a_shop_closed_by_hand_is_covered_and_one_staffed_by_hand_is_not() {
    let mut facts = facts("customer 15:00:00 这个包邮吗");
    assert_eq!(verdict(&facts, "15:00:00"), "mode");
    facts.standing.arrangements = vec![arranged(Arranged::Closed, "14:00:00", "15:10:00")];
    let closed = decided(&facts, moment("15:00:00"));
    assert_eq!(line(&closed), "answer freight @15:00:04 ?15:10:00");
    let mut facts = super::facts("customer 02:00:00 这个包邮吗");
    facts.standing.arrangements = vec![arranged(Arranged::Staffed, "01:00:00", "02:10:00")];
    assert_eq!(line(&decided(&facts, moment("02:00:00"))), "mode ?02:10:00");
}

#[test]
fn what_stands_for_everybody_is_said_once_and_answers_what_it_silences() {
    let flood = "仓库进水，发货顺延到周三。";
    for (why, talk, silences, mood, text) in [
        (
            "before an answer",
            "customer 02:00:00 这个包邮吗",
            &[][..],
            "answer",
            "仓库进水，发货顺延到周三。\n亲，全店满39元包邮，新疆、西藏补15元运费。",
        ),
        (
            "instead of a script",
            "customer 02:00:00 今天拍什么时候能发",
            &["pre.shiptime"][..],
            "announcement",
            flood,
        ),
        (
            "beside another question",
            "customer 02:00:00 这个包邮吗|customer 02:00:02 今天拍什么时候能发",
            &["pre.shiptime"][..],
            "answer",
            "仓库进水，发货顺延到周三。\n亲，全店满39元包邮，新疆、西藏补15元运费。",
        ),
        (
            "before a receipt",
            "customer 02:00:00 那个东西怎么弄呀",
            &[][..],
            "receipt",
            "仓库进水，发货顺延到周三。\n亲，您的消息已收到，同事今天9:00第一时间回复您。",
        ),
        (
            "not to who threatens",
            "customer 02:00:00 再不发货我就投诉",
            &["oth.complaint"][..],
            "receipt",
            "亲，您的消息已收到，同事今天9:00第一时间回复您。",
        ),
        (
            "once",
            "customer 01:50:00 在|bot_auto 01:50:04 仓库进水，发货顺延到周三。|customer 02:00:00 这个包邮吗",
            &[][..],
            "answer",
            "亲，全店满39元包邮，新疆、西藏补15元运费。",
        ),
        (
            "and who asks again needs a human",
            "customer 01:50:00 在|bot_auto 01:50:04 仓库进水，发货顺延到周三。|customer 02:00:00 今天拍什么时候能发",
            &["pre.shiptime"][..],
            "receipt",
            "亲，您的消息已收到，同事今天9:00第一时间回复您。",
        ),
    ] {
        let mut facts = facts(talk);
        facts.standing.announcements = vec![announcement(flood, silences)];
        let decision = decided(&facts, moment("02:00:02"));
        let reply = decision.reply.map(|reply| reply.text);
        assert_eq!(
            (decision.because.verdict.code(), reply.as_deref()),
            (mood, Some(text)),
            "{why}"
        );
    }
}

#[test]
fn an_announcement_keeps_to_the_mode_and_to_its_time() {
    let mut facts = facts("customer 15:00:00 今天拍什么时候能发");
    facts.standing.announcements = vec![announcement("仓库进水。", &["pre.shiptime"])];
    let staffed = decided(&facts, moment("15:00:00"));
    assert_eq!(
        (staffed.because.verdict.code(), &staffed.reply),
        ("mode", &None)
    );
    let first = &staffed.suggestions[0];
    assert_eq!(
        (first.script.as_str(), first.text.as_str()),
        ("announcement-7", "仓库进水。")
    );
    assert!(staffed.suggestions.len() > 1, "the script is still offered");
    facts.mode = Some(Mode::Auto);
    assert_eq!(verdict(&facts, "15:00:00"), "announcement");
    facts.mode = Some(Mode::Off);
    assert_eq!(verdict(&facts, "15:00:00"), "mode");
    facts.mode = Some(Mode::Auto);
    facts.stopped = true;
    assert_eq!(verdict(&facts, "15:00:00"), "stopped");
    facts.stopped = false;
    facts.standing.announcements[0].until = moment("15:00:10");
    let ending = decided(&facts, moment("15:00:00"));
    assert_eq!(
        ending.reply.map(|reply| reply.not_after),
        Some(moment("15:00:10"))
    );
    assert_eq!(verdict(&facts, "15:00:10"), "answer");
    // What the house forbids is not said, and the script stays silenced.
    facts.standing.announcements[0] = announcement("加微信领补偿", &["pre.shiptime"]);
    let forbidden = decided(&facts, moment("15:00:00"));
    assert_eq!(forbidden.reply, None);
    assert!(
        forbidden
            .suggestions
            .iter()
            .all(|s| !s.text.contains("微信"))
    );
}

#[test]
fn the_bot_steps_in_once_for_agents_who_are_busy() {
    let talk = "customer 15:00:00 这个包邮吗";
    let facts = busy(talk);
    assert_eq!(line(&decided(&facts, moment("15:00:00"))), "mode ?15:01:40");
    let rescued = decided(&facts, moment("15:01:40"));
    assert_eq!(line(&rescued), "answer freight @15:01:40 ?15:30:00");
    assert!(rescued.because.rescue);
    assert_eq!(rescued.because.cover_reason, "救场");
    assert_eq!(
        rescued.handoff.map(|h| h.reason),
        Some(HandoffReason::Rescued)
    );
    // Nothing is registered over the agents' heads; they are not asleep either.
    let missing = decided(
        &busy("customer 15:00:00 少发了一个杯子"),
        moment("15:02:00"),
    );
    assert_eq!(line(&missing), "receipt sys-rescue @15:01:40 ?15:30:00");
    assert!(!missing.cases[0].open, "a draft for the agent");
    // Never twice in a turn, whatever he adds.
    let mut again =
        busy("customer 15:00:00 那个东西|notice 15:01:40 久等|customer 15:20:00 那个怎么弄呀");
    again.said = vec![said("sys-rescue", ReplyClass::Receipt, "15:01:40")];
    assert_eq!(line(&decided(&again, moment("15:25:00"))), "mode ?15:50:00");
    // Not where it is switched off, not in off mode, not for a pinned conversation.
    assert_eq!(verdict(&super::facts(talk), "15:01:40"), "mode");
    let mut off = busy(talk);
    off.mode = Some(Mode::Off);
    assert_eq!(line(&decided(&off, moment("15:01:40"))), "mode ?15:30:00");
    let mut pinned = busy(talk);
    pinned.ownership = act(OwnerAct::Pin, "14:00:00");
    assert_eq!(verdict(&pinned, "15:01:40"), "owned");
    // Who takes it gets the time once more.
    let mut taken = busy(talk);
    taken.ownership = act(OwnerAct::Take, "15:01:00");
    assert_eq!(verdict(&taken, "15:02:39"), "owned");
    assert_eq!(verdict(&taken, "15:02:40"), "answer");
    // An owner who does not answer is what it is for.
    let mut owned = busy("customer 14:50:00 在|human 14:51:00 在的|customer 15:00:00 这个包邮吗");
    owned.messages[1].sender = Some("小李".to_owned());
    assert_eq!(verdict(&owned, "15:01:39"), "owned");
    assert_eq!(verdict(&owned, "15:01:40"), "answer");
    // The time begins when somebody comes, not at night; a change of shifts begins nothing anew.
    let early = busy("customer 08:59:50 这个包邮吗");
    assert_eq!(line(&decided(&early, moment("09:00:00"))), "mode ?09:01:40");
    let change = busy("customer 17:59:00 这个包邮吗");
    assert_eq!(
        line(&decided(&change, moment("18:00:00"))),
        "mode ?18:00:40"
    );
}

#[test]
fn a_human_is_fetched_for_who_asks_in_whatever_words() {
    let offer = "notice 02:00:05 收到，需要同事请回复「人工」";
    for (talk, now, outcome, why) in [
        (
            "customer 02:00:00 转人工".to_owned(),
            "02:00:00",
            "handoff sys-handoff @02:00:04 ?02:30:00",
            Some("asked"),
        ),
        (
            "customer 02:00:00 人工！".to_owned(),
            "02:00:00",
            "handoff sys-handoff @02:00:04 ?02:30:00",
            Some("asked"),
        ),
        (
            "customer 02:00:00 1".to_owned(),
            "02:00:00",
            "receipt sys-receipt @02:00:04 ?02:30:00",
            None,
        ),
        (
            format!("customer 02:00:00 那个|{offer}|customer 02:00:20 １"),
            "02:00:20",
            "handoff sys-handoff @02:00:24 ?02:30:20",
            Some("asked"),
        ),
        (
            "customer 02:00:00 在吗".to_owned(),
            "02:00:00",
            "answer greet @02:00:04 ?02:30:00",
            None,
        ),
        (
            "customer 02:00:00 在吗|customer 02:00:09 在吗？".to_owned(),
            "02:00:09",
            "handoff sys-handoff @02:00:13 ?02:30:09",
            Some("asked"),
        ),
        (
            "customer 02:00:00 在吗|bot_auto 02:00:04 您好|customer 02:01:00 在吗".to_owned(),
            "02:01:00",
            "handoff sys-handoff @02:01:04 ?02:31:00",
            Some("asked"),
        ),
        (
            "customer 02:00:00 在吗|bot_auto 02:00:04 您好|customer 02:01:00 在吗，包邮吗"
                .to_owned(),
            "02:01:00",
            "answer freight @02:01:04 ?02:31:00",
            None,
        ),
        // Who is not understood, and again.
        (
            format!("customer 02:00:00 那个东西|{offer}|customer 02:00:20 怎么弄呀那个"),
            "02:00:20",
            "handoff sys-handoff @02:00:24 ?02:30:20",
            Some("unknown"),
        ),
        (
            "customer 02:00:00 那个东西|bot_auto 02:00:04 答|customer 02:00:20 怎么弄呀那个"
                .to_owned(),
            "02:00:20",
            "receipt sys-receipt @02:00:24 ?02:30:20",
            None,
        ),
        // Risk is told neutrally.
        (
            "customer 02:00:00 再不发货我就投诉".to_owned(),
            "02:00:00",
            "receipt sys-receipt @02:00:04 ?02:30:00",
            Some("risk"),
        ),
        (
            "customer 02:00:00 转人工，不然我投诉".to_owned(),
            "02:00:00",
            "handoff sys-handoff @02:00:04 ?02:30:00",
            Some("risk"),
        ),
        // While agents read along only they are told.
        (
            "customer 15:00:00 转人工".to_owned(),
            "15:00:00",
            "mode ?15:30:00",
            Some("asked"),
        ),
        (
            "customer 15:00:00 那个东西|customer 15:02:00 怎么弄呀那个".to_owned(),
            "15:02:00",
            "mode ?15:32:00",
            None,
        ),
    ] {
        let facts = facts(&talk);
        assert_eq!(line(&decided(&facts, moment(now))), outcome, "{talk}");
        assert_eq!(reason(&facts, now), why, "{talk}");
    }
}

#[test]
fn the_customer_is_told_what_the_roster_says_and_then_nothing_more() {
    let told = |shop: &str, now: &str| {
        let mut facts = facts(&format!("customer {now} 转人工"));
        facts.shop = ShopId::from(shop);
        decided(&facts, moment(now)).reply.map(|reply| reply.text)
    };
    for (shop, now, text) in [
        (
            "teahouse",
            "12:31:00",
            Some("亲，已为您记下需要人工，同事今天13:30开始接待，会在这里回复您。"),
        ),
        (
            "teahouse",
            "02:00:00",
            Some("亲，已为您记下需要人工，同事今天9:00开始接待，会在这里回复您。"),
        ),
        ("teahouse", "15:00:00", None),
        (
            "teahouse-auto",
            "15:00:00",
            Some("亲，已为您叫人工，同事正在按顺序接待。"),
        ),
    ] {
        assert_eq!(told(shop, now).as_deref(), text, "{shop} {now}");
    }
    let mut facts =
        facts("customer 02:00:00 转人工|notice 02:00:04 记下了|customer 02:05:00 这个包邮吗");
    facts.said = vec![said("sys-handoff", ReplyClass::Handoff, "02:00:00")];
    assert_eq!(verdict(&facts, "02:05:00"), "handed_off");
    assert_eq!(reason(&facts, "02:05:00"), Some("asked"), "he still waits");
    // A human has looked: he need not be fetched again, and the bot does what it may.
    facts.said.clear();
    facts.ownership = act(OwnerAct::HandBack, "02:05:00");
    assert_eq!(reason(&facts, "02:05:00"), None);
}

#[test]
fn machines_do_not_talk_to_each_other() {
    for (talk, machine) in [
        (
            "customer 02:00:00 您好我是自动回复|bot_auto 02:00:04 您好|customer 02:00:05 您好我是自动回复|bot_auto 02:00:09 在的|customer 02:00:10 您好我是自动回复",
            true,
        ),
        (
            "customer 02:00:00 在|bot_auto 02:00:04 亲，全店满39元包邮|customer 02:00:30 亲，全店满39元包邮",
            true,
        ),
        (
            "customer 02:00:00 这个怎么卖啊|customer 02:00:01 这个怎么卖啊|customer 02:00:02 这个怎么卖啊|customer 02:00:03 这个怎么卖啊",
            true,
        ),
        (
            "customer 02:00:00 在吗|bot_auto 02:00:04 您好|customer 02:00:30 好的|bot_auto 02:00:34 嗯|customer 02:00:50 好的",
            false,
        ),
        (
            "customer 02:00:00 ？|customer 02:00:01 ？|customer 02:00:02 ？|customer 02:00:03 ？",
            false,
        ),
        (
            "customer 02:00:00 您好|bot_auto 02:00:04 您好|customer 02:00:30 您好",
            false,
        ),
        (
            "customer 02:00:00 在|bot_auto 02:00:04 亲，全店满39元包邮|human 02:00:20 在的|customer 02:00:30 亲，全店满39元包邮",
            false,
        ),
    ] {
        let facts = facts(talk);
        assert_eq!(verdict(&facts, "02:00:51") == "loop", machine, "{talk}");
        if machine {
            assert_eq!(reason(&facts, "02:00:51"), Some("loop"), "{talk}");
        }
    }
}

/// Facts with anything standing, for properties.
fn any_facts() -> impl Strategy<Value = (Facts, i64)> {
    let words = [
        "这个包邮吗",
        "少发了一个杯子",
        "再不发货我就投诉",
        "在吗",
        "嗯那个",
        "转人工",
        "1",
        "今天拍什么时候能发",
    ];
    let span = || (-3_000i64..9_000, 1i64..6_000);
    let arranged = (span(), 0usize..5, 0usize..3);
    let announced = (span(), any::<bool>());
    (
        (
            0i64..1440,
            0usize..words.len(),
            0usize..words.len(),
            0usize..3,
        ),
        (proptest::option::of(1i64..5_400), 0usize..4, any::<bool>()),
        proptest::option::of((0usize..4, -3_000i64..3_000)),
        proptest::collection::vec(arranged, 0..3),
        proptest::collection::vec(announced, 0..2),
        proptest::option::of((0usize..3, -2_000i64..60)),
        0i64..600,
    )
        .prop_map(
            move |(
                (minute, one, two, shop),
                (human, name, auto),
                owner,
                arranged,
                announced,
                said,
                gap,
            )| {
                let start = moment("00:00:00") + Duration::minutes(minute);
                let at = |seconds: i64| start + Duration::seconds(seconds);
                let mut facts =
                    facts("human 00:00:00 您好|customer 00:00:00 x|customer 00:00:00 y");
                facts.shop = ShopId::from(["teahouse", "teahouse-auto", "teahouse-busy"][shop]);
                facts.mode = auto.then_some(Mode::Auto);
                let names = ["小李", "小王", "小赵", "谁"];
                facts.messages[0].at = at(-human.unwrap_or(36_000));
                facts.messages[0].sender = Some(names[name].to_owned());
                facts.messages[1].at = at(-gap);
                facts.messages[1].text = words[one].to_owned();
                facts.messages[2].at = start;
                facts.messages[2].text = words[two].to_owned();
                facts.ownership = owner.map(|(act, when)| Ownership {
                    agent: names[name].to_owned(),
                    act: [
                        OwnerAct::Take,
                        OwnerAct::Pin,
                        OwnerAct::HandBack,
                        OwnerAct::End,
                    ][act],
                    at: at(when.min(0)),
                });
                facts.standing.arrangements = arranged
                    .into_iter()
                    .map(|((from, long), what, agent)| {
                        let agent = names[agent].to_owned();
                        Arrangement {
                            what: match what {
                                0 => Arranged::Lunch { agent },
                                1 => Arranged::Absent { agent },
                                2 => Arranged::OnDuty { agent },
                                3 => Arranged::Closed,
                                _ => Arranged::Staffed,
                            },
                            from: at(from),
                            until: at(from + long),
                            reason: "有事".to_owned(),
                        }
                    })
                    .collect();
                facts.standing.announcements = announced
                    .into_iter()
                    .map(|((from, long), silences)| Announcement {
                        from: at(from),
                        until: at(from + long),
                        ..announcement("仓库进水。", if silences { &["pre.freight"] } else { &[] })
                    })
                    .collect();
                facts.said = said
                    .map(|(class, when)| SaidLine {
                        at: at(when),
                        ..super::standing::said(
                            ["freight", "sys-receipt", "sys-handoff"][class],
                            [
                                ReplyClass::Content,
                                ReplyClass::Receipt,
                                ReplyClass::Handoff,
                            ][class],
                            "00:00:00",
                        )
                    })
                    .into_iter()
                    .collect();
                (facts, minute)
            },
        )
}

proptest! {
    /// Whatever stands: the same facts give the same decision until `reconsider_at`, and no reply outlives it.
    #[test]
    fn nothing_that_stands_changes_a_decision_unforeseen((facts, minute) in any_facts(), after in 0i64..7_200) {
        let start = moment("00:00:00") + Duration::minutes(minute);
        let first = decided(&facts, start);
        let later = start + Duration::seconds(after);
        if let (Some(reply), Some(at)) = (&first.reply, first.reconsider_at) {
            prop_assert!(reply.not_after <= at);
            prop_assert!(reply.not_before < reply.not_after);
        }
        // Why nobody waits is the same at any hour; who is in meanwhile is not.
        let waits = first.because.verdict != Verdict::NobodyWaits;
        if waits && first.reconsider_at.is_none_or(|at| later < at) {
            prop_assert_eq!(first, decided(&facts, later));
        }
    }

    /// Nothing is said alone while the shop is stopped or off, or where a human on duty owns the conversation and
    /// nobody is kept waiting.
    #[test]
    fn nothing_is_said_where_nothing_may_be((mut facts, minute) in any_facts(), stop in any::<bool>()) {
        let start = moment("00:00:00") + Duration::minutes(minute);
        if stop {
            facts.stopped = true;
        } else {
            facts.lowered = Some(Mode::Off);
        }
        prop_assert_eq!(decided(&facts, start).reply, None);
    }
}
