//! What a customer wants of the house with what he says: that something is done, or only to be told.
//!
//! 什么时候能到账 is answered with words. 钱还没到账 and 帮我退掉 leave somebody with something to do, however
//! politely or angrily they are said. Only the form of a sentence is read here; what it is about is for the
//! intents.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::reading::Want;

/// Words that hold a demand's word but ask for nothing more than an answer.
static POLITE: &[&str] = &[
    "请问",
    "我想知道",
    "我想问",
    "我想了解",
    "我想咨询",
    "我想请问",
    "想问",
    "想知道",
    "想了解",
    "想咨询",
    "咨询",
    "麻烦问",
    "帮我看",
    "帮我查",
    "帮忙看",
    "帮忙查",
    "麻烦查",
    "麻烦看",
    "帮查",
    "帮看",
    "问一下",
    "问下",
    "请教",
    "邀请",
    "没问题",
    "有什么问题",
    "什么问题可以",
    "错过",
    "不错",
    "没错",
    "申请",
    "请客",
    "请稍",
    "急需",
    "客服",
    "还没下单",
    "还没有下单",
    "还没拍",
    "还没买",
    "还没付",
    "还没有买",
    "没下单",
    "没问题",
    "怎么办",
    "咋办",
    "缺货",
    "缺码",
    "断码",
];

/// Words that somebody says who wants something done.
static DEMANDS: &[&str] = &[
    "帮",
    "麻烦",
    "给我",
    "给我们",
    "我要",
    "我想",
    "想要",
    "请",
    "求",
    "改成",
    "换成",
    "改为",
    "改一下",
    "改下",
    "催",
    "尽快",
    "赶紧",
    "赶快",
    "快点",
    "快一点",
    "抓紧",
    "处理",
    "解决",
    "重新",
    "重开",
    "补发",
    "补寄",
    "补给",
    "退给",
    "退我",
    "赔",
    "通过一下",
    "安排",
    "登记",
    "备注",
    "不要了",
    "不想要",
    "不买了",
    "拦截",
    "务必",
    "核实",
    "沟通",
    "联系一下",
    "协调",
    "反馈",
    "回电",
    "别放",
    "不用发",
    "先别",
    "现在取消",
    "叫人",
    "转人工",
    "人工",
    "能不能不",
    "可不可以不",
    "可以不发",
    "能别",
    "别发",
    "不要发",
];

/// Words that somebody says who has been let down.
static TROUBLE: &[&str] = &[
    "还没",
    "还不",
    "还未",
    "没收到",
    "没有收到",
    "未收到",
    "收不到",
    "没到",
    "没动",
    "不动",
    "不更新",
    "没更新",
    "没有更新",
    "没有物流",
    "一直",
    "坏",
    "破",
    "碎",
    "烂",
    "漏",
    "少了",
    "少发",
    "少寄",
    "少一",
    "缺",
    "错",
    "问题",
    "不对",
    "没用",
    "没有用",
    "没反应",
    "没有反应",
    "打不通",
    "联系不上",
    "不接",
    "不愿",
    "不给",
    "不让",
    "不肯",
    "为什么",
    "为啥",
    "怎么还",
    "怎么没",
    "怎么不",
    "怎么又",
    "凭什么",
    "超时",
    "过期",
    "拒绝",
    "太慢",
    "骗",
    "投诉",
    "差评",
    "没人",
    "不见",
    "丢",
    "等了",
    "到现在",
    "降价",
    "只收到",
    "只有一",
    "打不开",
    "用不了",
    "不能用",
    "开不了",
    "失败",
    "不同意",
    "不理",
    "虚假",
    "等着用",
    "这么久",
    "还在揽收",
    "不上",
    "不了",
    "不开",
    "不进",
    "不见",
    "不符",
    "不一样",
    "少给",
    "没给",
];

/// Words of what is not so, or is not so yet.
static SUPPOSED: &[&str] = &["如果", "假如", "要是", "万一", "以为", "会不会", "偶尔"];

/// Words that ask to be told.
static ASKS: &[&str] = &[
    "什么时候",
    "什么时间",
    "啥时候",
    "何时",
    "多久",
    "多长时间",
    "几天",
    "几号",
    "几点",
    "哪天",
    "哪里",
    "哪儿",
    "在哪",
    "到哪",
    "去哪",
    "到那",
    "怎么查",
    "怎么看",
    "怎么操作",
    "怎么申请",
    "怎么弄",
    "怎么算",
    "如何",
    "怎样",
    "多少",
    "谁出",
    "谁付",
    "谁承担",
    "哪种",
    "哪个",
    "哪家",
    "什么",
    "是不是",
    "对吗",
    "对吧",
    "是吧",
    "是吗",
    "对不对",
    "有没有",
    "怎么退",
    "怎么换",
    "怎么办理",
    "怎么开",
    "几个工作日",
    "要不要",
    "需不需要",
    "咋",
    "怎么处理",
    "如何处理",
    "怎样处理",
    "谁处理",
    "了吧",
    "了吗",
    "了么",
    "了没",
    "怎么才",
    "怎么",
];

