//! Order numbers, courier numbers, payments, phones: every number is classified as a whole token.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    Field, FieldKind,
    carriers::carrier_of,
    cues::{Cue, cue},
    source::{Claims, Source},
};
use crate::knowledge::words::Platform;

/// Compiles a pattern of this house; one that does not compile finds nothing.
macro_rules! pattern {
    ($name:ident, $re:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($re).ok());
    };
}
pub(super) use pattern;

/// All matches of a pattern, as ranges.
pub(super) fn ranges(pattern: &Option<Regex>, text: &str) -> Vec<Range<usize>> {
    pattern
        .iter()
        .flat_map(|re| re.find_iter(text))
        .map(|m| m.range())
        .collect()
}

fn is(pattern: &Option<Regex>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|re| re.is_match(text))
}

pattern!(
    LINK,
    r"(?:https?://|www\.)[!-~]+|[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+"
);
pattern!(PDD, r"(?-u:\b)[0-9]{6}-[0-9]{15}(?-u:\b)");
pattern!(
    PDD_WHOLE,
    r"^[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])-?[0-9]{15}$"
);
pattern!(CASE, r"(?-u:\b)[a-z]{2,3}-[0-9]{4}-[0-9]{3,6}(?-u:\b)");
pattern!(
    SPACED_TRACKING,
    r"(?-u:\b)(?:sf|yt|jt|zt|sto|dpk|jd[a-z0-9]{0,2})[ :：-][0-9]{11,14}(?-u:\b)"
);
pattern!(
    TWO_PIECES,
    r"(?-u:\b)[1-9][0-9]{3,15}[ \n][0-9]{3,15}(?-u:\b)"
);
pattern!(
    MOBILE,
    r"(?:(?:\+86|(?-u:\b)0086|(?-u:\b)86)[- ]?|(?-u:\b))1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}(?:(?:-|转|转接|分机)[0-9]{3,4})?(?-u:\b)"
);
pattern!(
    MOBILE_STRICT,
    r"^(?:13[0-9]|14[5-9]|15[0-35-9]|16[2567]|17[0-8]|18[0-9]|19[0-35-9])[0-9]{8}$"
);
pattern!(
    LINE,
    r"(?-u:\b)(?:(?:400|800)[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}|0[1-9][0-9]{1,2}[- ]?[0-9]{7,8}(?:[-转][0-9]{1,5})?)(?-u:\b)"
);
pattern!(
    TAIL,
    r"(?:尾号|后四位|后4位)(?:是|为|:)?\s*([0-9]{4})(?-u:\b)"
);
pattern!(
    PAYMENT,
    r"^(?:4200[0-9]{24}|20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{20})$"
);
pattern!(
    ID_CARD,
    r"^[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9x]$"
);
pattern!(
    DISGUISED,
    r"[0-9ol零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖][0-9ol零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖 -]{6,40}[0-9ol零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
);

/// Short numbers that belong to carriers and authorities.
static HOTLINES: &[&str] = &[
    "95338", "95554", "95311", "95543", "95546", "11183", "11185", "12305", "12315", "12345",
    "95188", "950616", "950618",
];

/// Finds every number that names something.
pub(super) fn find(source: &Source<'_>, platform: Platform, claims: &mut Claims) {
    let text = source.text.as_str();
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    for range in ranges(&LINK, text) {
        claims.block(range);
    }
    if has_digit {
        whole_patterns(source, platform, claims);
        for range in tokens(text) {
            if claims.free(&range) {
                token(source, platform, range, claims);
            }
        }
    }
    disguised(source, platform, claims);
}

