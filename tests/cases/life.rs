//! Every act in every state, for every kind of the shipped folder: what comes of it, or what is said.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use chrono::Duration;
use jieban::{
    desk::case::{Act, Case, Consent, End, Ground, Oral, Party, Refusal, State, Wait},
    knowledge::{
        Post,
        case_kind::{Approval, CaseKind},
    },
};

use crate::world::*;

pub(crate) fn consent(oral: bool) -> Consent {
    Consent {
        by: "王主管".into(),
        at: now(),
        comment: "同意".into(),
        submitted_by: "小青".into(),
        oral: oral.then(|| Oral {
            noted_by: "小青".into(),
            until: now() + Duration::hours(2),
            lapsed: false,
        }),
    }
}

pub(crate) fn end() -> End {
    End {
        by: "小禾".into(),
        at: now(),
        result: "办好".into(),
    }
}

/// Every state a case of the kind can stand in.
fn states(kind: &CaseKind) -> Vec<(&'static str, State)> {
    let reviewed = kind.approval != Approval::None;
    let yes = reviewed.then(|| consent(false));
    let wait = Wait {
        party: Party::Warehouse,
        until: now() + Duration::hours(3),
        note: String::new(),
    };
    let mut states = vec![("草稿", State::Draft), ("待处理", State::Open)];
    if reviewed {
        let by = "小青".to_owned();
        states.push(("待审核", State::Review { by, at: now() }));
        states.push((
            "已通过",
            State::Approved {
                consent: consent(false),
            },
        ));
        states.push((
            "口头通过",
            State::Approved {
                consent: consent(true),
            },
        ));
        states.push((
            "已驳回",
            State::Rejected {
                by: "王主管".into(),
                at: now(),
                comment: "缺图".into(),
            },
        ));
    }
    states.push((
        "办理中",
        State::InHand {
            consent: yes.clone(),
        },
    ));
    if reviewed {
        states.push((
            "口头办理",
            State::InHand {
                consent: Some(consent(true)),
            },
        ));
    }
    states.push((
        "等待中",
        State::Waiting {
            consent: yes.clone(),
            wait,
        },
    ));
    states.push((
        "已办完",
        State::Done {
            consent: yes.clone(),
            end: end(),
        },
    ));
    if reviewed {
        states.push((
            "口头办完",
            State::Done {
                consent: Some(consent(true)),
                end: end(),
            },
        ));
    }
    states.push((
        "已完结",
        State::Closed {
            consent: yes,
            rejected_by: None,
            end: end(),
        },
    ));
    states.push((
        "已作废",
        State::Void {
            into: None,
            end: end(),
        },
    ));
    states
}

fn acts() -> Vec<(&'static str, Act)> {
    let none = BTreeMap::new;
    vec![
        ("确认", Act::Confirm { changes: none() }),
        (
            "填写",
            Act::Edit {
                changes: none(),
                steps: Some(BTreeSet::from([0])),
            },
        ),
        ("送审", Act::Submit { despite: vec![] }),
        (
            "通过",
            Act::Approve {
                comment: "核对过".into(),
                signature: "李主管".into(),
                despite: vec![],
            },
        ),
        (
            "口头",
            Act::ApproveOrally {
                by: "李主管".into(),
                comment: "电话里同意".into(),
                until: None,
            },
        ),
        (
            "驳回",
            Act::Reject {
                comment: "不够".into(),
            },
        ),
        ("接手", Act::Claim),
        ("放下", Act::Release),
        (
            "等待",
            Act::Wait {
                party: Party::Carrier,
                until: now() + Duration::hours(5),
                note: String::new(),
            },
        ),
        (
            "办完",
            Act::Done {
                result: "已办".into(),
                changes: none(),
            },
        ),
        ("完结", Act::Close { changes: none() }),
        (
            "作废",
            Act::Drop {
                reason: "建错了".into(),
            },
        ),
        (
            "重开",
            Act::Reopen {
                reason: "又找来了".into(),
            },
        ),
        (
            "改期",
            Act::Postpone {
                until: now() + Duration::days(3),
                informed: "15:00 在会话里说了".into(),
                reason: "等配件".into(),
            },
        ),
        (
            "并入",
            Act::Merge {
                into: "BF-2611-0001".into(),
            },
        ),
        ("到期", Act::Lapse),
    ]
}

/// What an act comes to, in a word; the sentences of refusals are collected.
fn outcome(
    case: Case,
    act: &Act,
    ground: &Ground<'_>,
    said: &mut BTreeMap<String, (String, String)>,
) -> String {
    match case.act(act, ground) {
        Ok(after) => after.state.name().to_owned(),
        Err(refusal) => {
            let key = match &refusal {
                Refusal::NotNow { state, .. } => format!("{} {state}", refusal.code()),
                _ => refusal.code().to_owned(),
            };
            said.entry(key).or_insert((refusal.zh(), refusal.en()));
            format!("✗{}", refusal.code().trim_start_matches("case-"))
        }
    }
}

#[test]
fn every_act_in_every_state_of_every_kind() {
    let boss = actor("李主管", &[Post::Supervisor]);
    let mut said = BTreeMap::new();
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for kind in house().case_kinds() {
        let mut table = String::new();
        for (name, state) in states(kind) {
            let mut row = format!("{name}：");
            for (verb, act) in acts() {
                let ground = Ground {
                    kind,
                    who: &boss,
                    rivals: &[],
                    now: now(),
                };
                let came = outcome(case(kind, state.clone(), "10"), &act, &ground, &mut said);
                write!(row, " {verb}→{came}").unwrap();
            }
            table += &row;
            table.push('\n');
        }
        alike.entry(table).or_default().push(kind.id.as_str());
    }
    assert_eq!(alike.values().flatten().count(), 31);
    let mut out = String::new();
    for (table, kinds) in &alike {
        write!(out, "## {}\n{table}\n", kinds.join(" ")).unwrap();
    }
    out += "## 不行时说的话\n";
    for (code, (zh, en)) in &said {
        writeln!(out, "{code}\n    {zh}\n    {en}").unwrap();
    }
    insta::assert_snapshot!("life", out);
}

#[test]
fn a_hold_runs_out_and_is_renewed_by_what_its_owner_does() {
    let kind = house().case_kind(&"改地址".into()).unwrap();
    let (mine, other) = (actor("小禾", &[Post::Agent]), actor("小青", &[Post::Agent]));
    let on = |who, minutes| Ground {
        kind,
        who,
        rivals: &[],
        now: now() + Duration::minutes(minutes),
    };
    let case = case(kind, State::Open, "")
        .act(&Act::Claim, &on(&mine, 0))
        .unwrap();
    assert!(case.clone().act(&Act::Claim, &on(&other, 29)).is_err());
    let wait = Act::Wait {
        party: Party::Warehouse,
        until: now() + Duration::hours(2),
        note: String::new(),
    };
    let case = case.act(&wait, &on(&mine, 20)).unwrap();
    assert!(case.clone().act(&Act::Claim, &on(&other, 49)).is_err());
    let case = case.act(&Act::Claim, &on(&other, 50)).unwrap();
    assert_eq!(case.person.as_deref(), Some("小青"));
}
