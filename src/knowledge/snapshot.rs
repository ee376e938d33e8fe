//! The snapshot: all that a folder says, immutable, named by the hash of its files.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::OnceLock,
};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sha2::{Digest, Sha256};

use super::{
    arrangement::Arrangement,
    case_kind::CaseKind,
    contest::Answers,
    counters::CounterRule,
    dates::instant,
    due::Due,
    forbidden::{Bans, Finding},
    hours::{Coverage, Hours, Plan, Stay},
    intent::{Intent, Span},
    known::Sentence,
    load,
    mood::MoodWord,
    note_rules::NoteRules,
    problem::{Problem, Severity},
    promises::PromiseRules,
    ranking::Ranking,
    reader::Reader,
    reading::{Reading, Turn},
    script::Script,
    shop::Shop,
    words::{CaseKindId, IntentId, Platform, Purpose, ScriptId, ShopId},
};

/// The folder's files: path relative to the folder with `/`, and raw bytes.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A folder from pairs of path and text.
pub fn files<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Files {
    pairs
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
        .collect()
}

/// The hash of a folder's files (hex of SHA-256 over paths and contents), shown short.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Version(pub String);

impl Version {
    /// The version of a folder. Files that are ignored do not count.
    pub fn of(files: &Files) -> Self {
        let mut hash = Sha256::new();
        for (path, bytes) in files.iter().filter(|(path, _)| !load::is_ignored(path)) {
            for part in [path.as_bytes(), bytes] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        Self(
            hash.finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        )
    }

    /// Enough of it for people.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

/// All that a folder says.
pub struct Knowledge {
    version: Version,
    shops: Vec<Shop>,
    unassigned: Shop,
    intents: Vec<Intent>,
    scripts: Vec<Script>,
    case_kinds: Vec<CaseKind>,
    shop_index: HashMap<ShopId, usize>,
    intent_index: HashMap<IntentId, usize>,
    script_index: HashMap<ScriptId, usize>,
    of_intent: HashMap<IntentId, Vec<usize>>,
    case_index: HashMap<CaseKindId, usize>,
    accounts: HashMap<(String, String), ShopId>,
    /// Scripts of the house's generic lines, the most particular first.
    generic: Vec<usize>,
    hours: Hours,
    bans: Bans,
    mood: Vec<MoodWord>,
    spelling: Vec<(String, String)>,
    ranking: Ranking,
    promises: PromiseRules,
    notes: NoteRules,
    counters: Vec<CounterRule>,
    reader: Reader,
    pub(super) sentences: Vec<Sentence>,
    /// Known once it was reviewed.
    pub(super) answers: OnceLock<Answers>,
}

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Knowledge")
            .field("version", &self.version)
            .field("shops", &self.shops.len())
            .field("intents", &self.intents.len())
            .field("scripts", &self.scripts.len())
            .field("case_kinds", &self.case_kinds.len())
            .finish_non_exhaustive()
    }
}

