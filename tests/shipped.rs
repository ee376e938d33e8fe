//! The shipped folder is read without a problem and says what it should.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use jieban::knowledge::{AutoUse, Knowledge, Policy, Problem};
use jieban::service::shelf::read_folder;

fn shipped() -> (Knowledge, Vec<Problem>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let files = read_folder(&root).unwrap();
    Knowledge::load(&files).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{} problems\n{}", lines.len(), lines.join("\n"))
    })
}

#[test]
fn the_shipped_folder_is_read_without_a_problem() {
    let (knowledge, warnings) = shipped();
    let now = "2026-11-20T04:30:00Z".parse().unwrap();
    let review = knowledge.review(None, now);
    let lines: Vec<String> = warnings
        .iter()
        .chain(&review)
        .map(ToString::to_string)
        .collect();
    assert_eq!(lines, Vec::<String>::new(), "{}", lines.join("\n"));
}

/// What the bot may do at most at night, and what somebody gets to do: 回答 where a rule of the house answers,
/// 登记 where somebody must look (what is missing is asked for, a case is opened), 回执 where a human must
/// speak first.
const NIGHT: &str = "
    log.addr_change 登记 改地址
    log.damaged 登记 丢件索赔
    log.delay_ship 登记 订单备注
    log.delivery 回答 订单备注
    log.eta 回答 物流异常
    log.fake_sign 登记 物流异常
    log.intercept 登记 拦截/拒收
    log.order_change 登记 改单
    log.stuck 登记 物流异常
    log.track 登记 物流异常
    log.urge_ship 登记 催发货
    log.wrong_tracking 回执 投诉
    miss.empty 回执 丢件索赔
    miss.gift 登记 漏发
    miss.item 登记 漏发
    miss.note 登记 漏备注
    miss.part 登记 缺件
    miss.resend_status 登记 补发
    miss.wrong 登记 错发
    oth.abuse 回执 -
    oth.complaint 回执 投诉
    oth.feedback 回答 反馈
    oth.greet 回答 -
    oth.human 登记 转人工
    oth.invoice_after 登记 发票
    oth.nontext 回执 -
    oth.privacy 登记 隐私请求
    oth.private_trade 回答 -
    oth.review_cash 回答 反馈
    oth.safety 回执 安全事故
    oth.spam 不回 -
    oth.thanks 回答 -
    oth.urge_reply 回执 -
    pre.attr 回答 售前记录
    pre.auth 回答 -
    pre.bargain 回答 售前记录
    pre.carrier 回答 订单备注
    pre.freight 回答 -
    pre.gift 回答 订单备注
    pre.invoice 登记 发票
    pre.order_help 回答 -
    pre.promo 回答 售前记录
    pre.shiptime 回答 售前记录
    pre.size 回答 售前记录
    pre.stock 登记 缺货/到货通知
    pre.unpaid 回答 催付
    pre.usage 回答 -
    pre.wholesale 登记 售前记录
    ref.cancel 回答 退款
    ref.cashback 登记 返现
    ref.exchange 登记 换货
    ref.flaw_comp 登记 瑕疵补偿
    ref.freight 回答 退货运费
    ref.only_refund 登记 退款
    ref.price_diff 回答 补差
    ref.progress 回答 退款
    ref.quality 登记 退货退款
    ref.rejected 回执 平台介入/申诉
    ref.repair 登记 维修
    ref.return7 回答 退货退款
    ref.return_tracking 登记 退货退款
";

#[test]
fn every_intent_has_its_night_policy_and_case() {
    let (knowledge, _) = shipped();
    let rows: Vec<[&str; 3]> = NIGHT
        .lines()
        .filter_map(|line| line.split_whitespace().collect::<Vec<_>>().try_into().ok())
        .collect();
    assert_eq!((rows.len(), knowledge.intents().len()), (61, 61));
    for [id, night, case] in rows {
        let Some(intent) = knowledge.intent(&id.into()) else {
            panic!("{id} is missing")
        };
        let kind = intent.case.as_ref().map_or("-", |kind| kind.as_str());
        assert_eq!(
            (Some(intent.night), kind),
            (Policy::parse(night), case),
            "{id}"
        );
        assert!(intent.ask.len() >= 8, "{id} has too few sentences");
        // What it may do at most, a script of it can say; the house has a receipt of its own.
        let able = |auto| {
            knowledge
                .scripts_of(&intent.id)
                .any(|script| script.auto == auto)
        };
        let said = match intent.night {
            Policy::Answer => able(AutoUse::Answer),
            Policy::Register => able(AutoUse::Register),
            _ => knowledge.scripts_of(&intent.id).next().is_some(),
        };
        assert!(said, "{id} has nothing to say");
    }
}
