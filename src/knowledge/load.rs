//! One pass over the folder: every file is read, and every problem of every file is told at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    blank::{Blanks, FROM_CUSTOMER, FROM_HOUSE},
    case_kind::{self, CaseKind},
    counters::{self, CounterRule},
    decode,
    forbidden::{self, ForbiddenWord},
    hours::{Hours, roster},
    intent::{self, Intent, stem},
    known::{Known, Sentence},
    mood::MoodWord,
    note_rules::{self, NoteRules},
    problem::{Place, Problem, Report, Severity, nearest},
    promises::{self, PromiseRules},
    ranking::Ranking,
    rules,
    script::{self, Script},
    shop::{self, Shop},
    snapshot::Files,
    yaml::{self, Key},
};

/// All that was read.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) shops: Vec<Shop>,
    pub(super) intents: Vec<Intent>,
    pub(super) scripts: Vec<Script>,
    pub(super) case_kinds: Vec<CaseKind>,
    pub(super) hours: Hours,
    pub(super) forbidden: Vec<ForbiddenWord>,
    pub(super) mood: Vec<MoodWord>,
    pub(super) spelling: Vec<(String, String)>,
    pub(super) ranking: Ranking,
    /// `None`: the folder has no such file.
    pub(super) promises: Option<PromiseRules>,
    pub(super) notes: NoteRules,
    pub(super) counters: Vec<CounterRule>,
    pub(super) sentences: Vec<Sentence>,
}

/// Where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Room {
    Shops,
    Intent,
    Script,
    CaseKind,
    Weekly,
    Holidays,
    Forbidden,
    Mood,
    Spelling,
    Ranking,
    Promises,
    Notes,
    Counters,
}

impl Room {
    fn of(path: &str) -> Option<Self> {
        Some(match path {
            "shops.yaml" => Self::Shops,
            "hours/weekly.csv" => Self::Weekly,
            "hours/holidays.csv" => Self::Holidays,
            "rules/forbidden.csv" => Self::Forbidden,
            "rules/mood.csv" => Self::Mood,
            "rules/spelling.csv" => Self::Spelling,
            "rules/ranking.yaml" => Self::Ranking,
            "rules/promises.yaml" => Self::Promises,
            "rules/notes.csv" => Self::Notes,
            "rules/counters.csv" => Self::Counters,
            _ => match path.split_once('/')? {
                ("intents", name) if !name.contains('/') && name.ends_with(".yaml") => Self::Intent,
                ("cases", name) if !name.contains('/') && name.ends_with(".yaml") => Self::CaseKind,
                ("scripts", name) if name.ends_with(".md") => Self::Script,
                _ => return None,
            },
        })
    }

    fn is_table(self) -> bool {
        matches!(
            self,
            Self::Weekly
                | Self::Holidays
                | Self::Forbidden
                | Self::Mood
                | Self::Spelling
                | Self::Notes
                | Self::Counters
        )
    }
}

const PLACES: &[&str] = &[
    "shops.yaml",
    "intents/<编号>.yaml",
    "scripts/<文件夹>/<名称>.md",
    "cases/<名称>.yaml",
    "hours/weekly.csv",
    "hours/holidays.csv",
    "rules/forbidden.csv",
    "rules/mood.csv",
    "rules/spelling.csv",
    "rules/ranking.yaml",
    "rules/promises.yaml",
    "rules/notes.csv",
    "rules/counters.csv",
];

/// Whether a path is nobody's business: guides, hidden and half-saved files, and what waits to be sorted in.
pub(super) fn is_ignored(path: &str) -> bool {
    path.starts_with("待处理/")
        || path.split('/').any(|part| part.starts_with(['.', '~']))
        || path.ends_with('~')
        || path.ends_with(".tmp")
        || path.ends_with(".swp")
        || path == "README.md"
        || path.ends_with("/README.md")
}

