//! What is refused, and what is said: who, how much, when.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use chrono::Duration;
use jieban::{
    desk::case::{Act, Case, Ground, HOLD, Party, Rival, State},
    knowledge::{Post, case_kind::CaseKind},
};

use crate::{
    life::{consent, end},
    world::*,
};

/// Refusals that the table does not reach: who, how much, when.
#[test]
fn what_is_refused_and_what_is_said() {
    let house = house();
    let kind = |name: &str| house.case_kind(&name.into()).unwrap();
    let (fx, bf, xc, df) = (kind("返现"), kind("补发"), kind("瑕疵补偿"), kind("改地址"));
    let review = || State::Review {
        by: "小禾".into(),
        at: now(),
    };
    let approve = |name: &str| Act::Approve {
        comment: "核对过".into(),
        signature: name.into(),
        despite: vec![],
    };
    let author = actor("小青", &[Post::Supervisor]);
    let admin = actor("总管", &[Post::Admin]);
    let mut proposed = case(fx, review(), "10");
    proposed.proposers.insert("王主管".into());
    let agent = actor("小青", &[Post::Agent]);
    let other = actor("小禾", &[Post::Agent]);
    let boss = actor("王主管", &[Post::Supervisor]);
    let reviewer = actor("赵审核", &[Post::Reviewer]);
    let rival = Rival {
        number: "BC-2611-0009".into(),
        amount: Some(99_500),
        paid: true,
    };
    let claim = Act::Claim;
    let done = Act::Done {
        result: "付了".into(),
        changes: BTreeMap::new(),
    };
    let close = Act::Close {
        changes: BTreeMap::new(),
    };
    let edit = |name: &str, value: &str| Act::Edit {
        changes: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        steps: None,
    };
    let signed = || State::InHand {
        consent: Some(consent(false)),
    };
    let without = |mut case: Case, name: &str| {
        case.form.set(name, "");
        case
    };
    let held = |mut case: Case| {
        case.person = Some("小禾".into());
        case.held_until = Some(now() + HOLD);
        case
    };
    let overdue = |mut case: Case| {
        case.finish_due = now() - Duration::minutes(1);
        case
    };
    let lapsed = || {
        let mut yes = consent(true);
        yes.oral.as_mut().unwrap().until = now();
        State::InHand { consent: Some(yes) }
    };
    let despite = Act::Approve {
        comment: "核对过".into(),
        signature: "赵审核".into(),
        despite: vec![rival.number.clone()],
    };
    let rivals = std::slice::from_ref(&rival);
    let none: &[Rival] = &[];
    let table: Vec<(&str, Case, &CaseKind, _, &[Rival], Act)> = vec![
        (
            "提出人自己审",
            case(fx, review(), "10"),
            fx,
            &author,
            none,
            approve("小青"),
        ),
        ("送审人自己审", proposed, fx, &boss, none, approve("王主管")),
        (
            "客服审",
            case(fx, review(), "10"),
            fx,
            &other,
            none,
            approve("小禾"),
        ),
        (
            "没写意见",
            case(fx, review(), "10"),
            fx,
            &boss,
            none,
            Act::Approve {
                comment: " ".into(),
                signature: "王主管".into(),
                despite: vec![],
            },
        ),
        (
            "替别人签名",
            case(fx, review(), "10"),
            fx,
            &boss,
            none,
            approve("李主管"),
        ),
        (
            "超过主管额度",
            case(fx, review(), "200.01"),
            fx,
            &boss,
            none,
            approve("王主管"),
        ),
        (
            "主管额度以内",
            case(fx, review(), "200"),
            fx,
            &boss,
            none,
            approve("王主管"),
        ),
        (
            "审核人额度更高",
            case(fx, review(), "200.01"),
            fx,
            &reviewer,
            none,
            approve("赵审核"),
        ),
        (
            "同一订单付过",
            case(fx, review(), "10"),
            fx,
            &reviewer,
            rivals,
            approve("赵审核"),
        ),
        (
            "核对过不重复但超订单",
            case(fx, review(), "10"),
            fx,
            &reviewer,
            rivals,
            despite.clone(),
        ),
        (
            "核对过不重复",
            case(fx, review(), "4"),
            fx,
            &reviewer,
            rivals,
            despite,
        ),
        (
            "超过订单金额",
            case(fx, review(), "1000"),
            fx,
            &admin,
            none,
            approve("总管"),
        ),
        (
            "没审就办",
            case(bf, State::Open, ""),
            bf,
            &agent,
            none,
            claim.clone(),
        ),
        (
            "没审就办完",
            case(bf, State::InHand { consent: None }, ""),
            bf,
            &agent,
            none,
            done.clone(),
        ),
        (
            "免审额度内当场办",
            case(xc, State::Open, "5"),
            xc,
            &agent,
            none,
            claim.clone(),
        ),
        (
            "免审额度外",
            case(xc, State::InHand { consent: None }, "5.01"),
            xc,
            &agent,
            none,
            done.clone(),
        ),
        (
            "免审但订单付过",
            case(xc, State::Open, "5"),
            xc,
            &agent,
            rivals,
            claim.clone(),
        ),
        (
            "提出人自己付款",
            case(fx, signed(), "10"),
            fx,
            &agent,
            none,
            done.clone(),
        ),
        (
            "别人付款",
            case(fx, signed(), "10"),
            fx,
            &other,
            none,
            done.clone(),
        ),
        (
            "审过又改金额",
            case(fx, signed(), "10"),
            fx,
            &other,
            none,
            edit("金额", "20"),
        ),
        (
            "没有这一项",
            case(fx, State::Open, "10"),
            fx,
            &other,
            none,
            edit("身高", "180"),
        ),
        (
            "金额不是数",
            case(fx, State::Open, "10"),
            fx,
            &other,
            none,
            edit("金额", "很多"),
        ),
        (
            "没有这一步",
            case(fx, State::Open, "10"),
            fx,
            &other,
            none,
            Act::Edit {
                changes: BTreeMap::new(),
                steps: Some(BTreeSet::from([99])),
            },
        ),
        (
            "确认时缺订单号",
            without(case(fx, State::Draft, "10"), "订单号"),
            fx,
            &other,
            none,
            Act::Confirm {
                changes: BTreeMap::new(),
            },
        ),
        (
            "确认时带上订单号",
            without(case(fx, State::Draft, "10"), "订单号"),
            fx,
            &other,
            none,
            Act::Confirm {
                changes: BTreeMap::from([("订单号".to_owned(), "88".to_owned())]),
            },
        ),
        (
            "送审时缺原因",
            without(case(fx, State::Open, "10"), "原因"),
            fx,
            &other,
            none,
            Act::Submit { despite: vec![] },
        ),
        (
            "完结时缺结果",
            without(
                case(
                    df,
                    State::Done {
                        consent: None,
                        end: end(),
                    },
                    "",
                ),
                "处理结果",
            ),
            df,
            &other,
            none,
            close.clone(),
        ),
        (
            "口头同意不能完结",
            case(
                fx,
                State::Done {
                    consent: Some(consent(true)),
                    end: end(),
                },
                "10",
            ),
            fx,
            &other,
            none,
            close,
        ),
        (
            "口头同意到期",
            case(fx, lapsed(), "10"),
            fx,
            &other,
            none,
            done.clone(),
        ),
        (
            "口头同意补签",
            case(fx, lapsed(), "10"),
            fx,
            &reviewer,
            none,
            approve("赵审核"),
        ),
        (
            "口头同意过期退回",
            case(fx, lapsed(), "10"),
            fx,
            &other,
            none,
            Act::Lapse,
        ),
        (
            "口头同意的是提出人",
            case(fx, review(), "10"),
            fx,
            &other,
            none,
            Act::ApproveOrally {
                by: "小青".into(),
                comment: "行".into(),
                until: None,
            },
        ),
        (
            "口头同意太久",
            case(fx, review(), "10"),
            fx,
            &other,
            none,
            Act::ApproveOrally {
                by: "王主管".into(),
                comment: "行".into(),
                until: Some(now() + Duration::days(8)),
            },
        ),
        (
            "别人正在办",
            held(case(df, State::InHand { consent: None }, "")),
            df,
            &agent,
            none,
            done.clone(),
        ),
        (
            "别人放下",
            held(case(df, State::InHand { consent: None }, "")),
            df,
            &agent,
            none,
            Act::Release,
        ),
        (
            "主管放下",
            held(case(df, State::InHand { consent: None }, "")),
            df,
            &boss,
            none,
            Act::Release,
        ),
        (
            "超时不能再等",
            overdue(case(df, State::InHand { consent: None }, "")),
            df,
            &agent,
            none,
            Act::Wait {
                party: Party::Warehouse,
                until: now() + Duration::hours(1),
                note: String::new(),
            },
        ),
        (
            "等到时限之后",
            case(df, State::InHand { consent: None }, ""),
            df,
            &agent,
            none,
            Act::Wait {
                party: Party::Warehouse,
                until: now() + Duration::days(9),
                note: String::new(),
            },
        ),
        (
            "等到过去",
            case(df, State::InHand { consent: None }, ""),
            df,
            &agent,
            none,
            Act::Wait {
                party: Party::Warehouse,
                until: now(),
                note: String::new(),
            },
        ),
        (
            "改期没告诉顾客",
            overdue(case(df, State::InHand { consent: None }, "")),
            df,
            &agent,
            none,
            Act::Postpone {
                until: now() + Duration::days(1),
                informed: String::new(),
                reason: "等仓库".into(),
            },
        ),
        (
            "改期",
            overdue(case(df, State::InHand { consent: None }, "")),
            df,
            &agent,
            none,
            Act::Postpone {
                until: now() + Duration::days(1),
                informed: "已在会话说明".into(),
                reason: "等仓库".into(),
            },
        ),
        (
            "作废没写原因",
            case(df, State::Open, ""),
            df,
            &agent,
            none,
            Act::Drop {
                reason: String::new(),
            },
        ),
    ];
    let mut out = String::new();
    for (name, case, kind, who, rivals, act) in table {
        let ground = Ground {
            kind,
            who,
            rivals,
            now: now(),
        };
        let came = match case.act(&act, &ground) {
            Ok(after) => after.state.name().to_owned(),
            Err(refusal) => format!("✗ {}（{}）", refusal.zh(), refusal.en()),
        };
        writeln!(out, "{name}：{came}").unwrap();
    }
    insta::assert_snapshot!("refused", out);
}
