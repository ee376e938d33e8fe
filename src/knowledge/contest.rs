//! Who wins the sentences of the folder: those written down must be won by their owner, and an edit should
//! not change answers unseen.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};

use super::{
    known::{Owner, Sentence},
    problem::Place,
    reading::{Reading, Said, Turn},
    review::Review,
    script::Script,
    snapshot::Knowledge,
    text::normalise,
    words::{ContentKind, IntentId, Platform, ScriptId, ShopId, Speaker},
};

/// How many sentences are read at most, of each snapshot.
const SAMPLE: usize = 4000;
/// How many changes are listed at most.
const CHANGES: usize = 100;

/// Where and when a sentence is said.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Context {
    pub(super) shop: ShopId,
    platform: Platform,
    at: DateTime<Utc>,
}

impl Review<'_> {
    /// Sentences that are claimed twice; gives them back.
    pub(super) fn claims(&mut self) -> HashSet<String> {
        let knowledge = self.knowledge;
        let mut first: HashMap<String, Vec<&Sentence>> = HashMap::new();
        let mut doubled = HashSet::new();
        for sentence in knowledge.sentences.iter().filter(|s| s.wanted) {
            let text = normalise(&sentence.text);
            let earlier = first.entry(text.clone()).or_default();
            if let Some(other) = earlier
                .iter()
                .find(|other| rivals(knowledge, other, sentence))
            {
                self.warn(
                    &sentence.file,
                    sentence.place,
                    format!(
                        "“{}”有两处认领，{} 第 {} 行已经写了",
                        sentence.text, other.file, other.place.line
                    ),
                    "只留一处",
                );
                doubled.insert(text);
            } else if earlier.len() < 8 {
                earlier.push(sentence);
            }
        }
        doubled
    }

    /// Sentences whose owner does not win them, and sentences won by whom they must not.
    pub(super) fn winners(&mut self, doubled: &HashSet<String>) {
        let knowledge = self.knowledge;
        let all = knowledge.sentences.len();
        let step = all.div_ceil(SAMPLE).max(1);
        if step > 1 {
            self.warn(
                "scripts/",
                Place::FILE,
                format!("句子太多（{all} 句），这次每 {step} 句只检查了 1 句"),
                "",
            );
        }
        for sentence in knowledge.sentences.iter().step_by(step) {
            if sentence.wanted && doubled.contains(&normalise(&sentence.text)) {
                continue;
            }
            let owner = script_of(knowledge, &sentence.owner);
            let context = context(knowledge, owner, self.now);
            let reading = self.read(context, &sentence.text);
            let won = won(&reading, &sentence.owner);
            let text = &sentence.text;
            match (sentence.wanted, won) {
                (true, Some(true)) | (false, Some(false) | None) => {}
                (true, _) if stands_in(knowledge, &reading, &sentence.owner) => {}
                (true, _) => {
                    let winner = match &sentence.owner {
                        Owner::Intent(_) => reading
                            .intents
                            .first()
                            .map(|i| intent_name(knowledge, &i.id)),
                        Owner::Script(_) => reading
                            .scripts
                            .first()
                            .map(|s| script_name(knowledge, &s.id)),
                    };
                    let what = match winner {
                        Some(winner) => format!("“{text}”应该归这里，却被{winner}赢走"),
                        None => format!("“{text}”应该归这里，却没有认出来"),
                    };
                    let mend = "补上这句话里的关键词，或给赢走它的一方加“排除”；写错了地方就移过去";
                    self.warn(&sentence.file, sentence.place, what, mend);
                }
                (false, Some(true)) => self.warn(
                    &sentence.file,
                    sentence.place,
                    format!("“{text}”不该归这里，却还是归了这里"),
                    "给这里加“排除”，或把这句话写进它该去的意图的“问法”",
                ),
            }
        }
    }

    /// Answers that changed since the previous snapshot.
    pub(super) fn changes(&mut self, previous: &Knowledge) {
        let knowledge = self.knowledge;
        let wanted = |knowledge: &'_ Knowledge| -> Vec<Sentence> {
            let asked = knowledge.sentences.iter().filter(|s| s.wanted);
            let step = asked.clone().count().div_ceil(SAMPLE).max(1);
            asked.step_by(step).cloned().collect()
        };
        let texts = |knowledge: &Knowledge| -> HashSet<String> {
            knowledge
                .sentences
                .iter()
                .map(|s| normalise(&s.text))
                .collect()
        };
        let (old_texts, new_texts) = (texts(previous), texts(knowledge));
        let remembered = previous
            .answers
            .get()
            .filter(|answers| answers.hold(previous, self.now));
        let mut seen = BTreeSet::new();
        let mut changes: BTreeMap<(String, String, String), Vec<(Place, String)>> = BTreeMap::new();
        for sentence in wanted(knowledge).into_iter().chain(wanted(previous)) {
            let text = normalise(&sentence.text);
            if !seen.insert(text.clone()) {
                continue;
            }
            let context = context(knowledge, None, self.now);
            let before = remembered
                .and_then(|answers| answers.to(&context, &sentence.text))
                .unwrap_or_else(|| {
                    winner(&previous.read(&turn(&context, &sentence.text), context.at))
                });
            let after = winner(&self.read(context, &sentence.text));
            let was_nothing = before == (None, None) && !old_texts.contains(&text);
            if before == after || was_nothing {
                continue;
            }
            let at = if new_texts.contains(&text) {
                sentence.place
            } else {
                Place::FILE
            };
            let change = (
                sentence.file.to_string(),
                both_names(previous, &before),
                both_names(knowledge, &after),
            );
            changes.entry(change).or_default().push((at, sentence.text));
        }
        let more = changes.len().saturating_sub(CHANGES);
        for ((file, before, after), sentences) in changes.into_iter().take(CHANGES) {
            let count = sentences.len();
            let Some((at, text)) = sentences.into_iter().next() else {
                continue;
            };
            let which = if count > 1 {
                format!("“{text}”等 {count} 句话")
            } else {
                format!("“{text}”")
            };
            self.warn(
                &file,
                at,
                format!("{which}的回答变了：原来是{before}，现在是{after}"),
                "看看是不是您想要的",
            );
        }
        if more > 0 {
            let what = format!("另有 {more} 处回答变了，没有一一列出");
            self.warn("scripts/", Place::FILE, what, "");
        }
    }

    /// Who won what was read as of now.
    pub(super) fn answers(self) -> Answers {
        let now = self.now;
        Answers {
            at: now,
            winners: self
                .readings
                .into_iter()
                .filter(|((context, _), _)| context.at == now)
                .map(|((context, text), reading)| {
                    ((context.shop, context.platform, text), winner(&reading))
                })
                .collect(),
        }
    }

    fn read(&mut self, context: Context, text: &str) -> Reading {
        let knowledge = self.knowledge;
        self.readings
            .entry((context, text.to_owned()))
            .or_insert_with_key(|(context, text)| knowledge.read(&turn(context, text), context.at))
            .clone()
    }
}

