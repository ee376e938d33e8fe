//! `who`: who answers at a moment, why and until when, and what the week looks like.

use std::{fmt::Write, path::PathBuf, process::ExitCode};

use anyhow::bail;
use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};

use super::offline;
use crate::{
    clock::{Clock, SystemClock},
    eval::text::width,
    knowledge::{
        Knowledge, Mode, ShopId,
        hours::{Cover, Coverage},
        shop::Shop,
    },
};

/// Reads the folder alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
In the week's table a character is half an hour: a letter is a shift, `~` lunch, `.` nobody, `-` a
holiday. What was arranged by hand (lunches, absences, swaps) is known to the running service only
and not shown here.

Examples:
  jieban who
  jieban who --shop main --at \"2026-10-01 12:31\"")]
pub(super) struct Who {
    /// The knowledge folder.
    #[arg(long, default_value = "knowledge")]
    knowledge: PathBuf,
    /// One shop (default: all).
    #[arg(long)]
    shop: Option<String>,
    /// The moment, such as `2026-11-20 12:31` in the shop's zone (default: now).
    #[arg(long)]
    at: Option<String>,
    /// English labels.
    #[arg(long)]
    english: bool,
}

impl Who {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (knowledge, _) = offline::knowledge(&self.knowledge)?;
        let shops: Vec<&Shop> = match &self.shop {
            None => knowledge.shops().iter().collect(),
            Some(id) => match knowledge.shop(&ShopId::from(id.as_str())) {
                Some(shop) => vec![shop],
                None => bail!("there is no shop `{id}` in shops.yaml"),
            },
        };
        let words = if self.english { &ENGLISH } else { &CHINESE };
        let mut out = String::new();
        for shop in shops {
            let at = match &self.at {
                Some(at) => offline::moment(at, shop.zone)?,
                None => SystemClock.now(),
            };
            if !out.is_empty() {
                out.push('\n');
            }
            let page = Page {
                words,
                knowledge: &knowledge,
                shop,
                at,
            };
            page.moment(&mut out)?;
            page.week(&mut out)?;
        }
        print!("{out}");
        Ok(ExitCode::SUCCESS)
    }
}

