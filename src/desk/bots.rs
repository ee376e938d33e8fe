//! Two machines that answer each other would never stop: what betrays that the customer is one.

use chrono::Duration;

use super::{facts::Message, filling::Filling};
use crate::knowledge::{ContentKind, Speaker};

/// Nobody reads a line and types an answer in less time.
const QUICK: Duration = Duration::seconds(2);
/// So many quick answers with the same words are a machine's.
const SAME: usize = 2;
/// So many equal lines in a row, each within [`QUICK`] of the one before, are a machine's.
const ROW: usize = 4;
/// Shorter words may be anybody's, in characters.
const LONG: usize = 6;

/// Whether a machine seems to be talking since a human last spoke here: it repeats our own line to us, gives the
/// same words at once whenever we speak, or repeats itself faster than anybody types.
pub fn is_machine(filling: &Filling<'_>) -> bool {
    let messages = &filling.facts.messages;
    let start = messages
        .iter()
        .rposition(|m| m.speaker.is_human())
        .map_or(0, |at| at + 1);
    let since = messages.get(start..).unwrap_or_default();
    // Nothing is compared before there is something of ours to compare with, or enough to repeat.
    let ours = since.iter().filter(|m| is_ours(m)).count();
    if ours == 0 && since.len() < ROW {
        return false;
    }
    // A machine repeats to the letter: there is no need to bring the texts to one form.
    let texts: Vec<Line<'_>> = since
        .iter()
        .filter(|m| m.kind == ContentKind::Text && (is_ours(m) || m.speaker == Speaker::Customer))
        .map(|m| (m, m.text.trim()))
        .collect();
    repeats_us(&texts) || answers_at_once(&texts) || stutters(&texts)
}

/// A message and its words.
type Line<'a> = (&'a Message, &'a str);

fn is_ours(message: &Message) -> bool {
    matches!(message.speaker, Speaker::BotAuto | Speaker::Notice)
}

fn long(text: &str) -> bool {
    text.chars().nth(LONG - 1).is_some()
}

fn repeats_us(texts: &[Line<'_>]) -> bool {
    texts.iter().enumerate().any(|(at, (message, text))| {
        message.speaker == Speaker::Customer
            && long(text)
            && texts
                .iter()
                .take(at)
                .any(|(before, said)| is_ours(before) && said == text)
    })
}

fn answers_at_once(texts: &[Line<'_>]) -> bool {
    let quick: Vec<&str> = texts
        .windows(2)
        .filter_map(|pair| match pair {
            [(ours, _), (theirs, text)]
                if is_ours(ours)
                    && theirs.speaker == Speaker::Customer
                    && theirs.at - ours.at < QUICK =>
            {
                Some(*text)
            }
            _ => None,
        })
        .collect();
    quick
        .iter()
        .any(|text| quick.iter().filter(|other| *other == text).count() >= SAME)
}

fn stutters(texts: &[Line<'_>]) -> bool {
    let theirs: Vec<&Line<'_>> = texts
        .iter()
        .filter(|(m, _)| m.speaker == Speaker::Customer)
        .collect();
    theirs.windows(ROW).any(|row| {
        row.windows(2).all(|pair| match pair {
            [(a, one), (b, two)] => long(one) && one == two && b.at - a.at < QUICK,
            _ => false,
        })
    })
}