/// Reads the folder. The problems come sorted by file and line; any error among them means that what was
/// read must not be used.
pub(super) fn load(files: &Files) -> (Loaded, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut rooms: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
    let mut size = 0;
    for (path, bytes) in files.iter().filter(|(path, _)| !is_ignored(path)) {
        let mut report = Report::of(path, &mut problems);
        let Some(room) = Room::of(path) else {
            let (what, mend) = stranger(path);
            report.error(Place::FILE, what, mend);
            continue;
        };
        size += bytes.len();
        if size > decode::FOLDER_LIMIT {
            report.error(
                Place::FILE,
                "整个文件夹超过 64 MB，从这个文件起没有读",
                "删掉不用的文件",
            );
            break;
        }
        if let Some(text) = decode::text(bytes, room.is_table(), &mut report) {
            rooms
                .entry(room.name())
                .or_default()
                .push((path, text.into_owned()));
        }
    }
    let mut known = Known::default();
    let mut loaded = Loaded::default();
    let mut read = Reading {
        rooms: &rooms,
        problems: &mut problems,
    };

    read.yaml(Room::Shops, shop::KEYS, true, |_, root, report| {
        loaded.shops = shop::read(root, report);
    });
    let broken = |p: &Problem| p.file == "shops.yaml" && p.severity == Severity::Error;
    known.shops_unread = loaded.shops.is_empty() || read.problems.iter().any(broken);
    known.shops = loaded
        .shops
        .iter()
        .map(|shop| (shop.id.clone(), shop.zone))
        .collect();
    let said_or_known = FROM_CUSTOMER
        .iter()
        .chain(FROM_HOUSE)
        .map(|s| (*s).to_owned());
    let values = loaded
        .shops
        .iter()
        .flat_map(|shop| shop.values.keys().cloned());
    known.blanks = Blanks {
        names: said_or_known.chain(values).collect(),
        unread: known.shops_unread,
    };

    // A file that cannot be read still names its intent or case kind, so that one broken file is one
    // problem and not one more in every file that mentions it.
    read.yaml(
        Room::CaseKind,
        &[case_kind::KEYS],
        false,
        |file, root, report| {
            loaded
                .case_kinds
                .extend(case_kind::read(file, root, &mut known, report));
        },
    );
    let kinds = loaded
        .case_kinds
        .iter()
        .map(|kind| (kind.id.as_str(), kind.file.as_str()));
    known.case_kinds = names(files, Room::CaseKind, kinds);
    read.yaml(
        Room::Intent,
        &[intent::KEYS],
        false,
        |file, root, report| {
            loaded
                .intents
                .extend(intent::read(file, root, &mut known, report));
        },
    );
    let intents = loaded
        .intents
        .iter()
        .map(|intent| (intent.id.as_str(), intent.file.as_str()));
    known.intents = names(files, Room::Intent, intents);
    read.each(Room::Script, |file, text, report| {
        loaded
            .scripts
            .extend(script::read(file, text, &mut known, report));
    });
    let mut weekly = Vec::new();
    let mut dated = Vec::new();
    read.each(Room::Weekly, |_, text, report| {
        weekly = roster::weekly(text, &known, report)
    });
    read.each(Room::Holidays, |_, text, report| {
        dated = roster::dated(text, &known, report)
    });
    read.each(Room::Forbidden, |_, text, report| {
        loaded.forbidden = forbidden::read(text, report)
    });
    read.each(Room::Mood, |_, text, report| {
        loaded.mood = rules::mood(text, report)
    });
    read.each(Room::Spelling, |_, text, report| {
        loaded.spelling = rules::spelling(text, report)
    });
    read.yaml(
        Room::Ranking,
        &[rules::RANKING],
        false,
        |_, root, report| {
            loaded.ranking = rules::ranking(root, report);
        },
    );
    read.yaml(Room::Promises, promises::KEYS, true, |_, root, report| {
        loaded.promises = Some(promises::read(root, Some(&known.case_kinds), report));
    });
    read.each(Room::Notes, |_, text, report| {
        loaded.notes = note_rules::read(text, &known, report)
    });
    read.each(Room::Counters, |_, text, report| {
        loaded.counters = counters::read(text, &mut known, report)
    });
    loaded.hours = Hours::new(&loaded.shops, &weekly, &dated);
    loaded.sentences = known.sentences;

    least(files, &mut problems);
    let errors = problems.iter().any(|p| p.severity == Severity::Error);
    if !errors {
        let Loaded { hours, shops, .. } = &loaded;
        hours.check(shops, &weekly, &dated, &mut problems);
    }
    problems.sort_by(|a, b| {
        (&a.file, a.line, a.column, b.severity).cmp(&(&b.file, b.line, b.column, a.severity))
    });
    (loaded, problems)
}