/// What is known by its own shape, separators included.
fn whole_patterns(source: &Source<'_>, platform: Platform, claims: &mut Claims) {
    let text = source.text.as_str();
    for range in ranges(&PDD, text) {
        if claims.free(&range) && is(&PDD_WHOLE, &text[range.clone()]) {
            let field = Field::new(
                FieldKind::OrderNo,
                &text[range.clone()],
                source.said(&range),
            );
            claims.take(range, field);
        }
    }
    for range in ranges(&CASE, text) {
        if claims.free(&range) {
            let value = text[range.clone()].to_ascii_uppercase();
            let field = Field::new(FieldKind::CaseNo, value, source.said(&range));
            claims.take(range, field);
        }
    }
    for range in ranges(&SPACED_TRACKING, text) {
        let value: String = text[range.clone()]
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        if let Some(carrier) = carrier_of(&value).filter(|_| claims.free(&range)) {
            tracking(source, range, &value, carrier, claims);
        }
    }
    for range in ranges(&TWO_PIECES, text) {
        two_pieces(source, platform, range, claims);
    }
    if let Some(re) = TAIL.as_ref() {
        for found in re.captures_iter(text).filter_map(|c| c.get(1)) {
            let field = Field::new(FieldKind::PhoneTail, found.as_str(), found.as_str());
            claims.take(found.range(), field);
        }
    }
    for range in ranges(&MOBILE, text) {
        if !claims.free(&range) {
            continue;
        }
        let written = &text[range.clone()];
        // Eleven digits in a row are a whole token: the words beside it may say what it is.
        if written.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let field = Field::new(FieldKind::Phone, mobile(written), source.said(&range));
        claims.take(range, field);
    }
    for range in ranges(&LINE, text) {
        if claims.free(&range) {
            line(source, range, claims);
        }
    }
}

/// The eleven digits of a mobile, with its extension when it has one.
fn mobile(written: &str) -> String {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let rest = digits
        .strip_prefix("0086")
        .or_else(|| digits.strip_prefix("86").filter(|r| r.len() >= 11))
        .unwrap_or(&digits);
    match (rest.get(..11), rest.get(11..)) {
        (Some(number), Some(extension)) if !extension.is_empty() => format!("{number}-{extension}"),
        _ => rest.to_owned(),
    }
}

fn line(source: &Source<'_>, range: Range<usize>, claims: &mut Claims) {
    let written = &source.text[range.clone()];
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    if digits.starts_with("400") || digits.starts_with("800") {
        if digits.len() == 10 {
            let field = Field::new(FieldKind::Hotline, digits, source.said(&range));
            claims.take(range, field);
        }
        return;
    }
    // Digits in a row that begin with 0 may be anything; a separator or a cue makes a landline.
    let separated = written.bytes().any(|b| !b.is_ascii_digit());
    if separated || cue(source, &range) == Some(Cue::Phone) || digits.len() <= 12 {
        let value = written.replace([' ', '转'], "-");
        let field = Field::new(FieldKind::Phone, value, source.said(&range));
        claims.take(range, field);
    }
}

/// Two pieces with one blank between them that make an order number of 18 or 19 digits together.
fn two_pieces(source: &Source<'_>, platform: Platform, range: Range<usize>, claims: &mut Claims) {
    if !claims.free(&range) || matches!(platform, Platform::Jd | Platform::Pdd) {
        return;
    }
    let written = &source.text[range.clone()];
    let Some((head, tail)) = written.split_once([' ', '\n']) else {
        return;
    };
    if !(18..=19).contains(&(head.len() + tail.len())) {
        return;
    }
    let looks_like_phone = is(&MOBILE_STRICT, tail) || is(&MOBILE_STRICT, head);
    let said_order = matches!(cue(source, &range), Some(Cue::Order | Cue::Number));
    let mut field = Field::new(
        FieldKind::OrderNo,
        format!("{head}{tail}"),
        source.said(&range),
    );
    if looks_like_phone && !said_order {
        field = field.or(&[FieldKind::Phone]);
    }
    claims.take(range, field);
}

/// Maximal runs of ASCII letters and digits that hold a digit.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let from = at;
        while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
            at += 1;
        }
        if bytes[from..at].iter().any(u8::is_ascii_digit) {
            out.push(from..at);
        }
    }
    out
}

fn token(source: &Source<'_>, platform: Platform, range: Range<usize>, claims: &mut Claims) {
    let written = &source.text[range.clone()];
    if written.len() < 5 {
        return;
    }
    if let Some(field) = classify(source, platform, &range, written, claims) {
        claims.take(range, field);
    }
}