/// Questions that are about nothing but the answer before them, when they stand alone.
static ASKS_BARE: &[&str] = &["为什么", "为啥", "怎么了"];

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let all = [POLITE, DEMANDS, TROUBLE, SUPPOSED, ASKS].concat();
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(all)
        .ok()
});

/// An act that is over: 我取消了, 已经退好了.
static OVER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "(我|已经?|都|刚|刚才)(自己|已经?)?(提交|取消|退款|退|改|申请|解决|收到|签收|弄|拿到|找到|处理|查到)(掉|好|过|完|成功)?(订单|申请|货|款)?了|(取消|退款|修改|提交)(成功|过)",
    )
    .ok()
});

/// An order given to the house: 申请价保, 你们看着办吧, 你问一下.
static ORDERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "^((你|您)好|亲|那|就)?[,，]?(要|需要)?(开|申请|退|换|取消|修改|更改|补|撤销|拦截)|(你|您)们?(们|去|直接|自己|先|就|再)?.{0,6}(吧|一下)|(我|这个|这单|这个订单|现在).{0,8}(可以|能|能不能|可不可以)(给|先)?(退|换|取消|改|补|撤销|拦截)|(退|换|取消|改|补|撤销|拦截)[^,，]{0,6}(可以|行)(吗|么|不|嘛)",
    )
    .ok()
});

/// Waiting that is counted: 四五天了, 半个月了.
static WAITED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("[0-9一二两三四五六七八九十几半多好](多)?个?(天|小时|钟头|周|星期|礼拜|月|年)多?(都|就)?(过去|过)?(了|还|都)").ok()
});

/// Whether a sentence tells of an act that is over.
pub(crate) fn is_over(sentence: &str) -> bool {
    OVER.as_ref().is_some_and(|over| over.is_match(sentence))
}

/// What one sentence, normalised, wants.
pub(crate) fn want(sentence: &str) -> Want {
    let sorts = [POLITE, DEMANDS, TROUBLE, SUPPOSED, ASKS];
    let mut found = [false; 5];
    for hit in WORDS.iter().flat_map(|words| words.find_iter(sentence)) {
        let mut place = hit.pattern().as_usize();
        for (sort, words) in sorts.iter().enumerate() {
            if place < words.len() {
                found[sort] = true;
                break;
            }
            place -= words.len();
        }
    }
    // A bare 为什么 asks about what was just said.
    if sentence.chars().count() <= 4 && ASKS_BARE.iter().any(|ask| sentence.contains(ask)) {
        return Want::Told;
    }
    let [_, demands, trouble, supposed, asks] = found;
    let over = || is_over(sentence);
    let waited = || {
        WAITED
            .as_ref()
            .is_some_and(|waited| waited.is_match(sentence))
    };
    let ordered = || {
        ORDERED
            .as_ref()
            .is_some_and(|ordered| ordered.is_match(sentence))
    };
    if demands || !asks && !supposed && !over() && ordered() {
        Want::Done
    } else if supposed {
        Want::Told
    } else if trouble || waited() {
        Want::Done
    } else if asks || over() {
        Want::Told
    } else {
        Want::Stated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_answered_and_demands_are_done() {
        for (sentence, expected) in [
            ("退款一般多久到账", Want::Told),
            ("换货怎么操作", Want::Told),
            ("退货运费谁出", Want::Told),
            ("电子发票在哪里下载", Want::Told),
            ("请问周末发货吗,大概几号到", Want::Told),
            ("要是磕坏了怎么办", Want::Told),
            ("这单我自己取消了", Want::Told),
            ("退款成功了对吧", Want::Told),
            ("地址填错了怎么办", Want::Done),
            ("付款四天了", Want::Done),
            ("都一周了钱还没退到", Want::Done),
            ("帮我催一下什么时候能发", Want::Done),
            ("可以改个收货电话吗", Want::Stated),
            ("我这单能取消吗", Want::Done),
            ("申请开票", Want::Done),
            ("你们跟快递核对一下", Want::Done),
            ("我想知道几号有货", Want::Told),
            ("不想要了", Want::Done),
            ("盖子裂开了", Want::Stated),
        ] {
            assert_eq!(want(sentence), expected, "{sentence}");
        }
    }
}
