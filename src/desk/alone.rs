//! What the bot may say alone about a turn, whoever is in: the policy of what was understood, and the words.
//!
//! Whether it may speak at all (mode, cover, owner, kill switch) is decided in [`mod@super::decide`].

use chrono::Duration;

use super::{
    cases::matters,
    decision::{ReplyClass, Verdict},
    filling::Filling,
    handoff,
    news::{News, Unread},
    turn::LastTurn,
};
use crate::knowledge::{
    AutoUse, IntentId, Policy, Purpose, ScriptId,
    forbidden::Ban,
    reading::{ReadIntent, ReadScript, Want},
    script::Script,
};

/// From this mood on, the bot gives a neutral receipt at most: threats, abuse, danger.
pub const RISKY_MOOD: u8 = 3;
/// The same neutral line goes out at most once in this time.
pub const RECEIPT_PAUSE: Duration = Duration::minutes(30);

/// How sure an intent must be to be answered, and how much surer for every Han character that nothing explains:
/// a word or two carry a short question, not a long one.
const SURE: f32 = 0.54;
/// See [`SURE`].
const UNREAD: f32 = 0.038;
/// A script must be ahead of the next that answers the same intent by this much.
const AHEAD: f32 = 0.01;

/// What the bot would say alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Alone {
    /// The most it might do about these intents.
    pub policy: Policy,
    /// What came of it.
    pub verdict: Verdict,
    /// The intent that decided.
    pub intent: Option<IntentId>,
    /// The words.
    pub line: Option<Line>,
}

/// Words for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The script they come from (the first, when two answers are joined).
    pub script: ScriptId,
    /// Whether they end the turn.
    pub class: ReplyClass,
    /// The words.
    pub text: String,
}

/// What the bot would say alone about `turn` while nobody is in.
pub fn alone(filling: &Filling<'_>, turn: &LastTurn<'_>) -> Alone {
    speak(filling, turn, Purpose::Receipt)
}

/// What the bot would say alone in the place of agents who are busy: a safe answer or an honest receipt. Nothing
/// is registered over their heads.
pub fn rescued(filling: &Filling<'_>, turn: &LastTurn<'_>) -> Alone {
    let alone = speak(filling, turn, Purpose::Rescue);
    match alone.verdict {
        Verdict::Register => {
            let (verdict, line) = receipt(filling, turn, Purpose::Rescue);
            Alone {
                verdict,
                line,
                ..alone
            }
        }
        _ => alone,
    }
}

/// What the customer is told about when a human is there: the words for who asks outside the hours of duty are
/// the intent's own, if it has some.
pub fn handed_over(filling: &Filling<'_>, turn: &LastTurn<'_>) -> Alone {
    let Filling {
        knowledge,
        facts,
        coverage,
        ..
    } = *filling;
    let mut alone = Alone {
        policy: policy(filling),
        verdict: Verdict::Silent,
        intent: filling.reading.intents.first().map(|i| i.id.clone()),
        line: None,
    };
    if alone.policy == Policy::Silent {
        return alone;
    }
    let staffed = coverage.cover.is_staffed();
    let asked = filling
        .reading
        .intents
        .iter()
        .find(|read| read.id.as_str() == handoff::HUMAN)
        .filter(|_| !staffed && filling.reading.mood.level < RISKY_MOOD);
    let generic = |purpose| {
        knowledge
            .generic(purpose, &facts.shop, facts.platform, filling.now)
            .and_then(|script| line(filling, script, ReplyClass::Handoff))
    };
    let words = asked
        .and_then(|read| best(filling, &read.id, AutoUse::Register))
        .or_else(|| generic(Purpose::HandoffNow).filter(|_| staffed))
        .or_else(|| generic(Purpose::Handoff));
    match words {
        Some(line) if said_lately(filling, turn, &line.script) => {
            alone.verdict = Verdict::ReceiptCapped;
        }
        Some(line) => {
            alone.verdict = Verdict::Handoff;
            alone.line = Some(Line {
                class: ReplyClass::Handoff,
                ..line
            });
        }
        None => (alone.verdict, alone.line) = receipt(filling, turn, Purpose::Receipt),
    }
    alone
}

