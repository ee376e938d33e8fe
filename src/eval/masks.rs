//! Rows whose personal data was masked and filled again with made-up numbers: which number stands for
//! which mask.

use std::sync::LazyLock;

use regex::Regex;

/// A mask such as `[订单x]`.
static MASK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[(\p{Han}{1,6})x\]").ok());

static ANY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[(\p{Han}{1,6})x?\]").ok());

/// A text with something for every mask that fits where it stands, so that `今天[时间x]之前` names a moment.
pub fn stand_in(text: &str) -> String {
    let Some(mask) = ANY.as_ref() else {
        return text.to_owned();
    };
    mask.replace_all(text, |found: &regex::Captures<'_>| match &found[1] {
        "数字" => "2",
        "时间" => "18:00",
        "日期" => "12月1号",
        "金额" => "30元",
        _ => "",
    })
    .into_owned()
}

/// The masks of `text`, by name, with what stands for them in `filled`; `None` when the two texts cannot
/// be laid over each other.
pub fn filled<'t>(text: &'t str, filled: &'t str) -> Option<Vec<(&'t str, &'t str)>> {
    let mut found = Vec::new();
    let mut rest = filled;
    let mut from = 0;
    let mut open: Option<&str> = None;
    for mask in MASK.as_ref()?.captures_iter(text) {
        let (whole, name) = (mask.get(0)?, mask.get(1)?);
        rest = close(&mut open, text.get(from..whole.start())?, rest, &mut found)?;
        open = Some(name.as_str());
        from = whole.end();
    }
    let last = text.get(from..)?;
    match open {
        Some(name) => found.push((name, rest.strip_suffix(last)?)),
        None if rest != last => return None,
        None => {}
    }
    Some(found)
}

/// Ends the open mask before `literal`, and goes behind it.
fn close<'t>(
    open: &mut Option<&'t str>,
    literal: &str,
    rest: &'t str,
    found: &mut Vec<(&'t str, &'t str)>,
) -> Option<&'t str> {
    let Some(name) = open.take() else {
        return rest.strip_prefix(literal);
    };
    if literal.is_empty() {
        return None;
    }
    let at = rest.find(literal)?;
    found.push((name, &rest[..at]));
    rest.get(at + literal.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_laid_over_what_stands_for_them() {
        for (text, with, wanted) in [
            ("你好", "你好", Some(vec![])),
            ("单号[订单x]呢", "单号123呢", Some(vec![("订单", "123")])),
            ("[订单x]", "123", Some(vec![("订单", "123")])),
            (
                "[订单x] 电话[电话x]",
                "123 电话456",
                Some(vec![("订单", "123"), ("电话", "456")]),
            ),
            ("[订单x][电话x]", "123456", None),
            ("单号[订单x]呢", "另一句", None),
            ("[图片]", "[图片]", Some(vec![])),
        ] {
            assert_eq!(filled(text, with), wanted, "{text}");
        }
    }
}
