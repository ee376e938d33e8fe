//! `replay`: plays a file of messages against a running service and counts what came of them.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::client::{Client, Target};
use crate::{config::Config, store::tally::Tally};

/// How long everything may take to be decided after the last message.
const SETTLE: Duration = Duration::from_secs(300);
/// How often a refused or unanswered delivery is tried again.
const TRIES: u32 = 60;

/// Plays `{"id","text","dialogue"}` lines; order is kept inside a dialogue. Other keys are ignored.
#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    target: Target,
    /// The shop's account.
    #[arg(long, default_value = "replay")]
    account: String,
    /// The platform the messages come from.
    #[arg(long, default_value = "other")]
    platform: String,
    /// Treats every row as a stranger instead of as part of its dialogue.
    #[arg(long)]
    spread: bool,
    /// Dialogues played side by side.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: u16,
    /// Which key holds the words.
    #[arg(long, default_value = "text")]
    field: String,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    dialogue: Option<String>,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

struct Dialogue {
    name: String,
    lines: Vec<(String, String)>,
}

#[derive(Default)]
struct Counts {
    posted: AtomicU64,
    accepted: AtomicU64,
    duplicates: AtomicU64,
    refused: AtomicU64,
    tried_again: AtomicU64,
    latencies: Mutex<Vec<Duration>>,
}

impl Replay {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        let client = self.target.client(config)?;
        let dialogues = self.dialogues()?;
        super::runtime()?.block_on(self.play(client, dialogues))
    }

    fn dialogues(&self) -> anyhow::Result<Vec<Dialogue>> {
        let file = fs::read_to_string(&self.file)
            .with_context(|| format!("cannot read {}", self.file.display()))?;
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut dialogues: Vec<Dialogue> = Vec::new();
        for (number, line) in file.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let row: Row = serde_json::from_str(line)
                .with_context(|| format!("line {} is not a row", number + 1))?;
            let text = row
                .rest
                .get(&self.field)
                .and_then(Value::as_str)
                .with_context(|| format!("line {} has no `{}`", number + 1, self.field))?
                .to_owned();
            let name = match row.dialogue {
                Some(dialogue) if !self.spread => dialogue,
                _ => row.id.clone(),
            };
            let place = *places.entry(name.clone()).or_insert_with(|| {
                dialogues.push(Dialogue {
                    name,
                    lines: Vec::new(),
                });
                dialogues.len() - 1
            });
            if let Some(dialogue) = dialogues.get_mut(place) {
                dialogue.lines.push((row.id, text));
            }
        }
        Ok(dialogues)
    }

    async fn play(self, client: Client, dialogues: Vec<Dialogue>) -> anyhow::Result<ExitCode> {
        let messages: usize = dialogues.iter().map(|d| d.lines.len()).sum();
        let strangers = dialogues.len();
        let before = self.tally(&client).await?;
        let counts = Arc::new(Counts::default());
        let bar = ProgressBar::new(messages as u64).with_style(ProgressStyle::with_template(
            "{elapsed_precise} {bar:40} {pos}/{len} {per_sec} {eta}",
        )?);
        let started = Instant::now();
        let queue = Arc::new(Mutex::new(dialogues.into_iter()));
        let mut players: tokio::task::JoinSet<anyhow::Result<()>> = tokio::task::JoinSet::new();
        for _ in 0..self.jobs {
            let player = Player {
                client: client.clone(),
                account: self.account.clone(),
                platform: self.platform.clone(),
                counts: counts.clone(),
                bar: bar.clone(),
            };
            let queue = queue.clone();
            players.spawn(async move {
                loop {
                    let Some(dialogue) = queue.lock().await.next() else {
                        return Ok(());
                    };
                    player.play(dialogue).await?;
                }
            });
        }
        while let Some(done) = players.join_next().await {
            done.context("a player stopped")??;
        }
        let posted_in = started.elapsed();
        bar.finish_and_clear();
        let after = self.settle(&client, &before).await?;
        let lost = self
            .report(&counts, &before, &after, messages, strangers, posted_in)
            .await;
        Ok(ExitCode::from(u8::from(lost > 0)))
    }

    async fn tally(&self, client: &Client) -> anyhow::Result<Tally> {
        let mut tried = 0;
        loop {
            tried += 1;
            match client.get("/tally", &[("account_id", &self.account)]).await {
                Ok(answer) => return Ok(serde_json::from_value(answer.good()?)?),
                Err(error) if tried == TRIES => return Err(error),
                // Being started again, perhaps.
                Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
            }
        }
    }

    async fn settle(&self, client: &Client, before: &Tally) -> anyhow::Result<Tally> {
        let bar = ProgressBar::new_spinner().with_message("waiting until everything is decided");
        let started = Instant::now();
        loop {
            let tally = self.tally(client).await?;
            if tally.undecided == 0 && tally.uncovered == 0 || started.elapsed() > SETTLE {
                bar.finish_and_clear();
                return Ok(tally);
            }
            bar.set_message(format!(
                "{} conversations to decide, {} messages before",
                tally.undecided, before.messages
            ));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn report(
        &self,
        counts: &Counts,
        before: &Tally,
        after: &Tally,
        messages: usize,
        dialogues: usize,
        posted_in: Duration,
    ) -> i64 {
        let accepted = counts.accepted.load(Ordering::Relaxed);
        let stored = after.customer_messages - before.customer_messages;
        let lost = accepted as i64 - stored;
        let seconds = posted_in.as_secs_f64();
        let mut latencies = counts.latencies.lock().await;
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = ((latencies.len().max(1) - 1) as f64 * share).round() as usize;
            latencies
                .get(index)
                .map_or(0.0, |d| d.as_secs_f64() * 1000.0)
        };
        println!(
            "messages       {messages} in {dialogues} conversations, {seconds:.1} s, {:.0}/s",
            messages as f64 / seconds.max(0.001)
        );
        println!("accepted       {accepted}");
        println!(
            "duplicates     {}",
            counts.duplicates.load(Ordering::Relaxed)
        );
        println!("refused        {}", counts.refused.load(Ordering::Relaxed));
        println!(
            "tried again    {}",
            counts.tried_again.load(Ordering::Relaxed)
        );
        println!(
            "decided        {} messages, {} decisions",
            stored - after.uncovered,
            after.decisions - before.decisions
        );
        println!("undecided      {}", after.undecided.max(after.uncovered));
        println!("suggested      {}", after.suggested - before.suggested);
        println!(
            "auto-replied   {} with content, {} receipts",
            after.auto_content - before.auto_content,
            after.auto_receipt - before.auto_receipt
        );
        println!("cases          {}", after.cases - before.cases);
        println!("lost           {lost}");
        println!(
            "latency ms     p50 {:.1}  p90 {:.1}  p99 {:.1}  max {:.1}",
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0)
        );
        lost.max(after.undecided).max(after.uncovered)
    }
}

