//! The whole road under load: a signed POST over TCP, recorded, decided, suggested.
//!
//! `cargo bench --bench road` runs the real program on SQLite; `-- --database postgres://…` on Postgres.
//! Latencies are counted from the moment at which a message was due, so that a stall is not forgotten.
//! The ceiling stands beside the ceiling of the same door without storage, under the same generator.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../tests/support/folder.rs"]
mod folder;

use std::{
    fs,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use folder::copy;
use jieban::{
    channel::{
        bridge::{self, Post},
        standard_webhooks::{self, Headers, Keys},
    },
    clock::{Clock, SystemClock},
    config::Secret,
    knowledge::Knowledge,
    service::shelf::read_folder,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Mutex,
    task::JoinSet,
};

const SECRET: &str = "whsec_YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2g=";
/// Conversations the messages are spread over.
const CONVERSATIONS: u64 = 20_000;
/// Every how manieth message is followed until its suggestion is there.
const SAMPLED: u64 = 50;
/// How often knowledge is saved.
const SAVED: Duration = Duration::from_secs(5);
/// Connections of the closed loop that looks for the ceiling.
const CONNECTIONS: usize = 64;

struct Options {
    database: String,
    rate: u64,
    seconds: u64,
    ceiling: u64,
}

fn main() {
    let mut options = Options {
        database: "sqlite".to_owned(),
        rate: 0,
        seconds: 60,
        ceiling: 15,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {}
            "--bare-door" => return bare_door(),
            "--database" => options.database = args.next().unwrap(),
            "--rate" => options.rate = args.next().unwrap().parse().unwrap(),
            "--seconds" => options.seconds = args.next().unwrap().parse().unwrap(),
            "--ceiling" => options.ceiling = args.next().unwrap().parse().unwrap(),
            other => panic!("unknown option {other}"),
        }
    }
    if options.rate == 0 {
        options.rate = if options.database == "sqlite" {
            1_000
        } else {
            600
        };
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(options));
}