/// Who won the sentences of a folder when it was reviewed, so that the review of the next version need not
/// read them with this one again.
pub(super) struct Answers {
    at: DateTime<Utc>,
    winners: HashMap<(ShopId, Platform, String), Winner>,
}

impl Answers {
    /// Whether no script has begun or ended since.
    fn hold(&self, knowledge: &Knowledge, now: DateTime<Utc>) -> bool {
        let since = self.at.min(now)..self.at.max(now);
        let mut dates = knowledge.scripts().iter().flat_map(|s| [s.from, s.until]);
        !dates.any(|date| {
            date.is_some_and(|date| since.contains(&(date - Duration::milliseconds(1))))
        })
    }

    fn to(&self, context: &Context, text: &str) -> Option<Winner> {
        let asked = (context.shop.clone(), context.platform, text.to_owned());
        self.winners.get(&asked).cloned()
    }
}

/// Where a script's own sentences are tried: a shop, a platform and a moment at which it counts, if there is one.
pub(super) fn context(
    knowledge: &Knowledge,
    script: Option<&Script>,
    now: DateTime<Utc>,
) -> Context {
    let fits = |platform: Platform| {
        script.is_none_or(|s| s.platforms.is_empty() || s.platforms.contains(&platform))
    };
    let shops = knowledge
        .shops()
        .iter()
        .filter(|shop| script.is_none_or(|s| s.shops.is_empty() || s.shops.contains(&shop.id)));
    let shop = shops
        .clone()
        .find(|shop| fits(shop.platform))
        .or_else(|| shops.clone().next());
    let platform = shop.map_or(Platform::Other, |shop| shop.platform);
    let platform = match script.and_then(|s| s.platforms.first()) {
        Some(first) if !fits(platform) => *first,
        _ => platform,
    };
    let mut at = now;
    if let Some(from) = script.and_then(|s| s.from) {
        at = at.max(from);
    }
    if let Some(until) = script.and_then(|s| s.until) {
        at = at.min(until - Duration::seconds(1));
    }
    Context {
        shop: shop.map_or_else(ShopId::unassigned, |shop| shop.id.clone()),
        platform,
        at,
    }
}

fn turn(context: &Context, text: &str) -> Turn {
    Turn {
        shop: context.shop.clone(),
        platform: context.platform,
        before: Vec::new(),
        bursts: vec![vec![Said {
            speaker: Speaker::Customer,
            kind: ContentKind::Text,
            text: text.to_owned(),
            at: context.at,
        }]],
    }
}

