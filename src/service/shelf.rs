//! The shelf holds the knowledge in use: reads and watches the folder, swaps whole snapshots, keeps the last
//! good one.
//!
//! What is published lives in the store, so that a restart beside a half-saved folder still answers at
//! night, a version can be looked up months later, and nodes without the folder follow.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use notify::Watcher;

use super::{
    thinker::Thinker,
    worker::{Step, Worker},
};
use crate::{
    clock::Clock,
    knowledge::{Files, Knowledge, Problem, Severity},
    store::{self, Store},
};

/// A file larger than this is not knowledge; it is reported as such instead of being read.
const FILE_LIMIT: u64 = 1 << 20;

/// What is on the shelf.
#[derive(Clone)]
pub struct OnShelf {
    /// The snapshot in use.
    pub knowledge: Arc<Knowledge>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What is wrong in the folder: errors keep an older snapshot in use, warnings do not.
    pub problems: Arc<Vec<Problem>>,
}

/// Where knowledge comes from and where the snapshot in use is found.
pub struct Shelf {
    store: Store,
    clock: Arc<dyn Clock>,
    /// `None` follows what another node publishes.
    folder: Option<PathBuf>,
    thinker: Thinker,
    current: ArcSwap<OnShelf>,
    dirty: Arc<AtomicBool>,
    /// The store did not take what is in use: it is still to be published.
    unpublished: AtomicBool,
}

/// Why there is nothing to put on the shelf.
#[derive(Debug, thiserror::Error)]
pub enum NoKnowledge {
    /// The folder cannot be used and nothing was ever published.
    #[error("the knowledge folder has errors and no earlier version is stored")]
    Problems(Vec<Problem>),
    /// This node follows, and nothing was ever published.
    #[error("no knowledge was published yet; start the node that has the folder first")]
    NothingPublished,
    /// The folder cannot be read.
    #[error("cannot read the knowledge folder {}: {error}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is no thread to think on.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

impl Shelf {
    /// Reads the folder and publishes it; with errors in it, takes the last published version instead.
    pub async fn open(
        store: Store,
        clock: Arc<dyn Clock>,
        folder: Option<PathBuf>,
    ) -> Result<Arc<Self>, NoKnowledge> {
        let thinker = Thinker::start("shelf").map_err(NoKnowledge::Thread)?;
        let (knowledge, problems, files) = match &folder {
            None => (None, Vec::new(), None),
            Some(path) => {
                let files = read_folder(path).map_err(|error| NoKnowledge::Folder {
                    path: path.clone(),
                    error,
                })?;
                let (files, loaded) = thinker
                    .think(move || {
                        let loaded = Knowledge::load(&files);
                        (files, loaded)
                    })
                    .await;
                match loaded {
                    Ok((knowledge, warnings)) => (Some(knowledge), warnings, Some(files)),
                    Err(problems) => (None, problems, None),
                }
            }
        };
        let knowledge = match knowledge {
            Some(knowledge) => knowledge,
            None => match published(&store, &thinker).await? {
                Some(knowledge) => knowledge,
                None if folder.is_none() => return Err(NoKnowledge::NothingPublished),
                None => return Err(NoKnowledge::Problems(problems)),
            },
        };
        let shelf = Arc::new(Self {
            current: ArcSwap::from_pointee(OnShelf {
                knowledge: Arc::new(knowledge),
                since: clock.now(),
                problems: Arc::new(problems),
            }),
            store,
            clock,
            folder,
            thinker,
            dirty: Arc::new(AtomicBool::new(false)),
            unpublished: AtomicBool::new(false),
        });
        match files {
            Some(files) => shelf.publish(files).await?,
            None => shelf.take_up().await?,
        }
        Ok(shelf)
    }

    /// The snapshot in use. A decision holds one from beginning to end.
    pub fn knowledge(&self) -> Arc<Knowledge> {
        self.current.load().knowledge.clone()
    }

    /// The snapshot in use with its problems.
    pub fn current(&self) -> Arc<OnShelf> {
        self.current.load_full()
    }

    /// Reads the folder again and swaps the snapshot if it is good and new. Warnings follow after the swap.
    pub async fn reload(self: &Arc<Self>) -> Result<(), store::Error> {
        let Some(folder) = self.folder.clone() else {
            return self.follow().await;
        };
        let read = self
            .thinker
            .think(move || {
                let files = read_folder(&folder)?;
                let loaded = Knowledge::load(&files);
                Ok::<_, io::Error>((files, loaded))
            })
            .await;
        let before = self.current();
        let (files, knowledge, warnings) = match read {
            Ok((files, Ok((knowledge, warnings)))) => (files, knowledge, warnings),
            Ok((_, Err(problems))) => {
                if *before.problems != problems {
                    report(&problems);
                    self.show_problems(problems);
                }
                return Ok(());
            }
            Err(error) => {
                // Editors replace whole folders; the next event finds it complete.
                tracing::warn!(%error, "cannot read the knowledge folder, keeping the version in use");
                return Ok(());
            }
        };
        if knowledge.version() == before.knowledge.version() {
            if self.unpublished.load(Ordering::SeqCst) {
                self.publish(files).await?;
            }
            if before
                .problems
                .iter()
                .any(|p| p.severity == Severity::Error)
            {
                self.review(None).await;
            }
            return Ok(());
        }
        let knowledge = Arc::new(knowledge);
        // Swapped first: a decision on new knowledge and the old epoch is refused as stale and made again,
        // one on old knowledge and the new epoch would stand.
        self.current.store(Arc::new(OnShelf {
            knowledge: knowledge.clone(),
            since: self.clock.now(),
            problems: Arc::new(warnings),
        }));
        self.publish(files).await?;
        tracing::info!(
            version = knowledge.version().short(),
            "new knowledge is live"
        );
        self.review(Some(before.knowledge.clone())).await;
        Ok(())
    }

