//! 今天18点前, 后天, 周一前, 两三天, 3个工作日内, 稍后: until when, from the moment at which it was said.
//!
//! A day ends at its midnight; 以前 a day is until it begins. An hour without 上午 or 下午 is the next one that comes
//! in the hours of trade. Working days are the shop's.

use std::sync::LazyLock;

use chrono::{
    DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, Utc, Weekday,
};
use regex::{Captures, Regex};

use super::Said;
use crate::knowledge::{Knowledge, ShopId, intent::Span};

/// A moment, and how it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// The moment.
    pub due: DateTime<Utc>,
    /// How it was named.
    pub said: Said,
    /// Where in the clause the first expression of time begins, in bytes.
    pub start: usize,
}

/// Numbers as they are written, one or a range: 3, 1-3, 两三, 半.
const NUMBER: &str = "[0-9]{1,3}(?:[-~至到][0-9]{1,3})?|[一二两三四五六七八九十半]{1,3}(?:[到至][一二两三四五六七八九十])?";
const CLOCK: &str = "(?P<hour>[0-9]{1,2}|十[一二]?|[一二两三四五六七八九])(?::(?P<minute>[0-9]{2})|[点时](?P<half>半|[0-9]{1,2}分?|[一三]刻|整)?)";

/// One part of an expression of time. Parts that stand side by side belong together.
static PART: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let parts = [
        // Days.
        "(?P<day>大后天|后天|明天|明日|明儿|今天|今日|今儿|今晚|今夜|今早|明早|明晚|后晚|昨天|昨晚|昨日|前天)",
        "(?P<week>下下|下|这|本)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末])",
        "(?P<year>20[0-9]{2}年|今年|明年|后年)?(?P<month>[0-9]{1,2})月(?P<date>[0-9]{1,2})(?:[-~至到][0-9]{1,2})?[日号]?",
        "(?P<which>这个?|本|下个?)?(?P<edge>月底|月末|月中|年底|年末)",
        "(?:[0-9]{1,2}[-~至到])?(?P<only>[0-9]{1,2})[号日]",
        // English.
        r"(?P<english>today|tonight|tomorrow)",
        r"(?:by|on|before) (?P<englishday>monday|tuesday|wednesday|thursday|friday|saturday|sunday)",
        r"(?:within|in) (?P<englishcount>[0-9]{1,3}) (?P<englishunit>minute|hour|working day|business day|day|week)s?",
        // Lengths of time.
        &format!(
            "(?P<count>{NUMBER})(?P<half2>个半)?个?多?(?P<unit>工作日|工作天|天|小时|钟头|h|分钟|周|星期|礼拜|个月|日内)"
        ),
        // Hours.
        &format!("(?:{})?{CLOCK}", "[0-9]{1,2}(?:[点时]|:[0-9]{2})?[-~至到]"),
        // What a part's end may be called.
        "(?P<before>之前|以前|前)",
        "(?P<after>以后|之后|回来|起|开始|后)",
        "(?P<fill>之间|以内|之内|内|的|左右|大概|最晚|最迟|统一|再)",
    ];
    Regex::new(&parts.join("|")).ok()
});

/// 早 and 晚 beside a day, in minutes of the day.
const MORNING: (u16, u16) = (0, 10 * 60);
const EVENING: (u16, u16) = (18 * 60, 24 * 60);
/// Hours said with a part of the day that ends later are counted from noon.
const NOON_ENDS: u16 = 14 * 60;

/// What one expression says.
#[derive(Debug, Default, Clone)]
struct Expression {
    day: Option<NaiveDate>,
    /// The day is in the past.
    past: bool,
    /// 月底前 is until its end.
    edge: bool,
    /// The minutes of the day at which a part of it begins and ends.
    part: Option<(u16, u16)>,
    /// 下午, 晚上: hours are counted from noon.
    noon: bool,
    clock: Option<(u32, u32)>,
    length: Option<Length>,
    before: bool,
    after: bool,
}

#[derive(Debug, Clone, Copy)]
enum Length {
    Exact(Duration),
    Days(u64),
    Months(u32),
    Working(u32),
}

/// The moment that a clause, normalised and said at `at`, names; the latest of several.
pub fn of(knowledge: &Knowledge, shop: &ShopId, clause: &str, at: DateTime<Utc>) -> Option<Until> {
    let reader = Reader {
        knowledge,
        shop,
        at,
        now: at
            .with_timezone(&knowledge.shop_or_default(shop).zone)
            .naive_local(),
    };
    let moments: Vec<(usize, DateTime<Utc>)> = reader
        .expressions(clause)
        .iter()
        .filter_map(|(expression, start)| Some((*start, reader.resolve(expression)?)))
        .collect();
    let due = moments.iter().map(|(_, due)| *due).max();
    let start = moments.iter().map(|(start, _)| *start).min();
    match due.zip(start) {
        Some((due, start)) => Some(Until {
            due,
            said: Said::Moment,
            start,
        }),
        None => reader.soon(clause),
    }
}

