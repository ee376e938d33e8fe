//! Whether a clause binds the house: who does it, for whom, and that it is neither asked, offered, denied, supposed
//! nor done.

use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};
use regex::Regex;

use super::{Clause, Said};
use crate::knowledge::promises::{Act, PromiseRules};

/// Who looks for longer than this has not just put the customer on hold.
const AWAY: Duration = Duration::minutes(15);

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}

// A clause that asks, by its last words or by a word before the act.
pattern!(
    ASKS,
    "(吗|么|嘛|没有?呢|不呢|与否|是否(可以|需要|同意|方便)|可否|(可以|好|行)呢|要不[^,]*吧|的不|^还是[^,]*呢)[呀啊呢哈哦亲]*$"
);
pattern!(
    ASKING,
    "请问|要不要|是不是|能不能|可不可以|好不好|行不行|需不需要|用不用|是否|能否|可否|怎么|什么|为啥|哪|谁|几时|还是.*(还是|呢$)|would you|do you|should we|shall we|can we|can i|may i"
);
// 您看可以吗, 行吗, 好吗: what was said before waits for a word of the customer.
pattern!(
    CONSENT,
    "^(亲+爱?的?)?(那)?(您|你)?(看|觉得|看看)?(这样|这边)?(可以|行|好|成|同意|方便|需要|愿意|可)(吗|么|嘛|不|否|不可以|不行)[呀啊呢哈哦亲]*$|^(您|你)看(这样)?(是否)?(可以|行|好|呢)|是否(可以|需要|同意|方便)[呢]?$"
);
pattern!(
    SUPPOSES,
    "如果|要是|假如|倘若|若是|如若|若[^干]|的话|只要|一旦|除非|万一|否则|不然|有异常的?|如(您|你|有|需|出|遇|未|仍|还|果|商)|(^|[^帮给为替])(您|你)(这边|自己|先)?(申请|提交|付款|下单|拍|签收|寄回|退回|确认|签)[^,售]{0,6}(了|后|完)|前(提交|申请|下单|付款|拍下)|^if |[ ,]if "
);
// The customer is asked for something.
pattern!(
    REQUESTS,
    "(麻烦|辛苦|烦请|劳烦|请您?|需要您|建议您?)[^,]{0,30}(提供|告知|告诉|发我|发给|发下|发一下|发张|拍|填|提交|留下?|给我|给妹|给小|点击|点开|选择|选|下单|重新|上传|描述|寄回|回复我|加入|取消|申请|付款|同意)|(^|[^帮给为替跟与])(您|你)(先|去|把|再|就|可以|直接|自己|那边|这边|方便)?[^,]{0,4}(提供|提交|告知|发我|发给|发下|发一下|拍|填|留|把|给我|点击|选择|下单|重新|上传|描述|付款|登录|咨询|来找)|^提供"
);
// 等您订单完成, 审核后: it waits for what comes anyway.
pattern!(
    AFTER,
    "等[^,]{0,12}(完成|后|好|到|过)|(完成|到货|开票|审核|收到|入库|寄出|付款)(了|过)?(之|以)?后"
);
// 已经提交, 好了: what was taken in hand is done before the line ends.
pattern!(
    IN_LINE,
    "已经?(为|帮|给|跟|提|申|反|登|联|处|通|取|成)|(好|成功|通过|完成|完毕)(了|咯|哦|哈|的)?$"
);
pattern!(
    POLITE,
    "稍等|稍候|放心|耐心|留意|注意|保持|查收|见谅|谅解|理解|原谅|别急|别着急|不要着急|关注|期待|相信"
);
// 可以给您…, 能, 可能: an offer, a possibility.
pattern!(
    CAN,
    "可以|可能|才能|能够|应该|也许|估计|尽量|争取|尝试|(^|[^尽可功性智])能(给|帮|为|替|退|补|换|发|寄|开|申|处|不|$)|可(给|帮|为|替|退|补|换|申|返)"
);
pattern!(
    DENIES,
    "不会|不能|还未|未(来|能|给|帮|为|受|处)|来不及|没来得及|不给|不可以|不支持|不再|不用|不需要|不予|不得|不承担|不(退|补|换|发|寄|赔|返)|没法|没办法|没有|无法|无权|难以|未能|暂不|没(给|帮|为|能)|拒绝|别(给|再)|won't|will not|cannot|can't"
);
// 正在…, …中: it goes on while the customer holds the line.
pattern!(
    GOING_ON,
    "正在|正(为|帮|给)|飞奔|^.{0,3}在(查|核|联系|催|沟通)"
);
pattern!(
    PAST,
    "已经?|刚刚?才?(给|帮|为|把|就|已|跟|和|联|申|提|处|成|$)|刚才|昨天|昨晚|前天|(^|您|你|我|们)(之前|以前|先前)|上次|当时|曾|早就|查(看|询|到)?到|查询有|看到|显示|yesterday|has been|have been|was "
);
// 补发了, 换开申请了哦; 啦.
pattern!(
    DONE,
    "^[^,]{0,8}(了|啦|咯|喽|囉|过了)[哦哈呢啊呀亲的噢喔嗯]*$|^(一下|下)?(好|完|过|成功|上|出|掉)?(了|啦|过)|^(成功|通过|中$)"
);
// What is so for everybody, or only expected.
pattern!(
    GENERAL,
    "预计|一般|通常|正常|默认|理论|原则|都会|都是|均|每天|每月|下单|拍下|付款(后|的|成功|完成)|付了|需要看|要看|取决|为准|是有|也是会|时效|规定|政策|承诺|支持|尽心|尽力(为|帮|给)|大概率|左右到"
);
pattern!(PURPOSE, "(为了|方便|以便|便于|有助于)[^,]*$");
pattern!(
    WILL,
    "会([^员话计议]|$)|将|就|马上|立即|立刻|尽快|及时|稍后|晚点|第一时间|优先|一定|统一|后续|后期|随后|继续|再|去|来$"
);
// 给您, 帮您, 跟您: for the customer.
pattern!(
    FOR_YOU,
    "(给|帮|(^|[^因认以])为|替|跟|与|和|向|对)(您|你|亲|客官|顾客|宝)"
);
// Without those who only speak with him.
pattern!(BENEFITS, "(给|帮|(^|[^因认以])为|替)(您|你|亲)");
pattern!(TO_YOU, "^(给|到|至|一下|下|回|与|和)?(您|你)");
pattern!(
    ENGLISH,
    "(we|i)('|’)ll|(we|i) will|(team|manager|colleague|warehouse|specialist) will|(we are|we're|i'm|i am) going to"
);
pattern!(
    ASKED_OF_YOU,
    "(麻烦|辛苦|烦请|劳烦|建议|记得|自行|自己|务必|请|(联系|找|告诉|咨询)(我|客服|小))[^,]*$"
);