impl Knowledge {
    /// Reads a folder: a snapshot and what somebody should look at, or, when anything is wrong, every
    /// problem of every file, sorted by file and line.
    ///
    /// What takes longer to find out is told by [`Knowledge::review`].
    ///
    /// # Errors
    /// The problems, of which at least one is an error.
    pub fn load(files: &Files) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let (loaded, problems) = load::load(files);
        if problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
        {
            return Err(problems);
        }
        let load::Loaded {
            shops,
            intents,
            scripts,
            case_kinds,
            hours,
            forbidden,
            mood,
            spelling,
            ranking,
            promises,
            notes,
            counters,
            sentences,
        } = loaded;
        let reader = Reader::build(&intents, &scripts, &mood, &spelling, ranking);
        let mut generic: Vec<usize> = (0..scripts.len())
            .filter(|at| scripts[*at].purpose.is_some())
            .collect();
        generic.sort_by_key(|at| {
            let script = &scripts[*at];
            (
                script.shops.is_empty(),
                script.platforms.is_empty(),
                script.from.is_none() && script.until.is_none(),
                script.id.clone(),
            )
        });
        let accounts = shops
            .iter()
            .flat_map(|shop| {
                shop.accounts
                    .iter()
                    .map(|account| (account.clone(), shop.id.clone()))
            })
            .collect();
        let knowledge = Self {
            version: Version::of(files),
            shop_index: index(&shops, |shop| shop.id.clone()),
            intent_index: index(&intents, |intent| intent.id.clone()),
            script_index: index(&scripts, |script| script.id.clone()),
            of_intent: by_intent(&scripts),
            case_index: index(&case_kinds, |kind| kind.id.clone()),
            unassigned: Shop::unassigned(),
            accounts,
            generic,
            hours,
            bans: Bans::new(forbidden),
            reader,
            shops,
            intents,
            scripts,
            case_kinds,
            mood,
            spelling,
            ranking,
            promises: promises.unwrap_or_else(|| PromiseRules::shipped().clone()),
            notes,
            counters,
            sentences,
            answers: OnceLock::new(),
        };
        Ok((knowledge, problems))
    }

    /// Whether a file of the folder is nobody's business: the guide, drafts, editors' temporary files.
    pub fn ignores(path: &str) -> bool {
        load::is_ignored(path)
    }

    /// The name of this snapshot.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// What a turn says, as of a moment.
    pub fn read(&self, turn: &Turn, at: DateTime<Utc>) -> Reading {
        self.reader.read(turn, at)
    }

    /// Every shop, in the order of the file.
    pub fn shops(&self) -> &[Shop] {
        &self.shops
    }

    /// A shop.
    pub fn shop(&self, id: &ShopId) -> Option<&Shop> {
        self.shop_index.get(id).and_then(|at| self.shops.get(*at))
    }

    /// A shop, or for an unknown id the one that stands for accounts nobody has claimed (未分配).
    pub fn shop_or_default(&self, id: &ShopId) -> &Shop {
        self.shop(id).unwrap_or(&self.unassigned)
    }

    /// The shop to which an account of a source belongs; [`ShopId::unassigned`] when to none.
    pub fn shop_of(&self, source: &str, account: &str) -> ShopId {
        self.accounts
            .get(&(source.to_owned(), account.to_owned()))
            .cloned()
            .unwrap_or_else(ShopId::unassigned)
    }

    /// The id of every shop, the one of unclaimed accounts among them.
    pub fn shop_ids(&self) -> Vec<ShopId> {
        self.shops
            .iter()
            .map(|shop| shop.id.clone())
            .chain([ShopId::unassigned()])
            .collect()
    }

    /// The month of a moment in a shop's zone as case numbers show it: `2611` for November 2026.
    pub fn month(&self, shop: &ShopId, at: DateTime<Utc>) -> String {
        let zone = self.shop_or_default(shop).zone;
        at.with_timezone(&zone).format("%y%m").to_string()
    }

    /// Every intent, by file.
    pub fn intents(&self) -> &[Intent] {
        &self.intents
    }

    /// An intent.
    pub fn intent(&self, id: &IntentId) -> Option<&Intent> {
        self.intent_index
            .get(id)
            .and_then(|at| self.intents.get(*at))
    }

    /// Every script, by file.
    pub fn scripts(&self) -> &[Script] {
        &self.scripts
    }

    /// A script.
    pub fn script(&self, id: &ScriptId) -> Option<&Script> {
        self.script_index
            .get(id)
            .and_then(|at| self.scripts.get(*at))
    }

    /// The scripts of an intent, by file.
    pub fn scripts_of(&self, intent: &IntentId) -> impl Iterator<Item = &Script> {
        self.of_intent
            .get(intent)
            .into_iter()
            .flatten()
            .filter_map(|at| self.scripts.get(*at))
    }

    /// The house's generic line for a purpose: the shop's own before the platform's before everybody's, a
    /// dated one before one that always holds.
    pub fn generic(
        &self,
        purpose: Purpose,
        shop: &ShopId,
        platform: Platform,
        at: DateTime<Utc>,
    ) -> Option<&Script> {
        self.generics()
            .find(|script| script.purpose == Some(purpose) && script.counts(shop, platform, at))
    }

    /// The house's generic lines, the most particular first.
    pub fn generics(&self) -> impl Iterator<Item = &Script> {
        self.generic.iter().filter_map(|at| self.scripts.get(*at))
    }

    /// Every case kind, by file.
    pub fn case_kinds(&self) -> &[CaseKind] {
        &self.case_kinds
    }

    /// A case kind.
    pub fn case_kind(&self, id: &CaseKindId) -> Option<&CaseKind> {
        self.case_index
            .get(id)
            .and_then(|at| self.case_kinds.get(*at))
    }

    /// Who answers in a shop at a moment by its tables alone, why, since and until when.
    pub fn coverage(&self, shop: &ShopId, at: DateTime<Utc>) -> Coverage {
        self.coverage_with(shop, at, &[])
    }

    /// Who answers in a shop at a moment, why, since and until when, with what was arranged by hand.
    ///
    /// Arrangements come in the order in which they were made: of two about the same agent, or about the whole
    /// shop, the later one holds. A lunch holds beside them.
    pub fn coverage_with(
        &self,
        shop: &ShopId,
        at: DateTime<Utc>,
        arrangements: &[Arrangement],
    ) -> Coverage {
        self.hours.of(shop).coverage(at, arrangements)
    }

    /// Whether an agent is on duty in a shop; `None` when neither the tables nor the arrangements name him, so
    /// that nothing is known of him.
    pub fn on_duty(
        &self,
        shop: &ShopId,
        agent: &str,
        at: DateTime<Utc>,
        arrangements: &[Arrangement],
    ) -> Option<bool> {
        self.hours.of(shop).on_duty(agent, at, arrangements)
    }

    /// Whether an agent may leave a shop from one moment until another, given what was arranged already.
    ///
    /// # Errors
    /// The row by which too few would stay.
    pub fn may_leave(
        &self,
        shop: &ShopId,
        agent: &str,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        arrangements: &[Arrangement],
    ) -> Result<(), Stay> {
        self.hours
            .of(shop)
            .may_leave(agent, from, until, arrangements)
    }

    /// What the dated table calls a date in a shop: 国庆, 国庆调休（按周三）, 双11.
    pub fn called(&self, shop: &ShopId, date: NaiveDate) -> &[String] {
        self.hours.of(shop).names_of(date)
    }

    /// Who is written down as on duty in a shop at a moment; empty when the table names nobody.
    pub fn people(&self, shop: &ShopId, at: DateTime<Utc>) -> Vec<&str> {
        self.hours.of(shop).people(at)
    }

    /// The moment when `minutes` of staffed time have passed in a shop since `from` by its tables alone, at most a
    /// year later; plain time where nobody is ever on duty.
    pub fn staffed_after(&self, shop: &ShopId, from: DateTime<Utc>, minutes: u32) -> DateTime<Utc> {
        self.staffed_after_with(shop, from, minutes, &[])
    }

    /// The same with what was arranged by hand, as [`Knowledge::coverage_with`] takes it: no time passes while the
    /// shop is closed by hand, and some does while somebody is in whom no table names.
    pub fn staffed_after_with(
        &self,
        shop: &ShopId,
        from: DateTime<Utc>,
        minutes: u32,
        arrangements: &[Arrangement],
    ) -> DateTime<Utc> {
        self.hours
            .of(shop)
            .staffed_after(from, minutes, arrangements)
    }

    /// When something that begins at `from` is due by the tables alone: minutes in the shop's staffed time, or in
    /// plain time with `any_hour`; working days until the end of the last of them.
    pub fn due(
        &self,
        shop: &ShopId,
        from: DateTime<Utc>,
        span: Span,
        any_hour: bool,
    ) -> DateTime<Utc> {
        self.due_with(shop, from, span, any_hour, &[])
    }

    /// The same with what was arranged by hand. A day on which nobody is left on duty is no working day; somebody
    /// who comes in on a day off does not make it one.
    pub fn due_with(
        &self,
        shop: &ShopId,
        from: DateTime<Utc>,
        span: Span,
        any_hour: bool,
        arrangements: &[Arrangement],
    ) -> DateTime<Utc> {
        self.hours.of(shop).due(from, span, any_hour, arrangements)
    }

    /// When something that begins at `from` is due by a rule of a case kind, with what was arranged by hand.
    pub fn due_by(
        &self,
        shop: &ShopId,
        from: DateTime<Utc>,
        rule: Due,
        any_hour: bool,
        arrangements: &[Arrangement],
    ) -> DateTime<Utc> {
        self.hours
            .of(shop)
            .due_by(from, rule, any_hour, arrangements)
    }

    /// A moment as a shop would say it at `now`: 现在, 今天13:30, 明天9:00, 周三9:00, 3月2日9:00.
    pub fn moment(&self, shop: &ShopId, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
        self.hours.of(shop).moment(at, now)
    }

    /// What must not be said in one of our texts, each row once, the strictest first.
    pub fn forbidden(&self, text: &str) -> Vec<Finding> {
        self.bans
            .find(text)
            .into_iter()
            .map(Finding::from)
            .collect()
    }

    /// The rows of `rules/mood.csv`.
    pub fn mood_words(&self) -> &[MoodWord] {
        &self.mood
    }

    /// The rows of `rules/spelling.csv`: what is written and what is meant.
    pub fn spelling(&self) -> &[(String, String)] {
        &self.spelling
    }

    /// What the house calls a promise.
    pub fn promises(&self) -> &PromiseRules {
        &self.promises
    }

    /// The moment at which the wall clock of a shop's zone shows a time, or first shows more.
    pub fn at_wall(&self, shop: &ShopId, local: NaiveDateTime) -> DateTime<Utc> {
        instant(self.shop_or_default(shop).zone, local)
    }

    /// The rows of `rules/counters.csv`.
    pub fn counters(&self) -> &[CounterRule] {
        &self.counters
    }

    /// The rows of `rules/notes.csv`.
    pub(super) fn note_rules(&self) -> &NoteRules {
        &self.notes
    }

    /// The days of a shop.
    pub(super) fn plan_of(&self, shop: &ShopId) -> &Plan {
        self.hours.of(shop)
    }

    /// The weights and thresholds.
    pub fn ranking(&self) -> Ranking {
        self.ranking
    }
}

fn by_intent(scripts: &[Script]) -> HashMap<IntentId, Vec<usize>> {
    let mut places: HashMap<IntentId, Vec<usize>> = HashMap::new();
    for (at, script) in scripts.iter().enumerate() {
        if let Some(intent) = &script.intent {
            places.entry(intent.clone()).or_default().push(at);
        }
    }
    places
}

fn index<T, K: std::hash::Hash + Eq>(items: &[T], key: impl Fn(&T) -> K) -> HashMap<K, usize> {
    items
        .iter()
        .enumerate()
        .map(|(at, item)| (key(item), at))
        .collect()
}
