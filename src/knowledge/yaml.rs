//! YAML with places: a small tree in which every word knows its line and its character column.
//!
//! Only what editors need: words, lists and `key: value`. Anchors, aliases and tags are refused, so a small
//! file can never grow into a large tree, and a sentence that begins with `*`, `&` or `!` is explained
//! instead of misread.

use std::borrow::Cow;

use granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle,
};

use super::problem::{Place, Report};

/// A value and where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Value {
    /// Words.
    Text(String),
    /// Nothing was written.
    Nothing,
    /// A list.
    List(Vec<Node>),
    /// Keys with values, in order, doubles included.
    Map(Vec<(Node, Node)>),
}

/// A key in Chinese and its English alias.
pub(super) type Key = (&'static str, &'static str);

/// The tree of `text`, whose first line is line `first_line` of the file; `None` (reported) when it is broken.
pub(super) fn parse(text: &str, first_line: u32, report: &mut Report) -> Option<Node> {
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut builder = Builder {
        parser: Parser::new_from_str_with_options(text, options),
        text,
        above: first_line.saturating_sub(1),
        open: Vec::new(),
        read: 0,
        report,
    };
    match builder.document() {
        Ok(Some(root)) => Some(root),
        Ok(None) => {
            builder.report.error(
                Place::line(first_line),
                "这里是空的",
                "对照 README.md 里的例子写",
            );
            None
        }
        Err(error) => {
            let (at, what, mend) = builder.explain(&error);
            builder.report.error(at, what, mend);
            None
        }
    }
}

struct Builder<'t, 'r, 'a> {
    parser: Parser<'t, StrInput<'t>>,
    text: &'t str,
    above: u32,
    /// Brackets that are open, outermost first.
    open: Vec<Place>,
    /// How many bytes are behind us.
    read: usize,
    report: &'r mut Report<'a>,
}

impl<'t> Builder<'t, '_, '_> {
    fn place(&self, marker: &granit_parser::Marker) -> Place {
        Place {
            line: marker.line() as u32 + self.above,
            column: marker.col() as u32 + 1,
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), ScanError> {
        let (event, span) = self
            .parser
            .next_event()
            .unwrap_or_else(|| Ok((Event::StreamEnd, Span::default())))?;
        self.read = span.end.byte_offset().unwrap_or(self.read).max(self.read);
        Ok((event, span))
    }

    /// A syntax error in the words of editors. What was opened and never closed is shown where it opens.
    fn explain(&self, error: &ScanError) -> (Place, String, String) {
        let at = self.place(error.marker());
        if let Some(open) = self.open.last() {
            return (
                *open,
                "方括号或花括号没有写好".to_owned(),
                BRACKETS.to_owned(),
            );
        }
        let (what, mend) = explain(error);
        let unclosed = matches!(
            error.kind(),
            ErrorKind::UnclosedQuotedScalar
                | ErrorKind::DocumentIndicatorInQuotedScalar
                | ErrorKind::InvalidQuotedScalarIndent
        );
        let ahead = self.text.get(self.read..).unwrap_or_default();
        let at = match ahead.find(['"', '\'']).filter(|_| unclosed) {
            None => at,
            Some(quote) => {
                let before = self.text.get(..self.read + quote).unwrap_or_default();
                let line = before.rsplit('\n').next().unwrap_or_default();
                Place {
                    line: before.matches('\n').count() as u32 + 1 + self.above,
                    column: line.chars().count() as u32 + 1,
                }
            }
        };
        (at, what, mend)
    }

    fn document(&mut self) -> Result<Option<Node>, ScanError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(..) if root.is_some() => {
                    let at = self.place(&span.start);
                    self.report
                        .error(at, "多了一行“---”，后面的内容不会被读到", "删掉这一行");
                    return Ok(root);
                }
                event if event.is_node() => root = Some(self.node(event, span)?),
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node, ScanError> {
        let mut place = self.place(&span.start);
        if let Some(tag) = span.tag_start() {
            place = self.place(&tag);
        }
        if event.tag().is_some() {
            self.report.error(place, "内容不能直接以“!”开头", QUOTE);
        }
        if event.anchor_id().is_some_and(|id| id > 0) {
            self.report.error(place, "内容不能直接以“&”开头", QUOTE);
        }
        let open = self.open.len();
        let value = match event {
            Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty() || text == "~" => {
                Value::Nothing
            }
            Event::Scalar(text, ..) => Value::Text(text.into_owned()),
            Event::SequenceStart(style, ..) => {
                self.open
                    .extend((style == StructureStyle::Flow).then_some(place));
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd | Event::StreamEnd, _) => {
                            self.open.truncate(open);
                            break Value::List(items);
                        }
                        (event, span) if event.is_node() => items.push(self.node(event, span)?),
                        _ => {}
                    }
                }
            }
            Event::MappingStart(style, ..) => {
                self.open
                    .extend((style == StructureStyle::Flow).then_some(place));
                let mut pairs = Vec::new();
                loop {
                    match self.next()? {
                        (Event::MappingEnd | Event::StreamEnd, _) => {
                            self.open.truncate(open);
                            break Value::Map(pairs);
                        }
                        (event, span) if event.is_node() => {
                            let key = self.node(event, span)?;
                            let (event, span) = self.next()?;
                            let value = self.node(event, span)?;
                            pairs.push((key, value));
                        }
                        _ => {}
                    }
                }
            }
            _ => {
                self.report.error(place, "内容不能直接以“*”开头", QUOTE);
                Value::Nothing
            }
        };
        Ok(Node { place, value })
    }
}