async fn run(options: Options) {
    let folder = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    let knowledge = folder.path().join("knowledge");
    copy(&shipped, &knowledge);
    let sentences = Arc::new(sentences(&knowledge));
    let program = Program::start(folder.path(), &options.database);
    let load = Load {
        wire: Wire::to(&program.base),
        base: program.base.clone(),
        http: client(),
        keys: keys(),
        sentences,
    };
    println!("resident at start         {:>9.1} MiB", program.resident());
    for n in 0..10 {
        save(&knowledge, &format!("重载{n}"));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    println!("resident after 10 reloads {:>9.1} MiB", program.resident());

    let saving = tokio::spawn(save_again_and_again(knowledge.clone()));
    println!(
        "{} messages a second for {} s on {}",
        options.rate,
        options.seconds,
        kind(&options.database)
    );
    load.steady(options.rate, options.seconds).await;
    saving.abort();
    let settled = load.settled().await;
    println!(
        "settled                   {:>9.1} s after the last message",
        settled.as_secs_f64()
    );

    println!("resident after the load   {:>9.1} MiB", program.resident());

    let (whole, _) = load.closed("", options.ceiling).await;
    let drained = load.settled().await;
    println!(
        "ceiling, whole road       {whole:>9.0} messages/s accepted, decided {:.1} s later",
        drained.as_secs_f64()
    );
    drop(program);
    let door = Program::bare_door();
    let bare = Load {
        wire: Wire::to(&door.base),
        base: door.base.clone(),
        ..load
    };
    let (bare, _) = bare.closed("", options.ceiling).await;
    println!(
        "ceiling, door alone       {bare:>9.0} messages/s, {:.1} times the whole road",
        bare / whole
    );
}

fn kind(database: &str) -> &str {
    database.split(':').next().unwrap_or(database)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn keys() -> Arc<Keys> {
    Arc::new(Keys::new(&[Secret::from(SECRET)]).unwrap())
}

fn sentences(folder: &Path) -> Vec<String> {
    let files = read_folder(folder).unwrap();
    let Ok((knowledge, _)) = Knowledge::load(&files) else {
        panic!("the shipped folder does not load");
    };
    let intents = knowledge.intents().iter();
    intents.flat_map(|intent| intent.ask.clone()).collect()
}

async fn save_again_and_again(knowledge: PathBuf) {
    for n in 0.. {
        tokio::time::sleep(SAVED).await;
        save(&knowledge, &format!("改动{n}"));
    }
}

fn save(knowledge: &Path, title: &str) {
    let script =
        format!("---\n编号: bench-saved\n标题: {title}\n意图: oth.greet\n---\n亲，您好。\n");
    fs::write(knowledge.join("scripts/bench-saved.md"), script).unwrap();
}

/// Kept connections. A whole HTTP client would take the processor from what is measured: both stand on one
/// machine.
#[derive(Default)]
struct Wire {
    address: String,
    idle: std::sync::Mutex<Vec<TcpStream>>,
}

impl Wire {
    fn to(base: &str) -> Arc<Self> {
        Arc::new(Self {
            address: base.trim_start_matches("http://").to_owned(),
            ..Self::default()
        })
    }

    /// The status of the answer. A kept connection that the door has closed meanwhile is replaced.
    async fn send(&self, request: &[u8]) -> io::Result<u16> {
        loop {
            let kept = self.idle.lock().unwrap().pop();
            let Some(stream) = kept else { break };
            if let Ok(status) = self.ask(stream, request).await {
                return Ok(status);
            }
        }
        self.ask(TcpStream::connect(&self.address).await?, request)
            .await
    }

    /// The answer has a length, as all of this door's have.
    async fn ask(&self, mut stream: TcpStream, request: &[u8]) -> io::Result<u16> {
        stream.write_all(request).await?;
        let mut answer = Vec::with_capacity(1_024);
        loop {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = String::from_utf8_lossy(&answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if body.len() < length.unwrap_or(0_usize) {
                continue;
            }
            let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
            self.idle.lock().unwrap().push(stream);
            return status.ok_or_else(|| io::ErrorKind::InvalidData.into());
        }
    }
}

#[derive(Clone)]
struct Load {
    base: String,
    wire: Arc<Wire>,
    http: reqwest::Client,
    keys: Arc<Keys>,
    sentences: Arc<Vec<String>>,
}

impl Load {
    fn delivery(&self, prefix: &str, n: u64) -> (String, Value) {
        let id = format!("b{prefix}{n}");
        let conversation = format!("c{prefix}{}", n * 2_654_435_761 % CONVERSATIONS);
        let text = &self.sentences[(n * 31 % self.sentences.len() as u64) as usize];
        let delivery = json!({
            "account_id": "demo",
            "conversation_id": conversation,
            "messages": [{"id": id, "role": "customer", "type": "text", "text": text}],
        });
        (conversation, delivery)
    }

    async fn post(&self, id: &str, delivery: &Value) -> u16 {
        let body = serde_json::to_vec(delivery).unwrap();
        let now = SystemClock.now();
        let mut request = format!(
            "POST /v1/bridge/default/messages HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n\
             {}: {id}\r\n{}: {}\r\n{}: {}\r\ncontent-length: {}\r\n\r\n",
            standard_webhooks::ID,
            standard_webhooks::TIMESTAMP,
            now.timestamp(),
            standard_webhooks::SIGNATURE,
            self.keys.sign(id, now, &body),
            body.len(),
        )
        .into_bytes();
        request.extend(body);
        self.wire.send(&request).await.unwrap_or(0)
    }

    fn signed(
        &self,
        request: reqwest::RequestBuilder,
        id: &str,
        body: &[u8],
    ) -> reqwest::RequestBuilder {
        let now = SystemClock.now();
        request
            .header("content-type", "application/json")
            .header(standard_webhooks::ID, id)
            .header(standard_webhooks::TIMESTAMP, now.timestamp())
            .header(standard_webhooks::SIGNATURE, self.keys.sign(id, now, body))
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/v1/bridge/default{path}", self.base);
        let response = self
            .signed(self.http.get(url), "get", b"")
            .send()
            .await
            .unwrap();
        response.json().await.unwrap()
    }

    /// A message at every due moment, whether or not the ones before were answered.
    async fn steady(&self, rate: u64, seconds: u64) {
        let (to_2xx, to_suggestion) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(Mutex::new(Vec::new())),
        );
        let failed = Arc::new(AtomicU64::new(0));
        let mut posts = JoinSet::new();
        let started = tokio::time::Instant::now();
        for n in 0..rate * seconds {
            let due = started + Duration::from_nanos(1_000_000_000 * n / rate);
            tokio::time::sleep_until(due).await;
            let (load, to_2xx, to_suggestion, failed) = (
                self.clone(),
                to_2xx.clone(),
                to_suggestion.clone(),
                failed.clone(),
            );
            posts.spawn(async move {
                let (conversation, delivery) = load.delivery("s", n);
                if load.post(&format!("msg_s{n}"), &delivery).await != 202 {
                    failed.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                to_2xx.lock().await.push(due.elapsed());
                if n % SAMPLED == 0 {
                    let path =
                        format!("/conversations/{conversation}?account_id=demo&wait_ms=10000");
                    let view = load.get(&path).await;
                    assert_eq!(view["decided"], true, "{view}");
                    to_suggestion.lock().await.push(due.elapsed());
                }
            });
            while posts.try_join_next().is_some() {}
        }
        while posts.join_next().await.is_some() {}
        let took = started.elapsed().as_secs_f64();
        println!(
            "sent                      {:>9.0} messages/s",
            (rate * seconds) as f64 / took
        );
        println!(
            "failed                    {:>9}",
            failed.load(Ordering::Relaxed)
        );
        report("to the 2xx", &mut to_2xx.lock().await);
        report("to the suggestion", &mut to_suggestion.lock().await);
    }

    /// As many as the other side takes.
    async fn closed(&self, prefix: &str, seconds: u64) -> (f64, u64) {
        let next = Arc::new(AtomicU64::new(0));
        let good = Arc::new(AtomicU64::new(0));
        let mut loops = JoinSet::new();
        let started = Instant::now();
        let until = started + Duration::from_secs(seconds);
        for _ in 0..CONNECTIONS {
            let (load, next, good) = (self.clone(), next.clone(), good.clone());
            let prefix = format!("{prefix}x");
            loops.spawn(async move {
                while Instant::now() < until {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let (_, delivery) = load.delivery(&prefix, n);
                    if load.post(&format!("msg_{prefix}{n}"), &delivery).await == 202 {
                        good.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        while loops.join_next().await.is_some() {}
        let good = good.load(Ordering::Relaxed);
        (good as f64 / started.elapsed().as_secs_f64(), good)
    }

    async fn settled(&self) -> Duration {
        let started = Instant::now();
        loop {
            let tally = self.get("/tally").await;
            if tally["undecided"] == 0 && tally["uncovered"] == 0 {
                return started.elapsed();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn report(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: f64| {
        let index = (times.len().max(1) - 1) as f64 * share;
        times
            .get(index as usize)
            .map_or(0.0, |t| t.as_secs_f64() * 1e3)
    };
    println!(
        "{name:<25} {:>9.1} ms p50 {:>7.1} p99 {:>7.1} max   ({} measured)",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    );
}

struct Program {
    child: Child,
    base: String,
}

impl Program {
    fn start(folder: &Path, database: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jieban"));
        command
            .arg("serve")
            .current_dir(folder)
            .env("JIEBAN_LISTEN", "127.0.0.1:0")
            .env("JIEBAN_DATABASE", database)
            .env("JIEBAN_LOG", "warn")
            .env("JIEBAN_SOURCE_DEFAULT_SECRETS", SECRET);
        // The ceiling is the machine's, not the door's.
        let limits =
            "[limits]\nsource_per_second = 1000000\nsource_burst = 1000000\n\n[sources.default]\n";
        fs::write(folder.join("jieban.toml"), limits).unwrap();
        Self::spawn(command)
    }

    fn bare_door() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--bare-door");
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        let (_, address) = first.trim().split_once("http://").expect("an address");
        let base = format!("http://{address}");
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { child, base }
    }

    /// Resident memory in MiB.
    fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024.0
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same door, which verifies and parses and keeps nothing.
fn bare_door() {
    async fn door(State(keys): State<Arc<Keys>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        let header = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let signed = Headers {
            id: header(standard_webhooks::ID),
            timestamp: header(standard_webhooks::TIMESTAMP),
            signature: header(standard_webhooks::SIGNATURE),
        };
        let good = keys.verify(signed, &body, SystemClock.now()).is_ok()
            && bridge::parse(Post {
                source: "default",
                content_type: Some("application/json"),
                body: &body,
                wait_ms: None,
                mode: None,
            })
            .is_ok();
        if good {
            StatusCode::ACCEPTED
        } else {
            StatusCode::BAD_REQUEST
        }
    }
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/v1/bridge/default/messages", post(door))
            .with_state(keys());
        axum::serve(listener, router).await.unwrap();
    });
}
