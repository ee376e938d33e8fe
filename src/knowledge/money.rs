//! Amounts as people write them in files and forms (元), as integer fen.

/// The most anybody writes: ten million yuan.
const MOST: i64 = 1_000_000_000;

/// `30`, `30.5`, `¥30.50`, `30元`, `30块` as fen; `None` for anything else, for less than nothing, and for more than
/// ten million yuan.
pub fn fen(text: &str) -> Option<i64> {
    let folded = super::dates::fold(text).replace([' ', ','], "");
    let bare = folded
        .trim_start_matches(['¥', '$'])
        .trim_end_matches("元")
        .trim_end_matches("块钱")
        .trim_end_matches('块');
    let (whole, part) = bare.split_once('.').unwrap_or((bare, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    Some(whole * 100 + part).filter(|fen| *fen <= MOST)
}

/// Fen as people read them: `30`, `30.50`.
pub fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    match (fen.abs() / 100, fen.abs() % 100) {
        (yuan, 0) => format!("{sign}{yuan}"),
        (yuan, part) => format!("{sign}{yuan}.{part:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_fen() {
        for (text, amount) in [
            ("30", Some(3_000)),
            ("30.5", Some(3_050)),
            ("￥30.05元", Some(3_005)),
            ("３０块钱", Some(3_000)),
            ("1,200", Some(120_000)),
            ("0", Some(0)),
            ("-3", None),
            ("30.005", None),
            ("三十", None),
            ("", None),
            ("元", None),
            ("99999999999", None),
        ] {
            assert_eq!(fen(text), amount, "{text}");
        }
        assert_eq!(
            [yuan(3_000), yuan(3_005), yuan(-50)],
            ["30", "30.05", "-0.50"]
        );
    }
}