/// Whether two owners of one sentence are in each other's way.
fn rivals(knowledge: &Knowledge, one: &Sentence, other: &Sentence) -> bool {
    if one.owner == other.owner {
        return false;
    }
    let intent = |owner: &Owner| match owner {
        Owner::Intent(id) => Some(id.clone()),
        Owner::Script(_) => script_of(knowledge, owner).and_then(|script| script.intent.clone()),
    };
    match (
        script_of(knowledge, &one.owner),
        script_of(knowledge, &other.owner),
    ) {
        (Some(one), Some(other)) => together(one, other),
        _ => intent(&one.owner) != intent(&other.owner),
    }
}

fn script_of<'k>(knowledge: &'k Knowledge, owner: &Owner) -> Option<&'k Script> {
    match owner {
        Owner::Script(id) => knowledge.script(id),
        Owner::Intent(_) => None,
    }
}

fn is_dated(script: &Script) -> bool {
    script.from.is_some() || script.until.is_some()
}

/// Whether the best script stands in for the owner, for a time.
fn stands_in(knowledge: &Knowledge, reading: &Reading, owner: &Owner) -> bool {
    let best = reading
        .scripts
        .first()
        .and_then(|best| knowledge.script(&best.id));
    match (best, script_of(knowledge, owner)) {
        (Some(best), Some(own)) => {
            is_dated(best) && best.intent.is_some() && best.intent == own.intent
        }
        _ => false,
    }
}

/// Whether two scripts ever count in the same place and time.
fn together(one: &Script, other: &Script) -> bool {
    fn meet<T: PartialEq>(a: &[T], b: &[T]) -> bool {
        a.is_empty() || b.is_empty() || a.iter().any(|item| b.contains(item))
    }
    let before = |a: &Script, b: &Script| matches!((a.until, b.from), (Some(until), Some(from)) if until <= from);
    // A dated script is meant to stand in for one that always holds.
    meet(&one.shops, &other.shops)
        && meet(&one.platforms, &other.platforms)
        && !before(one, other)
        && !before(other, one)
        && is_dated(one) == is_dated(other)
}

/// Whether an owner wins: `None` when it is not even among the winners. Equals share the first place.
fn won(reading: &Reading, owner: &Owner) -> Option<bool> {
    const EQUAL: f32 = 1e-4;
    match owner {
        Owner::Intent(id) => {
            let best = reading.intents.first()?;
            let own = reading.intents.iter().find(|intent| intent.id == *id)?;
            Some(own.id == best.id || own.score >= best.score - EQUAL)
        }
        Owner::Script(id) => {
            let best = reading.scripts.first()?;
            let own = reading.scripts.iter().find(|script| script.id == *id)?;
            Some(own.id == best.id || own.score >= best.score - EQUAL)
        }
    }
}

type Winner = (Option<IntentId>, Option<ScriptId>);

fn winner(reading: &Reading) -> Winner {
    (
        reading.intents.first().map(|intent| intent.id.clone()),
        reading.scripts.first().map(|script| script.id.clone()),
    )
}

fn intent_name(knowledge: &Knowledge, id: &IntentId) -> String {
    match knowledge.intent(id) {
        Some(intent) => format!("意图“{}”（{id}）", intent.name),
        None => format!("意图 {id}"),
    }
}

fn script_name(knowledge: &Knowledge, id: &ScriptId) -> String {
    match knowledge.script(id) {
        Some(script) => format!("话术“{}”（{id}）", script.title),
        None => format!("话术 {id}"),
    }
}

fn both_names(knowledge: &Knowledge, winner: &Winner) -> String {
    match winner {
        (None, None) => "没有认出来".to_owned(),
        (Some(intent), None) => intent_name(knowledge, intent),
        (None, Some(script)) => script_name(knowledge, script),
        (Some(intent), Some(script)) => {
            format!(
                "{}、{}",
                intent_name(knowledge, intent),
                script_name(knowledge, script)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::knowledge::reading::{ReadIntent, ReadScript};

    #[test]
    fn the_first_wins_and_equals_share() {
        let intent = |id: &str, score| ReadIntent {
            id: id.into(),
            score,
            want: crate::knowledge::reading::Want::Done,
            asked: true,
        };
        let script = |id: &str, score| ReadScript {
            id: id.into(),
            score,
            near: score,
            grounds: score,
            mentioned: None,
            fits: true,
        };
        let reading = Reading {
            intents: vec![intent("a", 0.9), intent("b", 0.5)],
            scripts: vec![script("x", 0.9), script("y", 0.9), script("z", 0.8)],
            ..Reading::default()
        };
        for (owner, expected) in [
            (Owner::Intent("a".into()), Some(true)),
            (Owner::Intent("b".into()), Some(false)),
            (Owner::Intent("c".into()), None),
            (Owner::Script("x".into()), Some(true)),
            (Owner::Script("y".into()), Some(true)),
            (Owner::Script("z".into()), Some(false)),
        ] {
            assert_eq!(won(&reading, &owner), expected, "{owner:?}");
        }
        assert_eq!(won(&Reading::default(), &Owner::Intent("a".into())), None);
    }
}
