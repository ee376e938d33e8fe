//! Personal data leaves the house masked: in notes, logs and exports.
//!
//! The original stays in the database under roles. Masking twice is masking once, so that a note which
//! quotes a note stays as it is.

use std::{ops::Range, sync::LazyLock};

use regex::{Captures, Regex};

use super::{
    fields::{
        FieldKind, address, claims,
        numbers::{is_bank_card, is_id_card},
        source::Source,
    },
    words::Platform,
};

/// What stands where a number was that nobody needs to see.
const REMOVED: &str = "[已隐去]";

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)").ok()
});
static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(验证码|校验码|動態碼|動态码|动态码|密码|密碼|驗證碼)([^0-9\n]{0,4})[0-9]{4,8}")
        .ok()
});
static PERSON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"((?:收货人|收件人|收貨人|联系人|姓名)[:：]\s*)([\p{Han}])[\p{Han}]{1,3}").ok()
});
static GROUPED_CARD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u:\b)62[0-9]{2}(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?(?-u:\b)").ok()
});
static LONG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[A-Za-z]{0,4}[0-9][0-9A-Za-z]{8,}").ok());

/// Masks phones (138******34), order and courier numbers (the last four digits stay), addresses (up to
/// the district), e-mails and the names of pasted cards; removes identity cards, bank cards and codes.
pub fn mask(text: &str) -> String {
    let mut out = text.to_owned();
    // What one pass covers can leave a shorter whole behind, so it runs until nothing changes. Every
    // pass that changes something hides at least one character.
    for _ in 0..=text.len() {
        let next = pass(&out);
        if next == out {
            break;
        }
        out = next;
    }
    out
}

fn pass(text: &str) -> String {
    let text = replace(&EMAIL, text, |c| {
        // One letter and three stars for every address, whatever its length.
        format!("{}***@{}", &c[1], &c[2])
    });
    let text = replace(&CODE, &text, |c| format!("{}{}{REMOVED}", &c[1], &c[2]));
    let text = replace(&GROUPED_CARD, &text, |_| REMOVED.to_owned());
    let text = replace(&PERSON, &text, |c| format!("{}{}**", &c[1], &c[2]));
    let text = fields(&text);
    replace(&LONG, &text, |c| number(&c[0]))
}

fn replace(re: &Option<Regex>, text: &str, with: impl Fn(&Captures<'_>) -> String) -> String {
    match re {
        Some(re) => re.replace_all(text, with).into_owned(),
        None => text.to_owned(),
    }
}

/// Covers what the fields of the text are, wherever they stand in the original.
fn fields(text: &str) -> String {
    let source = Source::new(text);
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for (range, field) in claims(&source, Platform::Other) {
        let range = source.origin(&range);
        let Some(said) = text.get(range.clone()) else {
            continue;
        };
        let masked = match field.kind {
            FieldKind::Phone => phone(&field.value),
            FieldKind::OrderNo
            | FieldKind::TrackingNo
            | FieldKind::RefundNo
            | FieldKind::PaymentNo => number(&field.value),
            FieldKind::Address if text[range.end..].starts_with('*') => continue,
            FieldKind::Address => address_shown(said),
            _ => continue,
        };
        edits.push((range, masked));
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, masked) in edits {
        if range.start < at || range.is_empty() {
            continue;
        }
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&masked);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// 138******34.
fn phone(value: &str) -> String {
    let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
    let head: String = digits.iter().take(3).collect();
    let tail: String = digits.iter().take(11).rev().take(2).rev().collect();
    format!("{head}******{tail}")
}

/// Stars, and the last four; nothing at all of identity and bank cards.
fn number(value: &str) -> String {
    let lower = value.to_ascii_lowercase();
    if is_id_card(&lower) || is_bank_card(&lower) {
        return REMOVED.to_owned();
    }
    let letters: Vec<char> = value.chars().filter(char::is_ascii_alphanumeric).collect();
    let hidden = letters.len().saturating_sub(4);
    let tail: String = letters.iter().skip(hidden).collect();
    format!("{}{tail}", "*".repeat(hidden))
}

fn address_shown(said: &str) -> String {
    let shown = address::shown(said);
    format!("{}***", said.get(..shown).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn personal_data_is_covered() {
        for (said, shown) in [
            ("电话13800138034谢谢", "电话138******34谢谢"),
            ("電話１３８００１３８０３４", "電話138******34"),
            ("138-0013-8034", "138******34"),
            ("+86 13800138034", "138******34"),
            ("一三八零零一三八零三四", "138******34"),
            ("订单号 2871234567890123456", "订单号 ***************3456"),
            ("220618-123456789013456", "*****************3456"),
            ("SF1385628713456到哪了", "***********3456到哪了"),
            (
                "收货人: 张三丰 手机号码: 13800138034",
                "收货人: 张** 手机号码: 138******34",
            ),
            (
                "寄到浙江省杭州市西湖区文三路478号3幢",
                "寄到浙江省杭州市西湖区***",
            ),
            ("广东深圳南山区科技园5栋", "广东深圳南山区***"),
            ("详细地址：幸福路12号", "详细地址：***"),
            (
                "发我邮箱zhang.san@example.com吧",
                "发我邮箱z***@example.com吧",
            ),
            ("身份证11010519491231002X", "身份证[已隐去]"),
            ("卡号6222 0212 3456 7890 123", "卡号[已隐去]"),
            ("验证码是 482913", "验证码是 [已隐去]"),
            ("退我5块", "退我5块"),
            ("BF-2611-0007", "BF-2611-0007"),
            ("打95338问", "打95338问"),
            ("", ""),
        ] {
            assert_eq!(mask(said), shown, "{said}");
            assert_eq!(mask(shown), shown, "again: {shown}");
        }
    }

    proptest! {
        #[test]
        fn masking_twice_is_masking_once(text in "\\PC{0,80}") {
            let once = mask(&text);
            prop_assert_eq!(mask(&once), once);
        }

        #[test]
        fn masking_what_shops_read_twice_is_masking_once(
            parts in proptest::collection::vec(
                prop_oneof![
                    "[0-9]{1,22}", "[ \\-:：@.，#*]", "(sf|YT|jd|p)", "[a-z]{1,6}",
                    "(电话|订单|快递|地址：|收货人：|验证码|尾号|卡号|张三)",
                    "(浙江省|杭州市|西湖区|文三路|5栋|小区|广东|深圳|南山区|新区|县|号|室|[一二三零]{1,9})",
                ],
                0..14,
            )
        ) {
            let text = parts.concat();
            let once = mask(&text);
            prop_assert_eq!(mask(&once), once);
        }

        #[test]
        fn no_mobile_survives(head in "[\\p{Han} ]{0,5}", number in "1[3-9][0-9]{9}", tail in "[\\p{Han} ]{0,5}") {
            let masked = mask(&format!("{head}{number}{tail}"));
            prop_assert!(!masked.contains(&number));
        }
    }
}