fn hits(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|re| re.is_match(text))
}

/// The most particular kind of what a clause binds the house to; `None` when to nothing.
pub(super) fn kind(
    rules: &PromiseRules,
    clauses: &[Clause],
    index: usize,
    at: DateTime<Utc>,
) -> Option<usize> {
    let clause = clauses.get(index)?;
    let acts = rules.acts(&clause.text);
    if acts.is_empty() {
        return None;
    }
    let scene = Scene {
        rules,
        clauses,
        index,
        clause,
        at,
        dated: super::moment(clauses, index, rules),
    };
    if scene.is_asked() || scene.is_supposed() || scene.is_offered() {
        return None;
    }
    let binding: Vec<&Act> = acts.iter().filter(|act| scene.binds(act)).collect();
    if binding.is_empty() {
        return None;
    }
    // 您的赔付款1-3天会打给您: what is done says that it is done, what else is named says what.
    acts.iter()
        .filter(|act| binding.contains(act) || !scene.is_done(act))
        .map(|act| act.kind)
        .min()
}

struct Scene<'a> {
    rules: &'a PromiseRules,
    clauses: &'a [Clause],
    index: usize,
    clause: &'a Clause,
    /// When it was said.
    at: DateTime<Utc>,
    /// The moment it would be due.
    dated: Option<super::Until>,
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doer {
    House,
    Customer,
    Other,
    Nobody,
}