impl Room {
    fn name(self) -> &'static str {
        match self {
            Self::Shops => "shops",
            Self::Intent => "intents",
            Self::Script => "scripts",
            Self::CaseKind => "cases",
            Self::Weekly => "weekly",
            Self::Holidays => "holidays",
            Self::Forbidden => "forbidden",
            Self::Mood => "mood",
            Self::Spelling => "spelling",
            Self::Ranking => "ranking",
            Self::Promises => "promises",
            Self::Notes => "notes",
            Self::Counters => "counters",
        }
    }
}

/// The decoded files by room, and where their problems go.
struct Reading<'a> {
    rooms: &'a BTreeMap<&'a str, Vec<(&'a str, String)>>,
    problems: &'a mut Vec<Problem>,
}

impl Reading<'_> {
    fn each(&mut self, room: Room, mut read: impl FnMut(&str, &str, &mut Report)) {
        for (file, text) in self.rooms.get(room.name()).into_iter().flatten() {
            read(file, text, &mut Report::of(file, self.problems));
        }
    }

    fn yaml(
        &mut self,
        room: Room,
        keys: &[&[Key]],
        nested: bool,
        mut read: impl FnMut(&str, &yaml::Node, &mut Report),
    ) {
        self.each(room, |file, text, report| {
            let text = yaml::repair(text, 1, keys, nested, report);
            if let Some(root) = yaml::parse(&text, 1, report) {
                read(file, &root, report);
            }
        });
    }
}

/// The ids that were read, and the names of the files of a room that could not be.
fn names<'a>(
    files: &Files,
    room: Room,
    read: impl Iterator<Item = (&'a str, &'a str)>,
) -> BTreeSet<String> {
    let (mut ids, read): (BTreeSet<String>, BTreeSet<&str>) =
        read.map(|(id, file)| (id.to_owned(), file)).unzip();
    let unread = files
        .keys()
        .filter(|path| !is_ignored(path) && Room::of(path) == Some(room))
        .filter(|path| !read.contains(path.as_str()));
    ids.extend(unread.map(|path| stem(path).to_owned()));
    ids
}

/// What to say about a file that has no place.
fn stranger(path: &str) -> (String, String) {
    let ending = path
        .rsplit_once('.')
        .map_or("", |(_, ending)| ending)
        .to_lowercase();
    let renamed = match ending.as_str() {
        "yml" => Some(path[..path.len() - 4].to_owned() + ".yaml"),
        "markdown" | "txt" => path.rsplit_once('.').map(|(stem, _)| format!("{stem}.md")),
        _ => None,
    };
    let mend = match (ending.as_str(), renamed) {
        (_, Some(renamed)) if Room::of(&renamed).is_some() => format!("把文件改名为 {renamed}"),
        ("xlsx" | "xls" | "et", _) => "在 Excel 里另存为“CSV UTF-8（逗号分隔）”".to_owned(),
        ("doc" | "docx" | "wps", _) => "把文字复制到 .md 文本文件里".to_owned(),
        _ => match nearest(path, PLACES.iter().copied().filter(|p| !p.contains('<'))) {
            Some(near) => format!("您是不是想写“{near}”？不用的文件可以放进“待处理”文件夹"),
            None => {
                let folder = path.split_once('/').map_or("", |(folder, _)| folder);
                let mut places = PLACES.to_vec();
                if PLACES
                    .iter()
                    .any(|place| place.split('/').next() == Some(folder))
                {
                    places.retain(|place| place.split('/').next() == Some(folder));
                }
                format!("这里只放 {}；其他的放进“待处理”文件夹", places.join("、"))
            }
        },
    };
    ("不认识的文件，不知道放在这里做什么用".to_owned(), mend)
}

/// What a folder needs at least.
fn least(files: &Files, problems: &mut Vec<Problem>) {
    let has = |room| {
        files
            .keys()
            .any(|path| !is_ignored(path) && Room::of(path) == Some(room))
    };
    if !has(Room::Shops) {
        Report::of("shops.yaml", problems).error(
            Place::FILE,
            "缺少 shops.yaml",
            "知识库至少要有 shops.yaml（写店铺）和一条话术（scripts/ 里的 .md 文件）",
        );
    }
    if !has(Room::Script) {
        Report::of("scripts/", problems).error(
            Place::FILE,
            "一条话术都没有",
            "在 scripts/ 里至少放一个 .md 文件，例如 scripts/通用/回执.md",
        );
    }
}