struct Reader<'a> {
    knowledge: &'a Knowledge,
    shop: &'a ShopId,
    at: DateTime<Utc>,
    /// The shop's wall clock.
    now: NaiveDateTime,
}

impl Reader<'_> {
    fn soon(&self, clause: &str) -> Option<Until> {
        let rules = self.knowledge.promises();
        let (start, takes) = rules
            .soon()
            .iter()
            .find_map(|(word, takes)| Some((clause.find(word.as_str())?, *takes)))?;
        Some(Until {
            due: self.knowledge.due(self.shop, self.at, takes, false),
            said: Said::Soon,
            start,
        })
    }

    /// The expressions of a clause, parts that touch, and where each begins.
    fn expressions(&self, clause: &str) -> Vec<(Expression, usize)> {
        let mut out: Vec<(Expression, usize)> = Vec::new();
        // The last of them, while it may go on here.
        let mut open = false;
        let mut at = 0;
        while at < clause.len() {
            let here = out.pop_if(|_| open);
            let (mut expression, start) = here.clone().unwrap_or((Expression::default(), at));
            match self.part(clause, at, &mut expression) {
                Some(end) => {
                    out.push((expression, start));
                    at = end;
                    open = true;
                }
                None => {
                    out.extend(here);
                    at += clause[at..].chars().next().map_or(1, char::len_utf8);
                    open = false;
                }
            }
        }
        out
    }

    /// Reads the part that begins at a place into an expression; returns where it ends.
    fn part(&self, clause: &str, at: usize, into: &mut Expression) -> Option<usize> {
        let rest = clause.get(at..)?;
        let started = into.day.is_some()
            || into.part.is_some()
            || into.clock.is_some()
            || into.length.is_some();
        let parts = self.knowledge.promises().parts();
        let part = parts
            .iter()
            .find(|part| rest.starts_with(part.word.as_str()));
        if let Some(part) = part.filter(|part| !glued(clause, at, &part.word)) {
            into.part = Some((part.from, part.until));
            into.noon = part.until > NOON_ENDS;
            return Some(at + part.word.len());
        }
        let found = PART.as_ref()?.captures_at(clause, at)?;
        let whole = found
            .get(0)
            .filter(|whole| whole.start() == at && !whole.is_empty())?;
        let joined = clause[..at].ends_with(|c: char| c.is_ascii_digit() || "第.¥￥".contains(c));
        let first = whole.as_str().starts_with(|c: char| c.is_ascii_digit());
        if joined && first {
            return None;
        }
        if found.name("before").is_some() {
            into.before = true;
            return started.then_some(whole.end());
        }
        if found.name("after").is_some() {
            into.after = true;
            return started.then_some(whole.end());
        }
        if found.name("fill").is_some() {
            return started.then_some(whole.end());
        }
        // 晚一点, 有两点要说: hours in Chinese numerals need something that says so.
        if found.name("hour").is_some() && !first && !started {
            let follows = clause.get(whole.end()..).unwrap_or_default();
            let short = whole.as_str().ends_with(['点', '时']);
            if short && !follows.starts_with(['前', '之', '以', '左', '钟', '到']) {
                return None;
            }
        }
        self.read(&found, into)?;
        Some(whole.end())
    }

    fn read(&self, found: &Captures<'_>, into: &mut Expression) -> Option<()> {
        let text = |name: &str| found.name(name).map(|m| m.as_str());
        let today = self.now.date();
        if let Some(day) = text("day").or(text("english")) {
            let (ahead, part) = match day {
                "大后天" => (3, None),
                "后天" => (2, None),
                "后晚" => (2, Some(EVENING)),
                "明天" | "明日" | "明儿" | "tomorrow" => (1, None),
                "明早" => (1, Some(MORNING)),
                "明晚" => (1, Some(EVENING)),
                "今早" => (0, Some(MORNING)),
                "今晚" | "今夜" | "tonight" => (0, Some(EVENING)),
                "昨天" | "昨晚" | "昨日" | "前天" => {
                    into.past = true;
                    (0, None)
                }
                _ => (0, None),
            };
            into.day = today.checked_add_days(Days::new(ahead));
            into.part = part.or(into.part);
            into.noon = part == Some(EVENING);
        } else if let Some(day) = text("weekday").or(text("englishday")) {
            into.day = self.weekday(text("week"), day);
            into.edge = day == "末";
        } else if let Some(month) = text("month") {
            let year = match text("year") {
                None => None,
                Some("今年") => Some(today.year()),
                Some("明年") => Some(today.year() + 1),
                Some("后年") => Some(today.year() + 2),
                Some(year) => year.trim_end_matches('年').parse().ok(),
            };
            let (month, date): (u32, u32) = (month.parse().ok()?, text("date")?.parse().ok()?);
            let this = NaiveDate::from_ymd_opt(year.unwrap_or(today.year()), month, date);
            into.day = Some(match this {
                Some(this) if year.is_some() || this >= today => this,
                _ => NaiveDate::from_ymd_opt(today.year() + 1, month, date)?,
            });
        } else if let Some(edge) = text("edge") {
            into.day = self.edge(text("which"), edge);
            into.edge = true;
        } else if let Some(only) = text("only") {
            into.day = Some(self.day_of_month(only.parse().ok()?)?);
        } else if let Some(count) = text("englishcount") {
            into.length = length(count.parse().ok()?, text("englishunit")?, false);
        } else if let Some(count) = text("count") {
            let half = count == "半";
            let count = if half { 0 } else { most(count)? };
            let half = half || text("half2").is_some();
            into.length = length(count, text("unit")?, half);
            into.length?;
        } else {
            into.clock = Some(clock(found)?);
        }
        Some(())
    }

    fn weekday(&self, week: Option<&str>, day: &str) -> Option<NaiveDate> {
        let weekday = match day {
            "一" | "monday" => Weekday::Mon,
            "二" | "tuesday" => Weekday::Tue,
            "三" | "wednesday" => Weekday::Wed,
            "四" | "thursday" => Weekday::Thu,
            "五" | "friday" => Weekday::Fri,
            "六" | "saturday" => Weekday::Sat,
            _ => Weekday::Sun,
        };
        let today = self.now.date();
        let monday =
            today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())))?;
        let this = monday.checked_add_days(Days::new(u64::from(weekday.num_days_from_monday())))?;
        let weeks = match week {
            Some("下下") => 2,
            Some("下") => 1,
            Some(_) => u64::from(this < today),
            // 周三 on a Wednesday is the next: today would be called 今天.
            None => u64::from(this <= today && day != "末"),
        };
        this.checked_add_days(Days::new(7 * weeks))
    }

    fn edge(&self, which: Option<&str>, edge: &str) -> Option<NaiveDate> {
        let today = self.now.date();
        if edge.starts_with('年') {
            return NaiveDate::from_ymd_opt(today.year(), 12, 31);
        }
        let month = today
            .with_day(1)?
            .checked_add_months(Months::new(u32::from(
                which.is_some_and(|which| which.starts_with('下')),
            )))?;
        if edge == "月中" {
            let middle = month.with_day(15)?;
            return if middle < today {
                middle.checked_add_months(Months::new(1))
            } else {
                Some(middle)
            };
        }
        month.checked_add_months(Months::new(1))?.pred_opt()
    }

    /// The next day of that number, in the first month that has one.
    fn day_of_month(&self, number: u32) -> Option<NaiveDate> {
        let today = self.now.date();
        let first = today.with_day(1)?;
        (0..=2)
            .filter_map(|months| {
                first
                    .checked_add_months(Months::new(months))?
                    .with_day(number)
            })
            .find(|day| *day >= today)
    }

    fn resolve(&self, said: &Expression) -> Option<DateTime<Utc>> {
        if said.past {
            return None;
        }
        let end_of = |day: NaiveDate| Some(day.succ_opt()?.and_time(NaiveTime::MIN));
        let wall = |at: NaiveDateTime| self.knowledge.at_wall(self.shop, at);
        let today = self.now.date();
        if let Some(length) = said.length {
            return match length {
                Length::Exact(length) => self.at.checked_add_signed(length),
                Length::Days(days) => Some(wall(end_of(today.checked_add_days(Days::new(days))?)?)),
                Length::Months(months) => Some(wall(end_of(
                    today.checked_add_months(Months::new(months))?,
                )?)),
                Length::Working(days) => {
                    Some(
                        self.knowledge
                            .due(self.shop, self.at, Span::WorkingDays(days), false),
                    )
                }
            };
        }
        if let Some((hour, minute)) = said.clock {
            let at = self.hour(said, hour, minute)?;
            return Some(match said.after {
                false => wall(at),
                true => {
                    let takes = self.knowledge.promises().from();
                    self.knowledge.due(self.shop, wall(at), takes, false)
                }
            });
        }
        if let Some((from, until)) = said.part {
            let last = if said.before { from } else { until };
            let end = |day: NaiveDate| minutes(day, u32::from(last));
            let at = end(said.day.unwrap_or(today))?;
            let at = match said.day {
                None if at <= self.now => end(today.succ_opt()?)?,
                _ => at,
            };
            return Some(wall(at));
        }
        let day = said.day?;
        let begins = day.and_time(NaiveTime::MIN);
        Some(wall(match said.before && !said.edge && begins > self.now {
            true => begins,
            false => end_of(day)?,
        }))
    }

    /// When the clock shows an hour that was said with or without its day and its part of the day.
    fn hour(&self, said: &Expression, hour: u32, minute: u32) -> Option<NaiveDateTime> {
        let today = self.now.date();
        let afternoon = hour < 12
            && (said.noon || said.part.is_some_and(|(_, until)| until == NOON_ENDS) && hour < 6);
        let minutes_of = |hour: u32| hour * 60 + minute;
        if said.part.is_some() {
            let of_day = minutes_of(if afternoon { hour + 12 } else { hour });
            let at = minutes(said.day.unwrap_or(today), of_day)?;
            return match said.day {
                None if at <= self.now => minutes(today.succ_opt()?, of_day),
                _ => Some(at),
            };
        }
        // Shops do not promise things for three in the morning.
        if let Some(day) = said.day {
            let early = (1..=6).contains(&hour);
            let at = minutes(day, minutes_of(if early { hour + 12 } else { hour }))?;
            let later = minutes(day, minutes_of(hour + 12)).filter(|_| hour < 12);
            return Some(match later {
                Some(later) if at <= self.now && later > self.now => later,
                _ => at,
            });
        }
        let today_at = |hour: u32| minutes(today, minutes_of(hour));
        let at = today_at(hour).filter(|at| *at > self.now && !(1..=6).contains(&hour));
        let later = || today_at(hour + 12).filter(|at| hour < 12 && *at > self.now);
        let tomorrow = || {
            let early = (1..=6).contains(&hour);
            minutes(
                today.succ_opt()?,
                minutes_of(if early { hour + 12 } else { hour }),
            )
        };
        at.or_else(later).or_else(tomorrow)
    }
}

