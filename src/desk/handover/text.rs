//! How a sheet reads: as plain text and as Markdown, for people who print it or paste it into a chat.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Fate, Item, ItemState, Section, Sheet, Words};

/// How a sheet is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
}

/// A sheet of a shop, as text. `now` says how long customers have waited.
pub fn text(sheet: &Sheet, shop: &str, zone: Tz, style: Style, now: DateTime<Utc>) -> String {
    let page = Page {
        sheet,
        zone,
        style,
        now,
    };
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = page.write(&mut out, shop);
    out
}

struct Page<'a> {
    sheet: &'a Sheet,
    zone: Tz,
    style: Style,
    now: DateTime<Utc>,
}

impl Page<'_> {
    fn write(&self, out: &mut String, shop: &str) -> std::fmt::Result {
        let span = &self.sheet.span;
        let title = match self.sheet.id {
            Some(id) => format!("交接单 {id}"),
            None => "交接单（还没写下，到现在为止）".to_owned(),
        };
        let (head, gap) = match self.style {
            Style::Text => ("", ""),
            Style::Markdown => ("# ", "\n"),
        };
        writeln!(out, "{head}{title} · {shop}{gap}")?;
        writeln!(
            out,
            "{} {} 到 {}，{} 交给 {}",
            span.shift,
            self.clock(span.from),
            self.clock(span.until),
            people(&span.leavers, "当班"),
            match span.to_people {
                true => format!("{} {}", span.next, people(&span.takers, ""))
                    .trim()
                    .to_owned(),
                false => span.next.clone(),
            }
        )?;
        let waits = self
            .sheet
            .items
            .iter()
            .filter(|(_, fate)| fate.state.waits());
        let total = self.sheet.items.len();
        let open = waits.count();
        writeln!(
            out,
            "共 {total} 项，{} 项有人接了，{open} 项还没有",
            total - open
        )?;
        for words in self.words(None) {
            self.said(out, words, "")?;
        }
        for section in Section::ALL {
            let of: Vec<&(Item, Fate)> = self
                .sheet
                .items
                .iter()
                .filter(|(item, _)| item.section == section)
                .collect();
            if of.is_empty() {
                continue;
            }
            let (head, gap) = match self.style {
                Style::Text => ("", ""),
                Style::Markdown => ("## ", "\n"),
            };
            let more = match (section, self.sheet.unnamed) {
                (Section::Said, n) if n > 0 => format!("，另有 {n} 句没有列出"),
                _ => String::new(),
            };
            writeln!(out, "\n{head}{}：{}{more}{gap}", section.title(), of.len())?;
            for (item, fate) in of {
                self.item(out, item, fate)?;
            }
        }
        Ok(())
    }

    fn item(&self, out: &mut String, item: &Item, fate: &Fate) -> std::fmt::Result {
        let box_of = if fate.state.waits() { "[ ]" } else { "[x]" };
        let bullet = match self.style {
            Style::Text => format!("  {box_of}"),
            Style::Markdown => format!("- {box_of}"),
        };
        let mut parts = vec![item.what.clone(), self.moment(item)];
        parts.extend((!item.detail.is_empty()).then(|| item.detail.clone()));
        parts.extend(item.who.clone());
        let done = match (fate.state, &fate.by) {
            (ItemState::Accepted, Some(by)) => format!("（{by} 已接收）"),
            (ItemState::Forced, Some(by)) => format!("（主管交给 {by}：{}）", fate.reason),
            (ItemState::Refused, Some(by)) => format!("（{by} 不接：{}）", fate.reason),
            (ItemState::Done, _) => "（已处理）".to_owned(),
            (ItemState::Lapsed, _) => "（没有人接，转到下一张）".to_owned(),
            _ => String::new(),
        };
        let key = match self.style {
            Style::Text => item.key.clone(),
            Style::Markdown => format!("`{}`", item.key),
        };
        writeln!(
            out,
            "{bullet} {key} {}{done}",
            self.plain(&parts.join("，"))
        )?;
        for words in self.words(Some(&item.key)) {
            self.said(out, words, "    ")?;
        }
        Ok(())
    }

    /// Markdown reads some characters of a customer as its own.
    fn plain(&self, text: &str) -> String {
        match self.style {
            Style::Text => text.to_owned(),
            Style::Markdown => text.chars().fold(String::new(), |mut out, c| {
                if matches!(
                    c,
                    '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '|' | '\\'
                ) {
                    out.push('\\');
                }
                out.push(c);
                out
            }),
        }
    }

    fn moment(&self, item: &Item) -> String {
        let at = self.clock(item.at);
        match item.section {
            Section::Unanswered | Section::Nobody => {
                format!(
                    "等了 {} 分钟（{at} 起）",
                    (self.now - item.at).num_minutes().max(0)
                )
            }
            Section::Case | Section::Promise if item.at < self.now => format!("{at} 到期，已超时"),
            Section::Case | Section::Promise => format!("{at} 到期"),
            Section::Note => format!("{at} 截止"),
            Section::Said | Section::Script => at,
        }
    }

    fn words(&self, key: Option<&str>) -> impl Iterator<Item = &Words> {
        let of = move |words: &&Words| words.key.as_deref() == key;
        self.sheet.words.iter().filter(of)
    }

    fn said(&self, out: &mut String, words: &Words, indent: &str) -> std::fmt::Result {
        let (at, text) = (self.clock(words.at), self.plain(&words.text));
        let mark = match self.style {
            Style::Text => "  ",
            Style::Markdown => "> ",
        };
        writeln!(out, "{indent}{mark}{} {at}：{text}", words.who)
    }

    fn clock(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone)
            .format("%m-%d %H:%M")
            .to_string()
    }
}

fn people(names: &[String], nobody: &str) -> String {
    match names {
        [] => nobody.to_owned(),
        names => names.join("、"),
    }
}