impl Scene<'_> {
    fn has_moment(&self) -> bool {
        self.dated.is_some_and(|until| until.said == Said::Moment)
    }

    fn earlier(&self) -> impl Iterator<Item = &Clause> {
        let sentence = self.clause.sentence;
        self.clauses
            .iter()
            .take(self.index)
            .filter(move |clause| clause.sentence == sentence)
    }

    fn is_asked(&self) -> bool {
        self.clause.asked && !hits(&POLITE, &self.clause.text) || hits(&ASKS, &self.clause.text)
    }

    fn is_supposed(&self) -> bool {
        hits(&SUPPOSES, &self.clause.text)
            || self.earlier().any(|clause| hits(&SUPPOSES, &clause.text))
    }

    /// It waits for a word of the customer, or for what he is asked for; a named moment does not wait.
    fn is_offered(&self) -> bool {
        if self.has_moment() {
            return false;
        }
        // 您看给您补发还是退款
        if self.clause.text.starts_with("您看") || self.clause.text.starts_with("你看") {
            return true;
        }
        let later = self.clauses.iter().skip(self.index + 1);
        let consent = later
            .clone()
            .take_while(|clause| clause.sentence <= self.clause.sentence + 1)
            .any(|clause| hits(&CONSENT, &clause.text));
        // Also a sentence earlier: 您把单号给我。我帮您取消
        let requested = self.clauses.iter().take(self.index).any(|clause| {
            hits(&REQUESTS, &clause.text)
                && !hits(&POLITE, &clause.text)
                && !hits(&FOR_YOU, &clause.text)
                && !hits(&PAST, &clause.text)
        });
        // 请留个电话,稍后回复您
        let soon = self.clause.until.is_some();
        // 帮您操作,稍等,已经提交了
        let done = later
            .clone()
            .any(|clause| hits(&IN_LINE, &clause.text) && clause.until.is_none());
        consent || done || requested && !soon && !hits(&AFTER, &self.clause.text)
    }

    fn binds(&self, act: &Act) -> bool {
        let text = self.clause.text.as_str();
        let (Some(before), Some(after)) = (text.get(..act.start), text.get(act.end..)) else {
            return false;
        };
        let word = text.get(act.start..act.end).unwrap_or_default();
        if word.is_ascii() {
            return hits(&ENGLISH, before) && !hits(&DENIES, before) && !hits(&ASKING, before);
        }
        // 您来咨询我们给您改
        let asked_first = hits(&REQUESTS, before)
            && !hits(&PAST, before)
            && self.clause.until.is_none()
            && !hits(&AFTER, before);
        let out = hits(&ASKING, before)
            || asked_first
            || hits(&CAN, before)
            || hits(&DENIES, before)
            || hits(&GOING_ON, before)
            || hits(&PURPOSE, before)
            || hits(&GENERAL, before)
            // 是寄给您的 tells how it is.
            || before.ends_with('是')
            // 联系我们
            || after.starts_with('我')
            || self.is_done(act);
        if out {
            return false;
        }
        let for_you = hits(&FOR_YOU, before) || word.contains('您');
        let doer = self.doer(before);
        match doer {
            Doer::Customer | Doer::Other => return false,
            Doer::Nobody if hits(&ASKED_OF_YOU, before) && !for_you => return false,
            Doer::House | Doer::Nobody => {}
        }
        let kind = self.rules.kinds().get(act.kind);
        let only_dated = kind.is_some_and(|kind| kind.only_dated);
        // Who needs a few minutes has not gone away.
        let later = |until: super::Until| until.said == Said::Moment && until.due - self.at > AWAY;
        if only_dated && !self.dated.is_some_and(later) {
            return false;
        }
        // 一个工作日寄出 binds; 退款三天到账 tells how long it takes.
        let own_moment = self
            .clause
            .until
            .is_some_and(|until| until.said == Said::Moment && until.start < act.start);
        for_you
            || doer == Doer::House
            || hits(&TO_YOU, after)
            || hits(&WILL, before)
            || self
                .clause
                .until
                .is_some_and(|until| until.said == Said::Soon)
            || own_moment && !hits(&GENERAL, text)
    }

    /// It was done when it was said. Who names a time to come has not done it.
    fn is_done(&self, act: &Act) -> bool {
        let text = self.clause.text.as_str();
        let (before, after) = (
            text.get(..act.start).unwrap_or_default(),
            text.get(act.end..).unwrap_or_default(),
        );
        // 已经反馈,2小时给您回电 without the comma: what follows a moment to come is to come.
        let moment = self.clause.until.filter(|until| until.said == Said::Moment);
        let since = moment.map_or(0, |until| until.start);
        if hits(&PAST, before.get(since..).unwrap_or(before)) {
            return true;
        }
        let to_come = self.clause.until.is_some() || hits(&WILL, before);
        !to_come && hits(&DONE, after)
    }

    /// The last who is named before the act, or before the clause when nobody is.
    fn doer(&self, before: &str) -> Doer {
        let own = named(self.rules, before);
        if own != Doer::Nobody {
            return own;
        }
        let Some(previous) = self
            .index
            .checked_sub(1)
            .and_then(|at| self.clauses.get(at))
            .filter(|previous| {
                previous.sentence == self.clause.sentence || before.starts_with(['会', '将'])
            })
        else {
            return Doer::Nobody;
        };
        // 快递交给财务,会确认: whom the clause before is about goes on, unless this one is for the customer.
        // 您按页面的链接,去申请: so does the customer, unless he was only asked to be patient.
        let patient = hits(&POLITE, &previous.text) || self.clause.until.is_some();
        match named(self.rules, &previous.text) {
            doer @ Doer::Other if !hits(&BENEFITS, before) => doer,
            doer @ Doer::Customer if !hits(&FOR_YOU, before) && !patient => doer,
            _ => Doer::Nobody,
        }
    }
}