/// What the bot would say, after what stands for everybody.
fn speak(filling: &Filling<'_>, turn: &LastTurn<'_>, neutral: Purpose) -> Alone {
    let intents: Vec<&ReadIntent> = filling.reading.intents.iter().collect();
    let news = News::of(filling);
    let grave = |read: &&ReadIntent| handoff::is_grave(filling, &read.id);
    // Whoever threatens, or has a matter the bot may not speak about, gets a neutral receipt and nothing else.
    if news.is_empty() || filling.reading.mood.level >= RISKY_MOOD || intents.iter().any(grave) {
        return plain(filling, turn, &intents, neutral);
    }
    let answered = |read: &&ReadIntent| {
        news.answers(&read.id)
            && filling
                .knowledge
                .intent(&read.id)
                .is_some_and(|intent| intent.night >= Policy::Register)
    };
    let (told, rest): (Vec<&ReadIntent>, Vec<&ReadIntent>) =
        intents.into_iter().partition(answered);
    let unread = news.unread(filling);
    if !told.is_empty() && rest.iter().all(|read| is_courtesy(read)) {
        let mut alone = Alone {
            policy: Policy::Answer,
            verdict: Verdict::Announcement,
            intent: told.first().map(|i| i.id.clone()),
            line: unread.map(|unread| announcement(unread, ReplyClass::Content)),
        };
        if alone.line.is_none() {
            // He has read it and asks again: that is for a human.
            (alone.verdict, alone.line) = receipt(filling, turn, neutral);
        }
        return alone;
    }
    let mut alone = plain(filling, turn, &rest, neutral);
    match (&mut alone.line, unread) {
        (Some(line), Some(unread)) => line.text = format!("{}\n{}", unread.text, line.text),
        (None, Some(unread)) if !told.is_empty() && alone.policy > Policy::Silent => {
            alone.verdict = Verdict::Announcement;
            alone.line = Some(announcement(unread, ReplyClass::Receipt));
        }
        _ => {}
    }
    alone
}

fn announcement(unread: Unread, class: ReplyClass) -> Line {
    Line {
        script: unread.script,
        class,
        text: unread.text,
    }
}

/// What the bot would say about some of the turn's intents, from the scripts.
fn plain(
    filling: &Filling<'_>,
    turn: &LastTurn<'_>,
    intents: &[&ReadIntent],
    neutral: Purpose,
) -> Alone {
    let policy = policy_of(filling, intents);
    let mut alone = Alone {
        policy,
        verdict: Verdict::Silent,
        intent: intents.first().map(|i| i.id.clone()),
        line: None,
    };
    if policy == Policy::Silent {
        return alone;
    }
    if policy == Policy::Answer
        && let Some(line) = answer(filling, intents)
    {
        if !already_said(filling, turn, &line) {
            alone.verdict = Verdict::Answer;
            alone.line = Some(line);
            return alone;
        }
        // A courtesy need not be repeated; a question asked again after its answer is for a human.
        if intents.iter().all(|read| is_courtesy(read)) {
            return alone;
        }
    } else if policy >= Policy::Register
        && intents.iter().any(|read| matters(filling, read))
        && let Some(line) = register(filling, intents)
        && !already_said(filling, turn, &line)
    {
        alone.verdict = Verdict::Register;
        alone.line = Some(line);
        return alone;
    }
    (alone.verdict, alone.line) = receipt(filling, turn, neutral);
    alone
}

/// Whether an intent asks for nothing: a greeting, a thank-you.
pub fn is_courtesy(intent: &ReadIntent) -> bool {
    matches!(intent.id.as_str(), "oth.greet" | "oth.thanks")
}

/// The most the bot might do about what was understood.
pub fn policy(filling: &Filling<'_>) -> Policy {
    policy_of(filling, &filling.reading.intents.iter().collect::<Vec<_>>())
}

fn policy_of(filling: &Filling<'_>, intents: &[&ReadIntent]) -> Policy {
    let of_intents = intents
        .iter()
        .filter_map(|read| filling.knowledge.intent(&read.id))
        .map(|intent| intent.night)
        .min()
        .unwrap_or(Policy::Receipt);
    if filling.reading.mood.level >= RISKY_MOOD {
        return of_intents.min(Policy::Receipt);
    }
    // Nothing is registered for who only asks: an answer is what he waits for, and it waits for a human.
    let of_intents = match of_intents {
        Policy::Register if !intents.iter().any(|read| matters(filling, read)) => Policy::Receipt,
        policy => policy,
    };
    let clear = filling.reading.intents.len() > 1
        || filling.reading.margin >= filling.knowledge.ranking().margin;
    match of_intents {
        Policy::Answer if !clear => Policy::Receipt,
        policy => policy,
    }
}

