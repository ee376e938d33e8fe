//! Wires the house: opens what it stands on, gives every worker his tools, runs until shutdown.

use std::{collections::HashSet, future::Future, io, sync::Arc};

use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    channel::{
        push::Pusher,
        robot::{Maker, Robot},
        standard_webhooks::Keys,
    },
    clock::Clock,
    config::{BadSecret, Config, Database, Limits, LogFormat},
    desk::alarm::NOTIFY,
    knowledge::Problem,
    service::{
        Alarms, Front, Shelf, Switchboard, Worker,
        courier::{Courier, Way},
        decider::{Decider, Round},
        handovers::Handovers,
        listener::Listener,
        people::People,
        rounds::Rounds,
        shelf::NoKnowledge,
        thinker::Thinker,
        watchdog::Watchdog,
        worker,
    },
    store::{self, Store, work::release},
    web,
};

/// Who decides with one thread to think on: while one reads, the other waits for the store.
const DECIDERS: usize = 2;

/// How many threads read and decide: half of the machine, the rest is for doors and store. Every one of them keeps
/// what its regexes have learned, some 30 MB with a large folder.
fn thinkers() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, 4)
}

/// The opened house.
pub struct App {
    /// What the doors hand work to.
    pub front: Front,
    /// The knowledge in use.
    pub shelf: Arc<Shelf>,
    /// Where everything is kept.
    pub store: Store,
    workers: Vec<Arc<dyn Worker>>,
    doors: web::State,
    limits: Limits,
}

/// Why the house does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store cannot be used.
    #[error("cannot open the store: {0}")]
    Store(#[from] store::Error),
    /// There is no knowledge to work with.
    #[error(transparent)]
    Knowledge(#[from] NoKnowledge),
    /// A source's secrets cannot be used.
    #[error(transparent)]
    Secret(#[from] BadSecret),
    /// The way out cannot be built.
    #[error("cannot build the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

impl OpenError {
    /// What is wrong in the knowledge folder, when that is the reason.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Knowledge(NoKnowledge::Problems(problems)) => problems,
            _ => &[],
        }
    }
}

impl App {
    /// Opens the store, the knowledge and the doors.
    pub async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let store = match &config.database {
            Database::Sqlite => {
                let store = Store::sqlite(&config.data)?;
                // The folder is locked: whoever held a lease in it is gone.
                let now = clock.now();
                store.write(move |tx| release(tx, now)).await?;
                store
            }
            Database::Postgres(url) => {
                Store::postgres(url.reveal(), config.database_connections as usize)?
            }
        };
        Self::with_store(config, clock, store).await
    }

    /// Opens the house on a store that is open already.
    pub async fn with_store(
        config: &Config,
        clock: Arc<dyn Clock>,
        store: Store,
    ) -> Result<Self, OpenError> {
        let folder = config.publish.then(|| config.knowledge.clone());
        let shelf = Shelf::open(store.clone(), clock.clone(), folder).await?;
        let alarms = Alarms::open(config, store.clone(), clock.clone()).await?;
        let front = Front {
            store: store.clone(),
            clock: clock.clone(),
            shelf: shelf.clone(),
            alarms: alarms.clone(),
        };
        let switchboard = Switchboard {
            store: store.clone(),
            clock: clock.clone(),
            shelf: shelf.clone(),
        };
        let doors = web::State::new(config, Arc::new(front.clone()), clock.clone(), switchboard)?;
        let mut couriers: Vec<Arc<dyn Worker>> = Vec::new();
        let mut announced = HashSet::new();
        let pusher = Pusher::new()?;
        for (name, source) in &config.sources {
            if let Some(url) = &source.reply_url {
                announced.insert(name.clone());
                couriers.push(Arc::new(Courier::new(
                    name.clone(),
                    store.clone(),
                    clock.clone(),
                    pusher.clone(),
                    url.clone(),
                    Keys::new(&source.secrets)?,
                )));
            }
        }
        for (name, notify) in &config.notify {
            let way = match Maker::of(notify.kind) {
                Some(maker) => Way::Robot(Arc::new(Robot {
                    maker,
                    url: notify.url.clone(),
                    secret: notify.secrets.first().cloned(),
                })),
                None => Way::Signed {
                    url: notify.url.reveal().to_owned(),
                    keys: Arc::new(Keys::new(&notify.secrets)?),
                },
            };
            couriers.push(Arc::new(Courier::by(
                format!("{NOTIFY}{name}"),
                store.clone(),
                clock.clone(),
                pusher.clone(),
                way,
            )));
        }
        let announced = Arc::new(announced);
        let mut workers: Vec<Arc<dyn Worker>> = vec![
            Arc::new(shelf.clone()),
            Arc::new(Rounds::new(store.clone(), clock.clone())),
            Arc::new(Handovers::new(store.clone(), clock.clone(), shelf.clone())),
            Arc::new(Watchdog::new(
                store.clone(),
                clock.clone(),
                shelf.clone(),
                alarms,
            )),
        ];
        let listening = Thinker::start("listener").map_err(NoKnowledge::Thread)?;
        workers.push(Arc::new(Listener::new(
            store.clone(),
            clock.clone(),
            shelf.clone(),
            listening,
        )));
        let decider = |round, thinker: &Thinker| {
            Arc::new(Decider {
                round,
                store: store.clone(),
                clock: clock.clone(),
                shelf: shelf.clone(),
                thinker: thinker.clone(),
                announced: announced.clone(),
            })
        };
        for n in 1..=thinkers() {
            let thinker = Thinker::start(&format!("thinker-{n}")).map_err(NoKnowledge::Thread)?;
            for _ in 0..DECIDERS {
                workers.push(decider(Round::Due, &thinker));
            }
            if n == 1 {
                workers.push(decider(Round::Outdated, &thinker));
            }
        }
        workers.append(&mut couriers);
        workers.push(Arc::new(doors.feed().clone()));
        Ok(Self {
            front,
            shelf,
            store,
            workers,
            doors,
            limits: config.limits,
        })
    }

    /// Everybody who works here, for those who step them by hand.
    pub fn workers(&self) -> &[Arc<dyn Worker>] {
        &self.workers
    }

    /// Who works here.
    pub fn people(&self) -> &People {
        self.doors.people()
    }

    /// The doors.
    pub fn router(&self) -> axum::Router {
        web::router(self.doors.clone())
    }

    /// Opens the doors and lets everybody work until `shutdown`; then closes the doors, finishes what is
    /// held and returns.
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let (stop, stopping) = watch::channel(false);
        let mut work = JoinSet::new();
        for worker in &self.workers {
            work.spawn(worker::run(
                worker.clone(),
                self.store.changes(),
                stopping.clone(),
            ));
        }
        // Without a watcher the service works on; a restart reads the folder.
        let watcher = self.shelf.watch();
        if let Err(error) = &watcher {
            tracing::error!(%error, "cannot watch the knowledge folder; edits need a restart");
        }
        let shelf = self.shelf.clone();
        work.spawn(async move { shelf.review(None).await });
        let router = self.router();
        let served = web::serve::serve_within(listener, router, &self.limits, shutdown).await;
        let _ = stop.send(true);
        while work.join_next().await.is_some() {}
        drop(watcher);
        served
    }
}

/// Sends log lines to standard error, as the configuration asks.
pub fn log(config: &Config) -> anyhow::Result<()> {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&config.log)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    // A panic's words may be a customer's; its place says enough.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a step panicked");
    }));
    match config.log_format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder.init(),
    }
    Ok(())
}
