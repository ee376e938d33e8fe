//! How moments, modes and speakers are shown.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use minijinja::{Value, context};

use crate::{
    knowledge::{Mode, Platform, hours::Cover},
    service::switchboard::Answers,
};

/// A moment as a shop's clock shows it: the time alone today, with its date on other days.
pub(super) fn moment(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Value {
    let local = at.with_timezone(&zone);
    let today = now.with_timezone(&zone).date_naive();
    let text = if local.date_naive() == today {
        local.format("%H:%M")
    } else {
        local.format("%m-%d %H:%M")
    };
    let whole = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    context! { text => text.to_string(), whole }
}

/// How long somebody waits, and how urgent that is by the platforms' clocks (60, 100 and 150 seconds).
pub(super) fn wait(since: DateTime<Utc>, now: DateTime<Utc>) -> Value {
    let seconds = (now - since).num_seconds().max(0);
    let since = since.timestamp_millis();
    context! { text => span(Duration::seconds(seconds)), since, level => level(seconds) }
}

/// 0 to 3.
pub(super) fn level(seconds: i64) -> u8 {
    match seconds {
        ..60 => 0,
        60..100 => 1,
        100..150 => 2,
        _ => 3,
    }
}

/// `1:05`, `2:03:09`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.num_seconds().max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "off",
        Mode::Assist => "assist",
        Mode::Auto => "auto",
    }
}

pub(super) fn cover(cover: Cover) -> &'static str {
    match cover {
        Cover::Staffed => "staffed",
        Cover::Lunch => "lunch",
        Cover::Night => "night",
        Cover::Holiday => "holiday",
    }
}

pub(super) fn answers(answers: Answers) -> &'static str {
    match answers {
        Answers::Staff => "staff",
        Answers::Bot => "bot",
        Answers::Both => "both",
        Answers::Nobody => "nobody",
    }
}

pub(super) fn platform(platform: Platform) -> &'static str {
    platform.code()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_shown_as_people_count_them() {
        for (seconds, text, level_of) in [
            (0, "0:00", 0),
            (59, "0:59", 0),
            (60, "1:00", 1),
            (100, "1:40", 2),
            (150, "2:30", 3),
            (7_389, "2:03:09", 3),
        ] {
            assert_eq!(
                (span(Duration::seconds(seconds)), level(seconds)),
                (text.to_owned(), level_of)
            );
        }
    }
}