/// The answers to every intent of the turn, at most two, joined; `None` when one of them has none.
fn answer(filling: &Filling<'_>, intents: &[&ReadIntent]) -> Option<Line> {
    let mut lines = intents.iter().map(|read| {
        let sure = read.score >= SURE + UNREAD * filling.reading.unread as f32;
        let asks = read.asked && read.want != Want::Earlier;
        (sure && (asks || is_courtesy(read))).then(|| said(filling, &read.id))?
    });
    let mut line = lines.next()??;
    if let Some(second) = lines.next() {
        let second = second?;
        if lines.next().is_some() {
            return None;
        }
        if second.text != line.text {
            line.text = format!("{}\n{}", line.text, second.text);
        }
    }
    Some(line)
}

/// The words that answer an intent: those of the script that asks for a word that was said, or else of the one
/// that answers the intent as such. `None` when that is not for the bot to say, or when two could be meant.
fn said(filling: &Filling<'_>, intent: &IntentId) -> Option<Line> {
    let mut of_intent = filling
        .reading
        .scripts
        .iter()
        .filter_map(|read| Some((read, filling.knowledge.script(&read.id)?)))
        .filter(|(_, script)| script.intent.as_ref() == Some(intent));
    let answer = |(read, script): (&ReadScript, &Script)| {
        let may = read.fits && script.auto == AutoUse::Answer;
        may.then(|| line(filling, script, ReplyClass::Content))?
    };
    let mut named = of_intent
        .clone()
        .filter(|(read, _)| read.mentioned == Some(true))
        .peekable();
    if named.peek().is_some() {
        // Where words for a wish or for an agent's own reply were said too, the careful one holds.
        let careful = named
            .clone()
            .any(|(_, script)| script.auto != AutoUse::Answer);
        return named.next().filter(|_| !careful).and_then(answer);
    }
    let general = of_intent.by_ref().filter(|(read, script)| {
        read.mentioned.is_none() && script.auto == AutoUse::Answer && read.fits
    });
    let mut lines = general.filter_map(|found| Some((found.0.score, answer(found)?)));
    let (best, line) = lines.next()?;
    lines
        .next()
        .is_none_or(|(second, other)| best - second >= AHEAD || other.text == line.text)
        .then_some(line)
}

fn register(filling: &Filling<'_>, intents: &[&ReadIntent]) -> Option<Line> {
    intents
        .iter()
        .filter(|read| {
            filling
                .knowledge
                .intent(&read.id)
                .is_some_and(|intent| intent.night == Policy::Register)
        })
        .chain(intents)
        .find_map(|read| best(filling, &read.id, AutoUse::Register))
}

/// The best script of an intent that may be used so, with every needed blank filled and nothing forbidden.
/// What is registered depends on the intent, not on how near a script's own sentences are.
fn best(filling: &Filling<'_>, intent: &IntentId, use_as: AutoUse) -> Option<Line> {
    let usable = |script: &&Script| {
        script.intent.as_ref() == Some(intent)
            && script.auto == use_as
            && script.counts(&filling.facts.shop, filling.facts.platform, filling.now)
    };
    let ranked = filling
        .reading
        .scripts
        .iter()
        .filter_map(|read| filling.knowledge.script(&read.id))
        .filter(usable);
    let class = match use_as {
        AutoUse::Receipt => ReplyClass::Receipt,
        _ => ReplyClass::Content,
    };
    ranked
        .chain(filling.knowledge.scripts_of(intent).filter(usable))
        .find_map(|script| line(filling, script, class))
}

/// A line that commits to nothing, unless one went out lately.
fn receipt(
    filling: &Filling<'_>,
    turn: &LastTurn<'_>,
    neutral: Purpose,
) -> (Verdict, Option<Line>) {
    let facts = filling.facts;
    let lately = facts.said.iter().any(|said| {
        said.claimed && said.class == ReplyClass::Receipt && turn.due() - said.at < RECEIPT_PAUSE
    });
    if lately {
        return (Verdict::ReceiptCapped, None);
    }
    let calm = filling.reading.mood.level < RISKY_MOOD;
    let generic = |purpose| {
        filling
            .knowledge
            .generic(purpose, &facts.shop, facts.platform, filling.now)
            .and_then(|script| line(filling, script, ReplyClass::Receipt))
    };
    let of_intent = || {
        filling
            .reading
            .intents
            .first()
            .filter(|_| calm)
            .and_then(|read| best(filling, &read.id, AutoUse::Receipt))
    };
    // What an intent says of the night would be no honest word to who is kept waiting by day.
    let words = match neutral {
        Purpose::Receipt => of_intent().or_else(|| generic(Purpose::Receipt)),
        purpose => generic(purpose).or_else(|| generic(Purpose::Receipt)),
    };
    match words {
        Some(line) => (Verdict::Receipt, Some(line)),
        None => (Verdict::Silent, None),
    }
}