const BRACKETS: &str =
    "列表写成 [甲, 乙]，用英文方括号和英文逗号；内容以 [ 或 { 开头时用英文引号括起来";
const QUOTE: &str = "用英文引号把整句括起来，例如 '…'";

/// A syntax error in the words of editors.
fn explain(error: &ScanError) -> (String, String) {
    use ErrorKind as K;
    let (what, mend) = match error.kind() {
        K::UnclosedQuotedScalar
        | K::DocumentIndicatorInQuotedScalar
        | K::InvalidQuotedScalarIndent => ("引号没有成对", "在这句话的末尾补上同样的英文引号"),
        K::InvalidTrailingSingleQuotedScalar | K::InvalidTrailingDoubleQuotedScalar => (
            "引号后面还有多余的内容",
            "用一对引号把整句括起来；句子里本来就有引号时，外面换用另一种英文引号",
        ),
        K::UnknownQuotedScalarEscape
        | K::InvalidQuotedScalarHexEscape
        | K::InvalidUnicodeEscape => (
            "双引号里的 \\ 看不懂",
            "改用单引号 '…'，单引号里的 \\ 就是它自己",
        ),
        K::TabNotAllowed
        | K::TabInBlockIndentation
        | K::TabInIndentation
        | K::TabAtBlockScalarStart
        | K::TabInPlainScalar => ("这里用了 Tab", "改用空格"),
        K::MappingValueNotAllowed | K::InvalidColonPlacement | K::InvalidMappingValueWhitespace => {
            (
                "这里的冒号看不懂",
                "一行只写一个“键: 值”；内容里有“: ”时用英文引号把整句括起来",
            )
        }
        K::SimpleKeyExpected
        | K::InvalidSimpleKey
        | K::ExpectedBlockMappingKey
        | K::MappingKeyNotAllowed
        | K::InvalidIndentation => (
            "这一行看不懂：它不是“键: 值”，或者没有和上面对齐",
            "冒号用英文的“:”，后面空一格；同一级的行左边对齐",
        ),
        K::UnexpectedEofFlowSequence
        | K::UnexpectedEofFlowMapping
        | K::UnexpectedEofImplicitFlowMapping
        | K::ExpectedFlowMappingSeparator
        | K::ExpectedFlowSequenceSeparator
        | K::MisplacedFlowCollectionEnd
        | K::MismatchedFlowCollectionEnd { .. }
        | K::UnclosedFlowCollection { .. }
        | K::InvalidFlowScalarIndent
        | K::BlockEntryInFlowCollection => ("括号没有写好", BRACKETS),
        K::BlockSequenceEntryNotAllowed
        | K::ExpectedBlockSequenceEntry
        | K::InvalidBlockEntryWhitespace => ("“-”的位置不对", "列表每行以“- ”开头，并且左边对齐"),
        K::UnexpectedCharacter { .. }
        | K::UnexpectedEndOfPlainScalar
        | K::PlainScalarStartsWithDashFlowIndicator
        | K::MissingAnchorOrAliasName
        | K::InvalidTagTerminator
        | K::InvalidTagEscape
        | K::MissingTagUri
        | K::UndeclaredTagHandle
        | K::UnclosedVerbatimTag
        | K::ExpectedNodeContent => ("内容不能直接以这个符号开头", QUOTE),
        K::RecursionLimitExceeded => ("层数太多", "列表和“键: 值”最多套两三层"),
        _ => {
            return (
                format!("这里看不懂（{}）", error.info()),
                "对照 README.md 里的例子写".to_owned(),
            );
        }
    };
    (what.to_owned(), mend.to_owned())
}

