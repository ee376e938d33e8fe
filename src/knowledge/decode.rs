//! Bytes to text: what editors' programs really save.

use std::borrow::Cow;

use super::problem::{Place, Report};

/// The most a file may hold.
pub(super) const FILE_LIMIT: usize = 1 << 20;
/// The most a folder may hold.
pub(super) const FOLDER_LIMIT: usize = 64 << 20;

/// The file's text with `\n` line ends and without a byte order mark; `None` (reported) when it cannot be read.
///
/// A table that Excel saved as GBK is read, with a warning; every other file must be UTF-8.
pub(super) fn text<'b>(bytes: &'b [u8], table: bool, report: &mut Report) -> Option<Cow<'b, str>> {
    if bytes.len() > FILE_LIMIT {
        report.error(
            Place::FILE,
            format!(
                "文件太大（{} KB，最多 1024 KB）",
                bytes.len().div_ceil(1024)
            ),
            "拆成几个小文件",
        );
        return None;
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        report.error(Place::FILE, "文件是 UTF-16 编码，读不了", SAVE_AS_UTF8);
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].split(|b| *b == b'\n').count() as u32;
            let (gbk, _, broken) = encoding_rs::GBK.decode(bytes);
            match (broken, table) {
                (false, true) => {
                    report.warn(
                        Place::FILE,
                        "表格是 GBK 编码，已经按 GBK 读入",
                        "在 Excel 里另存为“CSV UTF-8（逗号分隔）”，以免生僻字丢失",
                    );
                    Cow::Owned(gbk.into_owned())
                }
                (false, false) => {
                    report.error(
                        Place::line(line),
                        "文件不是 UTF-8 编码，看起来是 GBK（ANSI）",
                        SAVE_AS_UTF8,
                    );
                    return None;
                }
                (true, _) => {
                    report.error(
                        Place::line(line),
                        "文件不是 UTF-8 编码，从这一行起读不了",
                        SAVE_AS_UTF8,
                    );
                    return None;
                }
            }
        }
    };
    if let Some(at) = text.find('\0') {
        let line = text[..at].split('\n').count() as u32;
        report.error(
            Place::line(line),
            "这不是文字文件",
            "只放 .yaml、.md 和 .csv 文字文件",
        );
        return None;
    }
    Some(if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    })
}

const SAVE_AS_UTF8: &str = "用记事本打开，选“另存为”，编码选 UTF-8，再保存";