/// After these a name is spoken to, or of, and does nothing itself.
const TO: &[&str] = &[
    "给",
    "帮",
    "为",
    "替",
    "跟",
    "与",
    "和",
    "向",
    "对",
    "找",
    "催",
    "联系",
    "联络",
    "通知",
    "告知",
    "告诉",
    "回复",
    "让",
    "叫",
    "安排",
    "转告",
    "问",
    "问下",
    "问问",
    "催促",
    "催下",
    "催一下",
    "联系下",
    "联系一下",
    "反馈",
    "反馈给",
    "提醒",
    "派",
    "通过",
    "到",
    "在",
    "把",
    "发",
    "寄",
    "退",
    "返",
    "补",
    "的",
    "这个",
    "此",
    "换",
];

/// Before these a customer is spoken to, and does nothing himself.
const TO_HIM: &[&str] = &[
    "给", "帮", "为", "替", "跟", "与", "和", "向", "对", "联系", "联络", "通知", "告知", "回复",
    "告诉", "提醒", "到", "退", "返", "补", "发", "寄", "打", "送", "把", "短信",
];

/// Who is the last to be named in a text as somebody who does something. What is done for the customer is not done by
/// him.
fn named(rules: &PromiseRules, text: &str) -> Doer {
    let mut seen: Vec<(usize, Option<Doer>)> = Vec::new();
    let before_is = |at: usize, words: &[&str]| {
        let before = text.get(..at).unwrap_or_default();
        words.iter().any(|word| before.ends_with(word))
    };
    let after_is = |end: usize, words: &[&str]| {
        let after = text.get(end..).unwrap_or_default();
        words.iter().any(|word| after.starts_with(word))
    };
    for word in rules.others() {
        for (at, _) in text.match_indices(word.as_str()) {
            if !before_is(at, TO) {
                seen.push((at + word.len(), Some(Doer::Other)));
            }
        }
    }
    for word in rules.house() {
        for (at, _) in text.match_indices(word.as_str()) {
            let end = at + word.len();
            let spoken_to = before_is(
                at,
                &[
                    "给", "告诉", "告知", "回复", "联系", "到", "您", "你", "提交", "申请", "发起",
                    "咨询", "找",
                ],
            );
            // 系统这边: the place of whoever is named before it.
            let place = word.ends_with('边')
                && rules
                    .others()
                    .iter()
                    .any(|other| before_is(at, &[other.as_str()]));
            let owned = word.starts_with('我') && after_is(end, &["的"])
                || after_is(
                    end,
                    &["服务", "单", "电话", "地址", "热线", "入口", "页面", "问题"],
                );
            if !(spoken_to || place || owned) {
                seen.push((end, Some(Doer::House)));
            }
        }
    }
    for you in ["您", "你"] {
        for (at, _) in text.match_indices(you) {
            let end = at + you.len();
            let because = before_is(at, &["因为", "认为", "以为"]);
            if before_is(at, TO_HIM) && !because {
                seen.push((end, None));
            } else if !after_is(
                end,
                &["的", "这个", "这单", "那个", "好", "放心", "别", "先别"],
            ) {
                seen.push((end, Some(Doer::Customer)));
            }
        }
    }
    seen.sort_by_key(|(end, _)| *end);
    seen.into_iter()
        .fold(Doer::Nobody, |last, (_, doer)| match (doer, last) {
            (Some(doer), _) => doer,
            (None, Doer::Customer) => Doer::House,
            (None, last) => last,
        })
}
