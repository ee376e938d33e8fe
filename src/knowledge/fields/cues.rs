//! The words beside a number, which say what it is when its shape does not.

use std::ops::Range;

use super::source::Source;

/// What the words beside a number say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    Order,
    Tracking,
    /// "单号" alone: some number of this shop or of a carrier.
    Number,
    Refund,
    Payment,
    Phone,
    /// A bank card, an identity card, a verification code, an item: not ours to keep.
    Foreign,
}

static CUES: &[(&str, Cue)] = &[
    ("订单号", Cue::Order),
    ("订单编号", Cue::Order),
    ("订单", Cue::Order),
    ("order", Cue::Order),
    ("快递单号", Cue::Tracking),
    ("运单号", Cue::Tracking),
    ("运单", Cue::Tracking),
    ("物流单号", Cue::Tracking),
    ("退货单号", Cue::Tracking),
    ("退回单号", Cue::Tracking),
    ("物流", Cue::Tracking),
    ("快递", Cue::Tracking),
    ("快件", Cue::Tracking),
    ("包裹", Cue::Tracking),
    ("面单", Cue::Tracking),
    ("顺丰", Cue::Tracking),
    ("圆通", Cue::Tracking),
    ("中通", Cue::Tracking),
    ("申通", Cue::Tracking),
    ("韵达", Cue::Tracking),
    ("极兔", Cue::Tracking),
    ("邮政", Cue::Tracking),
    ("ems", Cue::Tracking),
    ("德邦", Cue::Tracking),
    ("tracking", Cue::Tracking),
    ("到哪", Cue::Tracking),
    ("签收", Cue::Tracking),
    ("没更新", Cue::Tracking),
    ("单号", Cue::Number),
    ("退款编号", Cue::Refund),
    ("退款单号", Cue::Refund),
    ("退款单", Cue::Refund),
    ("售后单", Cue::Refund),
    ("售后编号", Cue::Refund),
    ("售后单号", Cue::Refund),
    ("服务单", Cue::Refund),
    ("服务单号", Cue::Refund),
    ("交易号", Cue::Payment),
    ("交易单号", Cue::Payment),
    ("商户单号", Cue::Payment),
    ("流水号", Cue::Payment),
    ("支付单号", Cue::Payment),
    ("电话", Cue::Phone),
    ("手机", Cue::Phone),
    ("手机号", Cue::Phone),
    ("手机号码", Cue::Phone),
    ("联系方式", Cue::Phone),
    ("号码", Cue::Phone),
    ("tel", Cue::Phone),
    ("phone", Cue::Phone),
    ("银行卡", Cue::Foreign),
    ("卡号", Cue::Foreign),
    ("身份证", Cue::Foreign),
    ("身份证号", Cue::Foreign),
    ("验证码", Cue::Foreign),
    ("税号", Cue::Foreign),
    ("商品id", Cue::Foreign),
    ("商品编号", Cue::Foreign),
    ("商品号", Cue::Foreign),
    ("序列号", Cue::Foreign),
];

/// The cue nearest before the number; failing that, right after it.
pub(super) fn cue(source: &Source<'_>, range: &Range<usize>) -> Option<Cue> {
    let before = source.before(range.start, 10);
    // A digit ends the window: what stands before another number speaks of that one.
    let before = before
        .rsplit(|c: char| c.is_ascii_digit())
        .next()
        .unwrap_or("");
    let nearest = CUES
        .iter()
        .filter_map(|(word, cue)| {
            let end = before.rfind(word)? + word.len();
            Some(((end, word.len()), *cue))
        })
        .max_by_key(|(key, _)| *key);
    if let Some((_, cue)) = nearest {
        return Some(cue);
    }
    let after = source.after(range.end, 6);
    let after = after
        .split(|c: char| c.is_ascii_digit() || c == '\n')
        .next()
        .unwrap_or("");
    CUES.iter()
        .filter_map(|(word, cue)| Some(((after.find(word)?, usize::MAX - word.len()), *cue)))
        .min_by_key(|(key, _)| *key)
        .map(|(_, cue)| cue)
}
