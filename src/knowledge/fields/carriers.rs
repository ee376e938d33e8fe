//! Carriers, by name and by the shape of their numbers.

use super::{
    Field, FieldKind,
    numbers::digits,
    source::{Claims, Source},
};

static CARRIERS: &[(&str, &[&str])] = &[
    ("顺丰", &["顺丰", "丰子", "顺风快递"]),
    ("圆通", &["圆通"]),
    ("中通", &["中通"]),
    ("申通", &["申通"]),
    ("韵达", &["韵达", "韵哒", "运达快递"]),
    ("极兔", &["极兔", "兔子快递", "j&t"]),
    ("邮政", &["邮政", "邮局"]),
    ("京东物流", &["京东快递", "京东物流"]),
    ("德邦", &["德邦"]),
    ("菜鸟", &["丹鸟", "菜鸟速递", "菜鸟直送"]),
    ("百世", &["百世", "汇通快递"]),
    ("天天快递", &["天天快递"]),
];

static CARRIER_CODES: &[(&str, &str)] = &[
    ("sf", "顺丰"),
    ("ems", "邮政"),
    ("zto", "中通"),
    ("yto", "圆通"),
    ("sto", "申通"),
    ("zt", "中通"),
];

/// The carrier that a whole tracking number is certain about.
pub(super) fn carrier_of(token: &str) -> Option<&'static str> {
    let rest = |prefix: &str| token.strip_prefix(prefix);
    let length = token.len();
    if digits(token) {
        return match length {
            14 if token.starts_with('7')
                && matches!(token.as_bytes().get(1), Some(b'3'..=b'6' | b'8')) =>
            {
                Some("中通")
            }
            15 if token.starts_with("77") => Some("申通"),
            15 if token.starts_with("621") => Some("菜鸟"),
            15 if token.starts_with(['3', '4']) => Some("韵达"),
            _ => None,
        };
    }
    if length == 15 && rest("sf").is_some_and(|r| digits(&r[1..])) {
        return Some("顺丰");
    }
    if length == 15 && rest("yt").is_some_and(digits) {
        return Some("圆通");
    }
    if length == 15 && rest("jt").is_some_and(digits) {
        return Some("极兔");
    }
    if length == 15 && rest("jd").is_some_and(|r| digits(&r[2..])) {
        return Some("京东物流");
    }
    if length == 15 && rest("dpk").is_some_and(digits) {
        return Some("德邦");
    }
    let bytes = token.as_bytes();
    let ems = length == 13
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..11].iter().all(u8::is_ascii_digit)
        && bytes[11..].iter().all(u8::is_ascii_alphabetic);
    let parcel = length == 13
        && bytes[0] == b'p'
        && bytes[1].is_ascii_alphabetic()
        && bytes[2..].iter().all(u8::is_ascii_digit);
    (ems || parcel).then_some("邮政")
}

/// Finds carriers by name.
pub(super) fn find(source: &Source<'_>, claims: &mut Claims) {
    let text = source.text.as_str();
    for (carrier, names) in CARRIERS {
        for name in *names {
            for (at, _) in text.match_indices(name) {
                let range = at..at + name.len();
                if claims.free(&range) {
                    let field = Field::new(FieldKind::Carrier, *carrier, source.said(&range));
                    claims.take(range, field);
                }
            }
        }
    }
    for (code, carrier) in CARRIER_CODES {
        for (at, _) in text.match_indices(code) {
            let range = at..at + code.len();
            let whole = |c: Option<&u8>| !c.is_some_and(u8::is_ascii_alphanumeric);
            let alone = whole(text.as_bytes().get(at.wrapping_sub(1)))
                && whole(text.as_bytes().get(range.end));
            if alone && claims.free(&range) {
                let field = Field::new(FieldKind::Carrier, *carrier, source.said(&range));
                claims.take(range, field);
            }
        }
    }
}
