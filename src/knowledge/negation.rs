//! 我不投诉, 不是要退款, 没说要换: words that somebody names in order not to want them.

/// Words that deny whatever follows, unless the sentence asks.
static DENIALS: &[&str] = &[
    "不是",
    "不算",
    "并非",
    "不会",
    "不想",
    "不用",
    "不需要",
    "不打算",
    "无需",
    "不必",
    "没说",
    "没有说",
    "没想",
    "没有想",
    "没打算",
    "没要",
    "没有要",
    "不去",
    "不再",
    "不准备",
    "没准备",
];

/// What may stand between a denial and what it denies.
static FILLERS: &[char] = &[
    '要', '想', '说', '去', '给', '再', '打', '来', '让', '你', '们', '您', '是', '申', '请', '能',
];

/// Acts of a customer's own: 不要退款 means that he does not want it, 不要放驿站 is a wish.
static ACTS: &[&str] = &[
    "退", "换", "取消", "投诉", "差评", "举报", "赔", "补偿", "维权", "起诉",
];

/// Whether the word that begins at `at` is denied by what stands before it in the sentence.
pub(crate) fn denied(sentence: &str, at: usize, question: bool) -> bool {
    let Some(mut before) = sentence.get(..at) else {
        return false;
    };
    let word = &sentence[at..];
    // 不是要退款,补发的寄了没: only the last clause asks.
    let question = question && !word.contains([',', '，']);
    // 不想要,退款: what is not wanted are the goods.
    if before.ends_with("不想要") {
        return false;
    }
    for _ in 0..4 {
        if let Some(head) = denial(before, word, question) {
            return head;
        }
        match before.chars().next_back() {
            Some(c) if FILLERS.contains(&c) => before = &before[..before.len() - c.len_utf8()],
            _ => return false,
        }
    }
    false
}

/// `Some(true)` when a denial ends here, `Some(false)` when it only looks like one.
fn denial(before: &str, word: &str, question: bool) -> Option<bool> {
    let act = ACTS.iter().any(|act| word.starts_with(act));
    for denial in DENIALS {
        if let Some(head) = before.strip_suffix(denial) {
            return Some(!question && !is_either_or(head, denial));
        }
    }
    for wish in ["不要", "别"] {
        if let Some(head) = before.strip_suffix(wish) {
            return Some(act && !question && !is_either_or(head, wish));
        }
    }
    // 我不投诉: a bare 不 denies the customer's own act only. 怎么不退款 complains that others do not.
    if let Some(head) = before
        .strip_suffix('不')
        .or_else(|| before.strip_suffix('没'))
    {
        let own = ["我", "我也", "我就", "我又", "我可", "我真", "我并", "我们"]
            .iter()
            .any(|who| head.ends_with(who));
        if own && act {
            return Some(!question);
        }
    }
    None
}

/// 是不是, 会不会, 要不要, 想不想, 能不能.
fn is_either_or(head: &str, denial: &str) -> bool {
    let denied = denial.chars().nth(1);
    denied.is_some() && head.chars().next_back() == denied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_of_the_customers_own_acts() {
        for (sentence, word, question, expected) in [
            ("我不投诉你", "投诉", false, true),
            ("不是要退款", "退款", false, true),
            ("没有说要换货", "换货", false, true),
            ("不会给差评的放心", "差评", false, true),
            ("我不想退货了", "退货", false, true),
            ("不要退款", "退款", false, true),
            ("不要放驿站", "放驿站", false, false),
            ("怎么还不退款", "退款", false, false),
            ("不退款我就投诉", "退款", false, false),
            ("再不发我就投诉", "投诉", false, false),
            ("是不是要退款", "退款", false, false),
            ("会不会掉色", "掉色", false, false),
            ("不会掉色吧", "掉色", true, false),
            ("不是要投诉,补发的寄了没", "投诉", true, true),
            ("我要投诉", "投诉", false, false),
            ("投诉", "投诉", false, false),
        ] {
            let at = sentence.find(word).unwrap_or(0);
            assert_eq!(denied(sentence, at, question), expected, "{sentence}");
        }
    }
}
