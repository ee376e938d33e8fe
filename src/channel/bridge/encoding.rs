//! Bytes to words: by the charset that is named, else UTF-8, else GBK, which much Chinese desktop software writes.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};

use super::{Fault, Refusal};
use crate::knowledge::text::is_han;

const MEND: &str =
    "send the body in UTF-8, or name its charset: Content-Type: application/json; charset=gbk";
const MEND_ZH: &str = "请用 UTF-8 编码发送，或在 Content-Type 中写明 charset=gbk";

/// The body's words.
pub(super) fn decode<'a>(
    content_type: Option<&str>,
    body: &'a [u8],
) -> Result<Cow<'a, str>, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::wrong(
            "",
            "the body is empty",
            super::SHAPE,
            super::SHAPE_ZH,
        ));
    }
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    if content_type.starts_with("application/x-www-form-urlencoded")
        || content_type.starts_with("multipart/")
    {
        return Err(Refusal {
            fault: Fault::Unsupported,
            field: None,
            detail: "this door reads JSON, not forms".to_owned(),
            mend: "send the same fields as one JSON object, with Content-Type: application/json",
            mend_zh: "请把表单字段改成 JSON 对象发送（Content-Type: application/json）",
        });
    }
    let utf8 = std::str::from_utf8(body).ok();
    if let Some(text) = utf8
        && text.chars().any(is_han)
    {
        // Some helpers name GBK by habit and write UTF-8. Han characters in UTF-8 are no accident.
        return Ok(Cow::Borrowed(text.trim_start_matches('\u{feff}')));
    }
    if let Some(encoding) = charset(&content_type) {
        // GB18030 reads all that GBK writes, and the rare characters of names besides.
        let encoding = if encoding == encoding_rs::GBK {
            GB18030
        } else {
            encoding
        };
        let (text, _, broken) = encoding.decode(body);
        if !broken {
            return Ok(text);
        }
    }
    if let Some((encoding, _)) = Encoding::for_bom(body) {
        let (text, _, broken) = encoding.decode(body);
        if !broken {
            return Ok(text);
        }
    }
    if let Some(text) = utf8 {
        return Ok(Cow::Borrowed(text));
    }
    if !broken_utf8(body)
        && let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(body)
    {
        return Ok(text);
    }
    Err(Refusal::wrong(
        "",
        "the body is neither valid UTF-8 nor GBK",
        MEND,
        MEND_ZH,
    ))
}

/// The charset that is named, if it is one.
fn charset(content_type: &str) -> Option<&'static Encoding> {
    content_type
        .split(';')
        .skip(1)
        .filter_map(|part| part.trim().strip_prefix("charset="))
        .find_map(|label| Encoding::for_label(label.trim_matches(['"', '\'', ' ']).as_bytes()))
}

/// Whether these bytes are UTF-8 that was cut or damaged, rather than GBK. Read as GBK they would become other,
/// meaningless words. Han characters in UTF-8 are three bytes of a form that GBK hardly ever makes.
fn broken_utf8(body: &[u8]) -> bool {
    let (mut whole, mut broken) = (0, 0);
    for chunk in body.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| *c >= '\u{800}').count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    whole > broken
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::super::{Post, parse};
    use super::*;

    fn post(body: &[u8]) -> Post<'_> {
        Post {
            source: "desk",
            body,
            ..Post::default()
        }
    }

    #[test]
    fn the_encoding_is_found_out() {
        let text = r#"{"account_id":"店","conversation_id":"会话","messages":[{"role":"customer","text":"我的快递到哪了？什么时候发货"}]}"#;
        let (gbk, _, _) = encoding_rs::GBK.encode(text);
        let (big5, _, _) = encoding_rs::BIG5.encode("{\"account_id\":\"a\",\"conversation_id\":\"c\",\"messages\":[{\"role\":\"customer\",\"text\":\"什麼時候發貨\"}]}");
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for (content_type, body, first) in [
            (None, text.as_bytes(), "我"),
            (None, &*gbk, "我"),
            (None, &bom, "我"),
            (None, &utf16, "我"),
            (Some("application/json; charset=GBK"), &gbk, "我"),
            (Some("application/json; charset=\"gb2312\""), &gbk, "我"),
            (Some("application/json; charset=utf-8"), &gbk, "我"),
            (Some("application/json; charset=gbk"), text.as_bytes(), "我"),
            (
                Some("application/json; charset=klingon"),
                text.as_bytes(),
                "我",
            ),
            (Some("text/plain; charset=big5"), &big5, "什"),
        ] {
            let delivery = parse(Post {
                content_type,
                ..post(body)
            })
            .unwrap();
            assert!(
                delivery.inbound.messages[0].text.starts_with(first),
                "{content_type:?}"
            );
        }
        // UTF-8 that lost a byte is no GBK.
        let hurt: Vec<u8> = text
            .bytes()
            .enumerate()
            .filter(|(n, _)| *n != 95)
            .map(|(_, b)| b)
            .collect();
        assert!(std::str::from_utf8(&hurt).is_err());
        for (content_type, body, fault) in [
            (None, &hurt[..], Fault::Malformed),
            (None, b"\xff\xff\xff{", Fault::Malformed),
            (None, b"", Fault::Malformed),
            (None, b" \r\n", Fault::Malformed),
            (None, &text.as_bytes()[..text.len() - 9], Fault::Malformed),
            (
                Some("application/x-www-form-urlencoded"),
                b"message=hi",
                Fault::Unsupported,
            ),
        ] {
            let refusal = parse(Post {
                content_type,
                ..post(body)
            })
            .unwrap_err();
            assert_eq!(refusal.fault, fault, "{refusal}");
        }
    }
}