/// 晚 in 最晚, 晚点: no part of a day.
fn glued(clause: &str, at: usize, word: &str) -> bool {
    let after = clause.get(at + word.len()..).unwrap_or_default();
    let before = clause.get(..at).unwrap_or_default();
    match word {
        "晚" => {
            before.ends_with(['最', '傍', '太', '很', '较', '今', '明'])
                || after.starts_with(['点', '些', '了', '到', '会', '一'])
        }
        "上班" | "下班" => before.ends_with('不'),
        _ => false,
    }
}

fn minutes(day: NaiveDate, minute: u32) -> Option<NaiveDateTime> {
    day.and_time(NaiveTime::MIN)
        .checked_add_signed(Duration::minutes(i64::from(minute)))
}

fn length(count: u32, unit: &str, half: bool) -> Option<Length> {
    let exact = |each: i64| {
        let minutes = i64::from(count) * each + if half { each / 2 } else { 0 };
        (minutes > 0).then(|| Length::Exact(Duration::minutes(minutes)))
    };
    match unit {
        "分钟" | "minute" => exact(1),
        "小时" | "钟头" | "h" | "hour" => exact(60),
        // 半天
        _ if half && count == 0 && unit == "天" => exact(24 * 60),
        _ if half && count == 0 => Some(Length::Days(15)),
        _ if count == 0 => None,
        "工作日" | "工作天" | "working day" | "business day" => Some(Length::Working(count)),
        "天" | "日内" | "day" => Some(Length::Days(u64::from(count))),
        "周" | "星期" | "礼拜" | "week" => Some(Length::Days(u64::from(count) * 7)),
        "月" | "个月" => Some(Length::Months(count)),
        _ => None,
    }
}