fn line(filling: &Filling<'_>, script: &Script, class: ReplyClass) -> Option<Line> {
    let filled = filling.fill(script);
    let allowed = filled.missing.is_empty()
        && filling
            .knowledge
            .forbidden(&filled.text)
            .iter()
            .all(|finding| finding.ban < Ban::Confirm);
    allowed.then(|| Line {
        script: script.id.clone(),
        class,
        text: filled.text,
    })
}

/// The same line, which answers nothing, went out lately.
fn said_lately(filling: &Filling<'_>, turn: &LastTurn<'_>, script: &ScriptId) -> bool {
    filling
        .facts
        .said
        .iter()
        .any(|said| said.claimed && said.script == *script && turn.due() - said.at < RECEIPT_PAUSE)
}

/// The bot does not say a thing twice while nobody is in: who asks again needs a human.
fn already_said(filling: &Filling<'_>, turn: &LastTurn<'_>, line: &Line) -> bool {
    filling.facts.said.iter().any(|said| {
        said.claimed
            && said.script == line.script
            && (said.at >= filling.coverage.since || turn.due() - said.at < RECEIPT_PAUSE)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::desk::standing::Standing;
    use crate::{
        desk::{
            facts::{Facts, Seen},
            last_turn,
            testing::{moment, talk},
        },
        knowledge::{Knowledge, Platform, ShopId, files},
    };

    macro_rules! shop {
        ($($path:literal),+ $(,)?) => {
            vec![$(($path, include_str!(concat!("../../tests/stories/shop/", $path)))),+]
        };
    }

    /// The tea shop, with three more scripts about freight.
    fn house() -> Knowledge {
        let mut pairs = shop![
            "shops.yaml",
            "hours/weekly.csv",
            "intents/pre.freight.yaml",
            "intents/oth.greet.yaml",
            "scripts/freight.md",
            "scripts/greet.md",
            "scripts/receipt.md",
        ];
        pairs.extend([
            (
                "scripts/far.md",
                "---\n编号: far\n标题: 偏远地区运费\n意图: pre.freight\n提到: [西藏, [海岛, 加]]\n自动: 回答\n---\n西藏补15元。\n",
            ),
            (
                "scripts/abroad.md",
                "---\n编号: abroad\n标题: 海外运费\n意图: pre.freight\n提到: [海外]\n自动: 不自动\n---\n我问一下货代。\n",
            ),
        ]);
        Knowledge::load(&files(pairs)).unwrap().0
    }

    #[test]
    fn only_what_is_asked_is_answered_and_by_the_script_whose_words_were_said() {
        let house = house();
        for (said, expected) in [
            ("这个包邮吗", "answer freight"),
            ("寄西藏的运费是多少", "answer far"),
            ("发海岛运费要加多少", "answer far"),
            ("寄海外的运费是多少", "receipt sys-receipt"),
            ("西藏和海外的运费是多少", "receipt sys-receipt"),
            // Told, not asked.
            ("上回那单包邮", "receipt sys-receipt"),
            // How one order stands, no rule knows.
            ("多收的运费怎么还没退", "receipt sys-receipt"),
            // A word of the matter in a long sentence about something else.
            (
                "隔壁邻居昨晚敲门问包邮柜子旁边那盏灯坏掉没人修怎么办",
                "receipt sys-receipt",
            ),
            ("你好", "answer greet"),
        ] {
            let now = moment("23:30:00");
            let facts = Facts {
                seen: Seen {
                    conversation: 1,
                    facts: 1,
                    epoch: 1,
                },
                shop: ShopId::from("teahouse"),
                platform: Platform::Taobao,
                mode: None,
                stopped: false,
                standing: Standing::default(),
                ownership: None,
                lowered: None,
                order: None,
                messages: talk(&format!("customer 23:30:00 {said}")),
                open_cases: Vec::new(),
                said: Vec::new(),
            };
            let turn = last_turn(&facts.messages).unwrap();
            let reading = house.read(&turn.to_read(&facts.shop, facts.platform), now);
            let coverage = house.coverage(&facts.shop, now);
            let filling = Filling {
                knowledge: &house,
                facts: &facts,
                reading: &reading,
                coverage: &coverage,
                now,
            };
            let would = alone(&filling, &turn);
            let script = would
                .line
                .map_or(String::new(), |line| line.script.to_string());
            assert_eq!(
                format!("{} {script}", would.verdict.code()),
                expected,
                "{said}: {:?} unread {}",
                reading.intents,
                reading.unread
            );
        }
    }
}