struct Words {
    covers: [&'static str; 4],
    /// Who answers: staffed with suggestions only, staffed with both, nobody and the bot, nobody at all.
    answers: [&'static str; 4],
    labels: [&'static str; 6],
    modes: [&'static str; 3],
    days: [&'static str; 7],
    always: &'static str,
    never: &'static str,
    nobody: &'static str,
    holiday: &'static str,
}

const CHINESE: Words = Words {
    covers: ["有人在岗", "午休", "无人值守", "放假"],
    answers: [
        "客服回答，助手只推荐",
        "客服回答，助手也答能答的",
        "助手自动回复",
        "没有人，助手也不回复",
    ],
    labels: ["现在", "谁来答", "在岗", "从", "到", "下次在岗"],
    modes: ["关闭", "辅助", "自动"],
    days: ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    always: "一直",
    never: "没有",
    nobody: "无人",
    holiday: "放假",
};

const ENGLISH: Words = Words {
    covers: ["staffed", "lunch", "nobody in", "holiday"],
    answers: [
        "agents answer, suggestions only",
        "agents answer, and so does the bot where it may",
        "the bot answers",
        "nobody answers",
    ],
    labels: ["cover", "answers", "on duty", "since", "until", "next"],
    modes: ["off", "assist", "auto"],
    days: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    always: "always",
    never: "never",
    nobody: "nobody",
    holiday: "holiday",
};

/// Half-hours of a day.
const CELLS: u32 = 48;
/// Columns that a line of the legend may take.
const WIDE: usize = 90;
const LUNCH: char = '~';
const NIGHT: char = '.';
const HOLIDAY: char = '-';

struct Page<'a> {
    words: &'a Words,
    knowledge: &'a Knowledge,
    shop: &'a Shop,
    at: DateTime<Utc>,
}

impl Page<'_> {
    fn moment(&self, out: &mut String) -> std::fmt::Result {
        let Self { words, shop, .. } = self;
        let coverage = self.knowledge.coverage(&shop.id, self.at);
        let mode = match shop.mode {
            Mode::Off => words.modes[0],
            Mode::Assist => words.modes[1],
            Mode::Auto => words.modes[2],
        };
        writeln!(out, "{} ({}, {mode}, {})", shop.name, shop.id, shop.zone)?;
        let [cover, answers, people, since, until, next] = words.labels;
        let now = format!(
            "{} {}",
            self.day_of(self.at),
            self.shown(self.at, "%Y-%m-%d %H:%M")
        );
        self.line(out, cover, &format!("{now}  {}", self.cover(&coverage)))?;
        let who = match (shop.mode, coverage.cover.is_staffed()) {
            (Mode::Auto, true) => words.answers[1],
            (_, true) => words.answers[0],
            (Mode::Off, false) => words.answers[3],
            (_, false) => words.answers[2],
        };
        self.line(out, answers, who)?;
        if !coverage.people.is_empty() {
            self.line(out, people, &coverage.people.join("、"))?;
        }
        let moment = |at: Option<DateTime<Utc>>, never: &str| match at {
            Some(at) if at > DateTime::UNIX_EPOCH => {
                format!("{} {}", self.day_of(at), self.shown(at, "%m-%d %H:%M"))
            }
            _ => never.to_owned(),
        };
        self.line(out, since, &moment(Some(coverage.since), words.always))?;
        self.line(out, until, &moment(coverage.until, words.always))?;
        if !coverage.cover.is_staffed() {
            self.line(out, next, &moment(coverage.staffed_at, words.never))?;
        }
        Ok(())
    }

    fn cover(&self, coverage: &Coverage) -> String {
        let word = match coverage.cover {
            Cover::Staffed => self.words.covers[0],
            Cover::Lunch => self.words.covers[1],
            Cover::Night => self.words.covers[2],
            Cover::Holiday => self.words.covers[3],
        };
        format!("{word} ({})", coverage.reason)
    }

    fn line(&self, out: &mut String, label: &str, value: &str) -> std::fmt::Result {
        let wide = self.words.labels.map(width).into_iter().max().unwrap_or(0);
        let space = " ".repeat(wide.saturating_sub(width(label)));
        writeln!(out, "  {label}{space}  {value}")
    }

    fn shown(&self, at: DateTime<Utc>, format: &str) -> String {
        at.with_timezone(&self.shop.zone).format(format).to_string()
    }

    fn day_of(&self, at: DateTime<Utc>) -> &'static str {
        self.weekday(at.with_timezone(&self.shop.zone).weekday())
    }

    fn weekday(&self, day: Weekday) -> &'static str {
        let at = day.num_days_from_monday() as usize;
        self.words.days.get(at).copied().unwrap_or_default()
    }

    fn week(&self, out: &mut String) -> std::fmt::Result {
        let today = self.at.with_timezone(&self.shop.zone).date_naive();
        let monday = today - Duration::days(today.weekday().num_days_from_monday().into());
        let hours: String = (0..8).map(|n| format!("{:<6}", n * 3)).collect();
        let margin = " ".repeat(width(self.words.days[0]) + 10);
        writeln!(out, "\n{margin}{hours}24")?;
        let mut legend = Legend::default();
        for date in monday.iter_days().take(7) {
            let bar: String = (0..CELLS)
                .map(|cell| self.cell(date, cell, &mut legend))
                .collect();
            let mark = if date == today { '>' } else { ' ' };
            let called = self.knowledge.called(&self.shop.id, date).join("、");
            let line = format!(
                "{mark} {} {}  {bar}  {called}",
                self.weekday(date.weekday()),
                date.format("%m-%d")
            );
            writeln!(out, "{}", line.trim_end())?;
        }
        let mut line = String::new();
        for entry in legend.entries(self.words) {
            if !line.is_empty() && width(&line) + width(&entry) > WIDE {
                writeln!(out, "{line}")?;
                line.clear();
            }
            line = format!(
                "{line}{}{entry}",
                if line.is_empty() { "  " } else { "   " }
            );
        }
        writeln!(out, "{line}")
    }

    /// The half-hour as it is in its middle; a blank while clocks are put forward over it.
    fn cell(&self, date: NaiveDate, cell: u32, legend: &mut Legend) -> char {
        let wall = date.and_time(NaiveTime::MIN) + Duration::minutes(i64::from(cell) * 30 + 15);
        match self.shop.zone.from_local_datetime(&wall).earliest() {
            Some(at) => legend.of(self.knowledge.coverage(&self.shop.id, at.to_utc())),
            None => ' ',
        }
    }
}

/// What the characters of a table mean.
#[derive(Default)]
struct Legend {
    /// Shifts and who works them, by letter.
    shifts: Vec<(String, String)>,
    lunches: Vec<String>,
    holiday: bool,
    night: bool,
}

impl Legend {
    fn of(&mut self, coverage: Coverage) -> char {
        match coverage.cover {
            Cover::Lunch => {
                if !self.lunches.contains(&coverage.reason) {
                    self.lunches.push(coverage.reason);
                }
                LUNCH
            }
            Cover::Night => {
                self.night = true;
                NIGHT
            }
            Cover::Holiday => {
                self.holiday = true;
                HOLIDAY
            }
            Cover::Staffed => {
                let shift = (coverage.reason, coverage.people.join("、"));
                let found = self.shifts.iter().position(|known| *known == shift);
                let at = found.unwrap_or_else(|| {
                    self.shifts.push(shift);
                    self.shifts.len() - 1
                });
                letter(at)
            }
        }
    }

    fn entries(&self, words: &Words) -> Vec<String> {
        let shifts = self.shifts.iter().enumerate().map(|(at, (name, people))| {
            let people = if people.is_empty() {
                String::new()
            } else {
                format!(" ({people})")
            };
            format!("{} {name}{people}", letter(at))
        });
        let lunch =
            (!self.lunches.is_empty()).then(|| format!("{LUNCH} {}", self.lunches.join("、")));
        let night = self.night.then(|| format!("{NIGHT} {}", words.nobody));
        let holiday = self.holiday.then(|| format!("{HOLIDAY} {}", words.holiday));
        let rest = [lunch, night, holiday].into_iter().flatten();
        shifts.chain(rest).collect()
    }
}

/// A to Z, then a to z; more are all `+`.
fn letter(at: usize) -> char {
    ('A'..='Z').chain('a'..='z').nth(at).unwrap_or('+')
}