/// Mends what a Chinese keyboard does to `key: value` lines, each with an error, so that the rest of the
/// file can still be checked: full-width colons, a missing blank after the colon, tabs at the line's
/// beginning. With `nested`, keys may stand inside lists.
pub(super) fn repair<'t>(
    text: &'t str,
    first_line: u32,
    keys: &[&[Key]],
    nested: bool,
    report: &mut Report,
) -> Cow<'t, str> {
    let known = |word: &str| {
        keys.iter()
            .copied()
            .flatten()
            .any(|(zh, en)| word == *zh || word == *en)
    };
    let mut out: Option<String> = None;
    let mut start = 0;
    for (number, line) in (first_line..).zip(text.split_inclusive('\n')) {
        let from = start;
        start += line.len();
        let mut mended = Cow::Borrowed(line);
        let indent = line.len() - line.trim_start_matches([' ', '\t', '\u{3000}']).len();
        if line[..indent].contains(['\t', '\u{3000}']) {
            if !line.trim().is_empty() {
                report.error(
                    Place {
                        line: number,
                        column: 1,
                    },
                    "行首用了 Tab 或全角空格",
                    "改用英文空格",
                );
            }
            mended = Cow::Owned(line[..indent].replace(['\t', '\u{3000}'], "  ") + &line[indent..]);
        }
        let body = mended.trim_start();
        let body = if nested {
            body.strip_prefix("- ").map_or(body, str::trim_start)
        } else {
            body
        };
        let at = mended.len() - body.len();
        if (nested || at == 0)
            && let Some(colon) = body.find(['：', ':', '﹕'])
            && known(body[..colon].trim_end())
        {
            let mark = body[colon..].chars().next().unwrap_or(':');
            let after = &body[colon + mark.len_utf8()..];
            let place = Place {
                line: number,
                column: mended[..at + colon].chars().count() as u32 + 1,
            };
            let key = body[..colon].trim_end();
            let glued = after
                .chars()
                .next()
                .is_some_and(|c| !matches!(c, ' ' | '\n' | '\t'));
            if mark != ':' {
                report.error(
                    place,
                    format!("“{key}”后面是全角冒号“{mark}”"),
                    "改成英文冒号“:”，后面空一格",
                );
            } else if glued {
                report.error(
                    place,
                    format!("“{key}:”后面少一个空格"),
                    "在冒号后面加一个空格",
                );
            }
            if mark != ':' || glued {
                mended = Cow::Owned(format!("{}{}: {}", &mended[..at], &body[..colon], after));
            }
        }
        match (&mut out, &mended) {
            (Some(out), _) => out.push_str(&mended),
            (None, Cow::Owned(mended)) => out = Some(text[..from].to_owned() + mended),
            (None, Cow::Borrowed(_)) => {}
        }
    }
    out.map_or(Cow::Borrowed(text), Cow::Owned)
}