/// What a whole token is. Tracking numbers with a certain carrier are taken here, with their carrier.
fn classify(
    source: &Source<'_>,
    platform: Platform,
    range: &Range<usize>,
    written: &str,
    claims: &mut Claims,
) -> Option<Field> {
    use FieldKind::{OrderNo, PaymentNo, Phone, RefundNo};
    let said = source.said(range);
    let field = |kind: FieldKind, value: &str| Some(Field::new(kind, value, said));
    if written.bytes().any(|b| b.is_ascii_alphabetic()) {
        return letters(source, range, written, claims);
    }
    let cue = cue(source, range);
    if cue == Some(Cue::Foreign) {
        return None;
    }
    let refund = cue == Some(Cue::Refund) && (9..=20).contains(&written.len());
    if refund {
        return field(RefundNo, written);
    }
    match written.len() {
        28 if is(&PAYMENT, written) => field(PaymentNo, written),
        20..=64 if cue == Some(Cue::Payment) => field(PaymentNo, written),
        21 if is(&PDD_WHOLE, written) => {
            field(OrderNo, &format!("{}-{}", &written[..6], &written[6..]))
        }
        16..=19 if written.starts_with('0') => None,
        18 if cue != Some(Cue::Order) && is_id_card(written) => None,
        16 | 19 if cue.is_none() && is_bank_card(written) => None,
        16..=19 => {
            let found = Field::new(OrderNo, written, said);
            let at_home = !matches!(platform, Platform::Jd | Platform::Pdd);
            match cue {
                Some(Cue::Payment) => field(PaymentNo, written),
                Some(Cue::Order | Cue::Number) => Some(found),
                _ if at_home => Some(found),
                _ => Some(found.or(&[RefundNo])),
            }
        }
        12..=15 => courier_or_order(source, platform, range, written, cue, claims),
        11 if is_mobile(written) => match cue {
            Some(Cue::Order) if platform == Platform::Jd => {
                Some(Field::new(OrderNo, written, said).or(&[Phone]))
            }
            _ => field(Phone, written),
        },
        9..=11 if platform == Platform::Jd && cue == Some(Cue::Order) => field(OrderNo, written),
        10 if written.starts_with("400") || written.starts_with("800") => {
            field(FieldKind::Hotline, written)
        }
        5..=6 if HOTLINES.contains(&written) => field(FieldKind::Hotline, written),
        _ => None,
    }
}

fn courier_or_order(
    source: &Source<'_>,
    platform: Platform,
    range: &Range<usize>,
    written: &str,
    cue: Option<Cue>,
    claims: &mut Claims,
) -> Option<Field> {
    use FieldKind::{OrderNo, Phone, RefundNo, TrackingNo};
    let said = source.said(range);
    let new = |kind| Field::new(kind, written, said);
    let length = written.len();
    if length == 13 && written.starts_with("86") && is_mobile(&written[2..]) {
        return Some(Field::new(Phone, &written[2..], said));
    }
    if written.starts_with('0') {
        return None;
    }
    let tracking_said = cue == Some(Cue::Tracking);
    match length {
        12 => Some(match cue {
            Some(Cue::Order) => new(OrderNo),
            Some(Cue::Tracking) => new(TrackingNo),
            _ if platform == Platform::Jd => new(OrderNo),
            _ => new(OrderNo).or(&[TrackingNo]),
        }),
        13 => Some(match cue {
            Some(Cue::Order) if platform == Platform::Jd => new(OrderNo),
            // The prefix of SF, YT and JT is often left out: thirteen digits never tell the carrier.
            Some(Cue::Order) => new(OrderNo).or(&[TrackingNo]),
            None if platform == Platform::Jd => new(TrackingNo).or(&[OrderNo]),
            _ => new(TrackingNo),
        }),
        _ => match carrier_of(written) {
            Some("韵达") if !tracking_said && cue != Some(Cue::Number) => {
                // A refund number of fifteen digits looks like this one time in five.
                let refunds = matches!(platform, Platform::Taobao | Platform::Tmall);
                if refunds {
                    Some(new(TrackingNo).or(&[RefundNo]))
                } else {
                    tracking(source, range.clone(), written, "韵达", claims);
                    None
                }
            }
            Some(carrier) => {
                tracking(source, range.clone(), written, carrier, claims);
                None
            }
            None if tracking_said || cue == Some(Cue::Number) => Some(new(TrackingNo)),
            None if cue == Some(Cue::Order) => Some(new(OrderNo)),
            None if length == 15 && matches!(platform, Platform::Taobao | Platform::Tmall) => {
                Some(new(TrackingNo).or(&[RefundNo]))
            }
            None => None,
        },
    }
}