struct Player {
    client: Client,
    account: String,
    platform: String,
    counts: Arc<Counts>,
    bar: ProgressBar,
}

impl Player {
    async fn play(&self, dialogue: Dialogue) -> anyhow::Result<()> {
        for (id, text) in dialogue.lines {
            let delivery = json!({
                "account_id": self.account,
                "platform": self.platform,
                "conversation_id": dialogue.name,
                "messages": [{"id": id, "role": "customer", "type": "text", "text": text}],
            });
            self.deliver(&id, &delivery).await?;
            self.bar.inc(1);
        }
        Ok(())
    }

    /// Posts until there is a 2xx or a final refusal, as a bridge that keeps its promise would.
    async fn deliver(&self, id: &str, delivery: &Value) -> anyhow::Result<()> {
        let id = format!("replay_{}", id.replace('.', "_"));
        for tried in 0..TRIES {
            if tried > 0 {
                self.counts.tried_again.fetch_add(1, Ordering::Relaxed);
            }
            let started = Instant::now();
            let answer = match self.client.post(&id, delivery).await {
                Ok(answer) => answer,
                Err(error) if tried + 1 == TRIES => return Err(error),
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    continue;
                }
            };
            let status = answer.status;
            if status.is_success() {
                self.counts.posted.fetch_add(1, Ordering::Relaxed);
                let count = |name: &str| answer.body[name].as_u64().unwrap_or_default();
                self.counts
                    .accepted
                    .fetch_add(count("accepted"), Ordering::Relaxed);
                self.counts
                    .duplicates
                    .fetch_add(count("duplicates"), Ordering::Relaxed);
                self.counts.latencies.lock().await.push(started.elapsed());
                return Ok(());
            }
            if status.as_u16() == 429 || status.is_server_error() {
                let pause = answer
                    .retry_after
                    .map_or(Duration::from_millis(500), Duration::from_secs);
                tokio::time::sleep(pause).await;
                continue;
            }
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            self.bar.suspend(|| {
                let detail = answer.body["detail"].as_str().unwrap_or_default();
                eprintln!("row {id} is refused with {status}: {detail}");
            });
            return Ok(());
        }
        bail!("row {id} was not taken after {TRIES} tries")
    }
}
