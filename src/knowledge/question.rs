//! Whether a sentence puts a question that words can answer.
//!
//! 今天能到吗 is answered with a rule. 已经发信息给他了 asks nothing, and 取消了没 asks how one order stands,
//! which no rule knows: neither may be met with a ready answer.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;
use regex::Regex;

/// Words that ask, wherever they stand.
static ASKS: &[&str] = &[
    "什么",
    "啥",
    "多少",
    "几天",
    "几号",
    "几点",
    "几个",
    "几件",
    "几种",
    "几包",
    "几斤",
    "几张",
    "几米",
    "几块",
    "怎么",
    "怎样",
    "咋",
    "如何",
    "哪",
    "谁",
    "何时",
    "多久",
    "多长",
    "多大",
    "多重",
    "多远",
    "多高",
    "多宽",
    "多厚",
    "是不是",
    "有没有",
    "能不能",
    "可不可以",
    "可以不",
    "会不会",
    "要不要",
    "行不行",
    "好不好",
    "对不对",
    "需不需要",
    "是否",
    "能否",
    "可否",
    "区别",
    "吗",
    "是吧",
    "对吧",
    "行么",
    "吧?",
    "支不支持",
    "包不包",
    "what",
    "how",
    "when",
    "where",
    "which",
    "who",
    "why",
    "can i",
    "can you",
    "could i",
    "could you",
    "do you",
    "is there",
    "is it",
    "are there",
    "does",
];

/// Last words that ask; particles after them do not matter.
static ENDS: &[&str] = &["么", "嘛", "没", "没有", "不", "咩", "否"];

/// Last characters that neither ask nor tell.
const PARTICLES: [char; 9] = ['啊', '呀', '呢', '亲', '哈', '哦', ' ', '~', '.'];

/// Words with 么 or 没 at their end that ask nothing by it.
static NOT_ENDS: &[&str] = &[
    "那么", "这么", "多么", "要么", "还没", "都没", "也没", "并没", "并不", "也不",
];

/// How an act of one order stands: only somebody who looks can tell.
static STATES: &[&str] = &[
    // 取消了没, 价保申请通过了吗
    "(取消|退|退款|退回|改|通过|成功|到账|派送|配送|申请|提交|处理|安排|登记|审核|备注)(掉|好|完|成功)?(了没有?|没有?|了吗|了么|了嘛|成功了?吗|好了吗)[啊呀呢,，]*$",
    // 怎么还没退, 为什么不给派送, 怎么又来取件
    "(怎么|为什么|为啥|咋)[^,，]{0,6}(没|不)(有)?(取消|退|改|通过|到账|派送|配送|处理|安排|审核|联系|送)",
    "(怎么|为什么|为啥|咋)(又|还|给我|今天|昨天|刚|不给|没给)|怎么回事|恢复",
    // 没取消成功, 还没来取, 取消不了
    "(没|没有|未)(取消|退|改|处理|审核|通过)(成功|掉|到|好|了)|还没(有)?(来取|来拿|联系|处理|审核|退)",
    "(取消|退|改)不(了|掉|成)|自动(退|取消)|显示(已|已经)?(取消|退|签收|派送)",
    // 不管是什么原因都会退; 才撤销的
    "不管|无论|撤销(了|的)",
    // 我的差价什么时候退
    "(差价|价差)[^,，]{0,4}(什么时候|多久|几时|何时|几天|啥时候)",
    // 联系过了, 退货还是?, 不会取消吧, 只能退吗, 付了才行?: what was done, or said before
    "(确认|联系|沟通)过了|还是$|不会[^,，]{0,2}(取消|退)[^,，]{0,3}吧|只(能|可以)(退|换)",
    "^[^多几,，]*了才(行|可以)[啊呀呢吗么吧]*$",
    // 能确保下次不这样吗: a promise
    "(确保|保证)[^,，]{0,3}(下次|以后|不会|不再)",
    // 刚才申请退货, 按了取消, 给我退了
    "(刚才|刚刚|已经|昨天|前天|早上|上午)[^,，]{0,4}(申请|提交|取消)|(按|点)了(取消|退)|(给|把)我?[^,，]{0,6}(退|取消)了",
];

/// What one asks without a word that asks.
static SHAPES: &[&str] = &[
    // 有赠品吧
    "^[^他她我,，]*(有|是|不会|可以|能|会|没有|够|应该)[^,，]{0,8}吧$",
    "[,，][^他她我,，]*(有|是|可以|能|够)[^,，]{0,8}吧$",
    // 大的还是小的
    "[^,，]{2,}还是[^没不未要去先得我,，][^,，]*$",
    // 我要退货: that is, how
    "^(那|那么)?(我|我们)?(就|还是)?(要|想|想要|要求)(申请|办理|办)?(退货|退掉|退了|取消|价保|保价|价格保护)(吧|了)?$",
    "^(我|我们)?退货吧$",
];

static STATE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&STATES.join("|")).ok());

static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&SHAPES.join("|")).ok());

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(ASKS).ok());

/// Whether a sentence, normalised, asks; `marked` says that a question mark followed.
pub(crate) fn asks(sentence: &str, marked: bool) -> bool {
    let ends = |piece: &str| {
        let body = piece.trim_end_matches(PARTICLES);
        ENDS.iter().any(|w| body.ends_with(w)) && !NOT_ENDS.iter().any(|w| body.ends_with(w))
    };
    let words = || WORDS.as_ref().is_some_and(|words| words.is_match(sentence));
    let shape = || SHAPE.as_ref().is_some_and(|shape| shape.is_match(sentence));
    (marked || words() || shape() || sentence.split([',', '，', ' ']).any(ends))
        && !is_state(sentence)
}

/// Where words that ask stand in a sentence.
pub(crate) fn words(sentence: &str) -> Vec<Range<usize>> {
    let words = WORDS.as_ref().map(|words| words.find_iter(sentence));
    words
        .into_iter()
        .flatten()
        .map(|found| found.range())
        .collect()
}

/// Whether a sentence asks how an act of one order stands.
pub(crate) fn is_state(sentence: &str) -> bool {
    STATE.as_ref().is_some_and(|state| state.is_match(sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_from_statements_and_states() {
        for (sentence, marked, expected) in [
            ("后天能送到吗", false, true),
            ("满多少包邮", false, true),
            ("有优惠没", false, true),
            ("够不够长", true, true),
            ("用什么快递寄", false, true),
            ("can you ship it today", false, true),
            ("我给快递员留言了", false, false),
            ("我再等等吧", false, false),
            ("那就给我送过来吧", false, false),
            ("这单取消了没", false, false),
            ("价保申请通过了吗", true, false),
            ("怎么还没退", true, false),
            ("那个有赠品吧", false, true),
            ("买小号还是大号呢", false, true),
            ("我要退货", false, true),
            ("他有刷卡吧", false, false),
            ("取件的还没来取对吗", true, false),
            ("刚才申请退货了是不是等着就行", false, false),
            ("东西还是没收到", false, false),
            ("已经这么久还没", false, false),
            ("我那笔差价多久能退", false, false),
            ("客服联系过了,说能上门取件", false, false),
            ("给我申请的是换货还是", true, false),
            ("应该不会退掉吧", false, false),
            ("只能退吗", true, false),
            ("是要签收了才行", true, false),
            ("买几件才行", true, true),
            ("能保证以后不再这样吗", true, false),
        ] {
            assert_eq!(asks(sentence, marked), expected, "{sentence}");
        }
    }
}