/// Tokens with letters: carriers' prefixes, 小红书 orders, disguised phones.
fn letters(
    source: &Source<'_>,
    range: &Range<usize>,
    written: &str,
    claims: &mut Claims,
) -> Option<Field> {
    if let Some(carrier) = carrier_of(written) {
        tracking(source, range.clone(), written, carrier, claims);
        return None;
    }
    let said = source.said(range);
    if written.len() == 19 && written.starts_with('p') && digits(&written[1..]) {
        return Some(Field::new(
            FieldKind::OrderNo,
            written.to_ascii_uppercase(),
            said,
        ));
    }
    if written.len() >= 8 {
        let plain: String = written.chars().map(undisguise).collect();
        if digits(&plain) && plain.len() == 11 && is_mobile(&plain) {
            return Some(Field::new(FieldKind::Phone, plain, said));
        }
    }
    // A prefix of a carrier that is not in the tables, with a cue beside it.
    let head = written.bytes().take_while(u8::is_ascii_alphabetic).count();
    let tracked = (1..=4).contains(&head)
        && written.len() - head >= 9
        && digits(&written[head..])
        && cue(source, range) == Some(Cue::Tracking);
    tracked.then(|| Field::new(FieldKind::TrackingNo, written.to_ascii_uppercase(), said))
}

fn tracking(
    source: &Source<'_>,
    range: Range<usize>,
    value: &str,
    carrier: &str,
    claims: &mut Claims,
) {
    let said = source.said(&range);
    let number = Field::new(FieldKind::TrackingNo, value.to_ascii_uppercase(), said);
    claims.take(range.clone(), number);
    claims.add(range, Field::new(FieldKind::Carrier, carrier, said));
}

pub(super) fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_mobile(text: &str) -> bool {
    text.len() == 11
        && text.starts_with('1')
        && matches!(text.as_bytes().get(1), Some(b'3'..=b'9'))
        && digits(text)
}

/// A Chinese identity card, its check digit included.
pub(crate) fn is_id_card(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if !is(&ID_CARD, text) {
        return false;
    }
    let sum: u32 = text
        .bytes()
        .zip(WEIGHTS)
        .map(|(b, w)| u32::from(b.wrapping_sub(b'0')) * w)
        .sum();
    let check = b"10x98765432"[(sum % 11) as usize];
    text.as_bytes().last() == Some(&check)
}

/// A UnionPay card: begins with 62 and its Luhn sum holds.
pub(crate) fn is_bank_card(text: &str) -> bool {
    let odd = text.len() % 2;
    let sum: u32 = text
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let digit = u32::from(b.wrapping_sub(b'0'));
            match (i % 2 == odd, digit) {
                (true, d) if d > 4 => d * 2 - 9,
                (true, d) => d * 2,
                (false, d) => d,
            }
        })
        .sum();
    text.starts_with("62")
        && (16..=19).contains(&text.len())
        && digits(text)
        && sum.is_multiple_of(10)
}

fn undisguise(c: char) -> char {
    match c {
        '零' | '〇' | 'o' => '0',
        '一' | '幺' | '壹' | 'l' => '1',
        '二' | '贰' => '2',
        '三' | '叁' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        other => other,
    }
}

/// Numbers written in Chinese digits or with letters for digits: only in runs of eight and more.
fn disguised(source: &Source<'_>, platform: Platform, claims: &mut Claims) {
    for range in ranges(&DISGUISED, &source.text) {
        let written = &source.text[range.clone()];
        if !claims.free(&range) || written.bytes().all(|b| b.is_ascii()) {
            continue;
        }
        let plain: String = written
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .map(undisguise)
            .collect();
        if plain.len() < 8 || !digits(&plain) {
            continue;
        }
        if let Some(field) = classify(source, platform, &range, &plain, claims) {
            claims.take(range, field);
        }
    }
}