fn clock(found: &Captures<'_>) -> Option<(u32, u32)> {
    let text = |name: &str| found.name(name).map(|m| m.as_str());
    let hour = number(text("hour")?)?;
    let minute = match (text("minute"), text("half")) {
        (Some(minute), _) => minute.parse().ok()?,
        (None, Some("半")) => 30,
        (None, Some("一刻")) => 15,
        (None, Some("三刻")) => 45,
        (None, Some(minute)) => minute.trim_end_matches('分').parse().unwrap_or(0),
        (None, None) => 0,
    };
    (hour <= 24 && minute < 60).then_some((hour, minute))
}

/// The most that a number or a range comes to: 3, 1-3 → 3, 两三 → 3, 十五 → 15.
fn most(text: &str) -> Option<u32> {
    let last = text.rsplit(['-', '~', '至', '到']).next()?;
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        return last.parse().ok();
    }
    let digits: Vec<u32> = last.chars().map(digit).collect::<Option<_>>()?;
    match digits.as_slice() {
        [10, ones] | [1, 10, ones] => Some(10 + ones),
        [tens, 10] => Some(tens * 10),
        [tens, 10, ones] => Some(tens * 10 + ones),
        [.., one] => Some(*one),
        [] => None,
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| most(text))
}

fn digit(c: char) -> Option<u32> {
    Some(match c {
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        _ => return None,
    })
}