    /// Computes the warnings of the snapshot in use, compared with the one before it.
    pub async fn review(&self, previous: Option<Arc<Knowledge>>) {
        let knowledge = self.knowledge();
        let reviewed = knowledge.clone();
        let now = self.clock.now();
        let problems = self
            .thinker
            .think(move || reviewed.review(previous.as_deref(), now))
            .await;
        if self.knowledge().version() == knowledge.version() {
            report(&problems);
            self.show_problems(problems);
        }
    }

    /// Watches the folder. The watcher lives as long as what is returned.
    pub fn watch(&self) -> notify::Result<Option<notify::RecommendedWatcher>> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let dirty = self.dirty.clone();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Reading the folder is an event, too; answering it with reading would never end.
                if event.is_ok_and(|event| !event.kind.is_access()) {
                    dirty.store(true, Ordering::SeqCst);
                }
            })?;
        watcher.watch(folder, notify::RecursiveMode::Recursive)?;
        Ok(Some(watcher))
    }

    fn show_problems(&self, problems: Vec<Problem>) {
        let current = self.current();
        self.current.store(Arc::new(OnShelf {
            problems: Arc::new(problems),
            ..OnShelf::clone(&current)
        }));
    }

    async fn publish(&self, files: Files) -> Result<(), store::Error> {
        let knowledge = self.knowledge();
        let now = self.clock.now();
        self.unpublished.store(true, Ordering::SeqCst);
        self.store
            .write(move |tx| {
                let shops: Vec<_> = knowledge.shop_ids();
                store::knowledge::publish(tx, &knowledge.version().0, &files, &shops, now)
            })
            .await?;
        self.unpublished.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// What is on the shelf is what was published before. Who publishes may have decided with more, and died.
    async fn take_up(&self) -> Result<(), store::Error> {
        let knowledge = self.knowledge();
        let publishes = self.folder.is_some();
        self.store
            .write(move |tx| {
                store::shops::ensure(tx, &knowledge.shop_ids())?;
                match publishes {
                    true => store::knowledge::outdate(tx, &knowledge.version().0),
                    false => Ok(()),
                }
            })
            .await
    }

    /// Whether decisions may be made with this snapshot while `published` is the current one. The node that
    /// publishes may be ahead of it, with what it is about to publish: decisions of that moment become stale when it
    /// publishes, be it what was there before.
    /// Nobody may be behind: what was taken up before the snapshot was swapped is read again.
    pub fn is_current(&self, knowledge: &Knowledge, published: Option<&str>) -> bool {
        let ahead = || self.folder.is_some() && self.knowledge().version() == knowledge.version();
        published == Some(knowledge.version().0.as_str()) || ahead()
    }

    /// Takes over what another node published.
    async fn follow(&self) -> Result<(), store::Error> {
        let current = self.store.read(store::knowledge::current_version).await?;
        if current.as_ref() == Some(&self.knowledge().version().0) {
            return Ok(());
        }
        if let Some(knowledge) = published(&self.store, &self.thinker).await? {
            tracing::info!(
                version = knowledge.version().short(),
                "following published knowledge"
            );
            self.current.store(Arc::new(OnShelf {
                knowledge: Arc::new(knowledge),
                since: self.clock.now(),
                problems: Arc::new(Vec::new()),
            }));
        }
        Ok(())
    }
}

impl Worker for Arc<Shelf> {
    fn name(&self) -> &str {
        "shelf"
    }

    fn step(&self) -> Step<'_> {
        Box::pin(async move {
            if self.folder.is_none() {
                self.follow().await?;
            } else if self.dirty.swap(false, Ordering::SeqCst) {
                let done = self.reload().await;
                if done.is_err() {
                    self.dirty.store(true, Ordering::SeqCst);
                }
                done?;
            }
            Ok(false)
        })
    }
}

/// Every file of a knowledge folder, as [`Knowledge::load`] takes them.
pub fn read_folder(folder: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            let name = path
                .strip_prefix(folder)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            if Knowledge::ignores(&name) {
                continue;
            }
            let meta = match fs::metadata(&path) {
                Ok(meta) => meta,
                // An editor's temporary file, gone again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if meta.is_dir() {
                folders.push(path);
            } else if meta.len() > FILE_LIMIT {
                // Longer than any limit of the loader, so that it says so with the file's name.
                files.insert(name, vec![b' '; FILE_LIMIT as usize + 1]);
            } else {
                match fs::read(&path) {
                    Ok(bytes) => {
                        files.insert(name, bytes);
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(files)
}

async fn published(store: &Store, thinker: &Thinker) -> Result<Option<Knowledge>, store::Error> {
    let Some((version, files)) = store.read(store::knowledge::current).await? else {
        return Ok(None);
    };
    match thinker.think(move || Knowledge::load(&files)).await {
        Ok((knowledge, _)) => Ok(Some(knowledge)),
        Err(problems) => {
            tracing::error!(
                version,
                problems = problems.len(),
                "stored knowledge does not load in this release"
            );
            Ok(None)
        }
    }
}

fn report(problems: &[Problem]) {
    let errors = problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .count();
    if errors > 0 {
        tracing::error!(
            errors,
            "the knowledge folder has errors, keeping the version in use"
        );
    } else if !problems.is_empty() {
        tracing::warn!(
            warnings = problems.len(),
            "the knowledge folder has warnings"
        );
    }
    for problem in problems.iter().take(20) {
        tracing::warn!(
            file = problem.file,
            line = problem.line,
            column = problem.column,
            "{}",
            problem.what
        );
    }
}
