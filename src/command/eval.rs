//! `eval`: how good understanding is, on files of labelled messages that stay where they are.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};

use super::offline;
use crate::{
    clock::{Clock, SystemClock},
    eval::{Report, faq, html, labels::LabelMap, report::Section, text},
    knowledge::{Knowledge, Platform, ShopId},
    service::shelf::read_folder,
};

mod finding;
mod promises;
mod replies;
mod rows;
mod understanding;

/// Reads files of JSON lines: `id`, `text`, `text_filled`, `context`, `source`, `sample`, `label`, `labels`,
/// `needs_case`, `context_needed`; for retrieval `id`, `query`, `relevant`.
#[derive(Debug, clap::Args)]
pub(super) struct Eval {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
struct How {
    /// The knowledge folder.
    #[arg(long, default_value = "knowledge", global = true)]
    knowledge: PathBuf,
    /// The shop whose scripts count (default: the first).
    #[arg(long, global = true)]
    shop: Option<String>,
    /// The platform of every row (default: from its `source`, jd… and csds-jd are JD, others Taobao).
    #[arg(long, global = true)]
    platform: Option<String>,
    /// The moment at which everything is read, in RFC 3339 (default: now).
    #[arg(long, global = true)]
    at: Option<DateTime<Utc>>,
    /// Also writes a page with pictures and the rows that went wrong.
    #[arg(long, value_name = "OUT", global = true)]
    html: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
    /// English tables.
    #[arg(long, global = true)]
    english: bool,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// How often the label is right.
    Labels {
        /// The rows.
        file: PathBuf,
        /// A table with the columns `intent` and `label`.
        #[arg(long, value_name = "MAP.csv")]
        labels: PathBuf,
    },
    /// How often a case is opened when somebody must do something.
    Cases {
        /// The rows.
        file: PathBuf,
    },
    /// What would be answered alone, over the threshold from which a script fits.
    Auto {
        /// The rows.
        file: PathBuf,
        /// A table with the columns `intent` and `label`.
        #[arg(long, value_name = "MAP.csv")]
        labels: PathBuf,
    },
    /// Whether the entry that answers is found.
    Retrieval {
        /// The entries; they stand in the place of the folder's scripts.
        #[arg(long)]
        corpus: PathBuf,
        /// What is asked, and which entries answer it.
        #[arg(long)]
        queries: PathBuf,
        /// What no entry answers.
        #[arg(long)]
        no_match: Option<PathBuf>,
    },
    /// Whether masked numbers are found for what they are.
    Fields {
        /// The rows.
        file: PathBuf,
    },
    /// Whether lines of agents that bind the house are told from those that do not.
    Promises {
        /// A table with the columns `id`, `turn`, `promise`, `kind`: which turn of which row's context, and what
        /// somebody read in it. Lines that begin with `#` are passed over.
        labels: PathBuf,
        /// The folder whose `intent/*.jsonl` hold the rows.
        folder: PathBuf,
    },
    /// How long one message takes to read.
    Latency {
        /// The rows.
        file: PathBuf,
    },
    /// Writes the knowledge folder of a corpus, beside the words and intents of the knowledge folder.
    Folder {
        /// The entries.
        corpus: PathBuf,
        /// Where the folder is written; must not exist.
        out: PathBuf,
    },
    /// Everything above over a folder: `intent/*.jsonl`, `retrieval/*.corpus.jsonl`, `intent_labels.csv`.
    All {
        /// The folder.
        folder: PathBuf,
    },
}

/// What every measurement needs.
struct Bench {
    knowledge: Knowledge,
    shop: ShopId,
    platform: Option<Platform>,
    at: DateTime<Utc>,
    folder: PathBuf,
}

impl Eval {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let bench = Bench::open(&self.how)?;
        let sections = match &self.what {
            What::Labels { file, labels } => {
                vec![understanding::labels(
                    &bench.heard(file)?,
                    file,
                    &map(labels)?,
                )]
            }
            What::Cases { file } => vec![understanding::cases(&bench.heard(file)?, file)],
            What::Auto { file, labels } => {
                vec![replies::automatic(
                    &bench,
                    &bench.heard(file)?,
                    file,
                    &map(labels)?,
                )]
            }
            What::Retrieval {
                corpus,
                queries,
                no_match,
            } => {
                vec![finding::retrieval(
                    &bench,
                    corpus,
                    queries,
                    no_match.as_deref(),
                )?]
            }
            What::Fields { file } => vec![understanding::fields(&bench, &rows::read(file)?, file)],
            What::Promises { labels, folder } => vec![promises::promises(&bench, labels, folder)?],
            What::Latency { file } => {
                vec![understanding::latency(&bench, rows::read(file)?, file)?]
            }
            What::Folder { corpus, out } => {
                bench.write_folder(corpus, out)?;
                return Ok(ExitCode::SUCCESS);
            }
            What::All { folder } => bench.all(folder)?,
        };
        let report = Report {
            knowledge: bench.knowledge.version().short().to_owned(),
            at: bench.at.format("%Y-%m-%d %H:%M UTC").to_string(),
            sections,
        };
        if let Some(out) = &self.how.html {
            fs::write(out, html::page(&report))
                .with_context(|| format!("cannot write {}", out.display()))?;
        }
        let mut out = io::stdout().lock();
        if self.how.json {
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
        } else {
            out.write_all(text::terminal(&report, self.how.english).as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Bench {
    fn open(how: &How) -> anyhow::Result<Self> {
        let (knowledge, _) = offline::knowledge(&how.knowledge)?;
        let shop = match &how.shop {
            Some(shop) => ShopId::from(shop.as_str()),
            None => knowledge
                .shops()
                .first()
                .map_or_else(ShopId::unassigned, |shop| shop.id.clone()),
        };
        let platform = match &how.platform {
            Some(name) => match Platform::parse(name) {
                Some(platform) => Some(platform),
                None => bail!("there is no platform `{name}`"),
            },
            None => None,
        };
        Ok(Self {
            knowledge,
            shop,
            platform,
            at: how.at.unwrap_or_else(|| SystemClock.now()),
            folder: how.knowledge.clone(),
        })
    }

    fn heard(&self, file: &Path) -> anyhow::Result<Vec<rows::Heard>> {
        self.hear(rows::read(file)?)
    }

    fn write_folder(&self, corpus: &Path, out: &Path) -> anyhow::Result<()> {
        if out.exists() {
            bail!("{} is there already", out.display());
        }
        let files = read_folder(&self.folder)
            .with_context(|| format!("cannot read {}", self.folder.display()))?;
        let entries: Vec<faq::Entry> = rows::lines(corpus)?;
        for (path, bytes) in faq::folder(&files, &self.knowledge, &entries, self.at) {
            let file = out.join(path);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// Every measurement for which the folder has files; names may differ between `.open` and others.
    fn all(&self, folder: &Path) -> anyhow::Result<Vec<Section>> {
        let map = map(&folder.join("intent_labels.csv"))?;
        let mut sections = Vec::new();
        for file in jsonl(&folder.join("intent"))? {
            let rows = rows::read(&file)?;
            let labelled = rows.iter().any(|row| row.label.is_some());
            if rows.iter().any(|row| row.text.contains("[订单x]")) {
                sections.push(understanding::fields(self, &rows, &file));
            }
            if !labelled {
                continue;
            }
            let heard = self.hear(rows)?;
            sections.push(understanding::labels(&heard, &file, &map));
            // Labels that were mapped from another list of intents say nothing about cases and replies.
            if heard.iter().any(|one| one.row.sample.is_some()) {
                sections.push(understanding::cases(&heard, &file));
                sections.push(replies::automatic(self, &heard, &file, &map));
                sections.push(understanding::latency(self, rows::read(&file)?, &file)?);
            }
        }
        let lists = jsonl(&folder.join("retrieval"))?;
        for corpus in &lists {
            let Some(name) = file_name(corpus).strip_suffix(".corpus.jsonl") else {
                continue;
            };
            let beside = |what: &str| {
                let start = format!("{name}.{what}");
                lists
                    .iter()
                    .find(|file| file_name(file).starts_with(&start))
            };
            if let Some(queries) = beside("queries") {
                let no_match = beside("nomatch").map(PathBuf::as_path);
                sections.push(finding::retrieval(self, corpus, queries, no_match)?);
            }
        }
        Ok(sections)
    }
}

fn map(file: &Path) -> anyhow::Result<LabelMap> {
    #[derive(serde::Deserialize)]
    struct Pair {
        intent: String,
        label: String,
    }
    let mut table =
        csv::Reader::from_path(file).with_context(|| format!("cannot read {}", file.display()))?;
    let pairs: Vec<Pair> = table
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(|| format!("{} has no columns `intent` and `label`", file.display()))?;
    Ok(LabelMap::new(
        pairs.into_iter().map(|pair| (pair.intent, pair.label)),
    ))
}

/// The files of JSON lines in a folder, by name.
fn jsonl(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|end| end == "jsonl"));
    files.sort();
    Ok(files)
}

fn file_name(file: &Path) -> &str {
    file.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}
