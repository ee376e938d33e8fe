//! The real binary in a folder of its own, and a bridge that speaks to it.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jieban::{
    channel::standard_webhooks::{self, Keys},
    clock::{Clock, SystemClock},
    config::Secret,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::folder::copy;

/// Where a test waits for a condition, it gives up after this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with knowledge and data, and how to start the program in it.
pub struct House {
    pub folder: TempDir,
    pub database: String,
    pub reply_url: Option<String>,
    /// What the program is started through, such as a tracer.
    pub through: Vec<String>,
}

/// The program, running.
pub struct Program {
    child: Child,
    pub base: String,
    pub greeting: String,
    log: Arc<Mutex<String>>,
}

impl House {
    /// A house on SQLite where nobody is ever on duty.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/shop");
        copy(&shop, &folder.path().join("knowledge"));
        let weekly = "店铺,星期,开始,结束,类型,班次,人员\n,每天,00:00,24:00,午休,一直午休,\n";
        fs::write(folder.path().join("knowledge/hours/weekly.csv"), weekly).unwrap();
        let shops = folder.path().join("knowledge/shops.yaml");
        let text = fs::read_to_string(&shops).unwrap();
        fs::write(&shops, text.replacen("来源: bridge", "来源: default", 1)).unwrap();
        Self {
            folder,
            database: "sqlite".to_owned(),
            reply_url: None,
            through: Vec::new(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of the program in this house.
    pub fn command(&self, args: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_jieban").to_owned();
        let mut words = self.through.iter().cloned().chain([program]);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("JIEBAN_LISTEN", "127.0.0.1:0")
            .env("JIEBAN_DATABASE", &self.database)
            .env("JIEBAN_LOG", "info");
        if let Some(url) = &self.reply_url {
            command.env("JIEBAN_SOURCE_DEFAULT_REPLY_URL", url);
        }
        command
    }

    /// Starts the service and waits until it listens.
    pub fn start(&self) -> Program {
        self.try_start()
            .unwrap_or_else(|log| panic!("it does not start:\n{log}"))
    }

    /// Starts the service; what it printed when it stops instead of listening.
    pub fn try_start(&self) -> Result<Program, String> {
        let mut child = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (errors, kept) = (child.stderr.take().unwrap(), log.clone());
        let reading = std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let Some((_, address)) = first.trim().split_once("http://") else {
            child.wait().unwrap();
            reading.join().unwrap();
            return Err(log.lock().unwrap().clone());
        };
        let base = format!("http://{address}");
        let greeting = Arc::new(Mutex::new(first));
        let rest = greeting.clone();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = out.read_to_string(&mut text);
            rest.lock().unwrap().push_str(&text);
        });
        let greeting = greeting.lock().unwrap().clone();
        Ok(Program {
            child,
            base,
            greeting,
            log,
        })
    }

    /// The secret the first start made.
    pub fn keys(&self) -> Keys {
        let secret = fs::read_to_string(self.path("data/secrets/default")).unwrap();
        Keys::new(&[Secret::from(secret.trim())]).unwrap()
    }
}

impl Program {
    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; how it ended and how long it took.
    pub fn stop(mut self) -> (bool, Duration) {
        let started = Instant::now();
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let status = self.child.wait().unwrap();
        (status.success(), started.elapsed())
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A bridge that signs.
#[derive(Clone)]
pub struct Bridge {
    http: reqwest::Client,
    keys: Arc<Keys>,
}

impl Bridge {
    pub fn new(keys: Keys) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            http,
            keys: Arc::new(keys),
        }
    }

    /// A signed POST; `None` when nobody answers.
    pub async fn post(&self, base: &str, id: &str, delivery: &Value) -> Option<(u16, Value)> {
        let body = serde_json::to_vec(delivery).unwrap();
        let request = self.http.post(format!("{base}/v1/bridge/default/messages"));
        self.send(request, id, body).await
    }

    /// A signed GET; `None` when nobody answers.
    pub async fn get(&self, base: &str, path: &str) -> Option<(u16, Value)> {
        let request = self.http.get(format!("{base}/v1/bridge/default{path}"));
        self.send(request, "get", Vec::new()).await
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        id: &str,
        body: Vec<u8>,
    ) -> Option<(u16, Value)> {
        let now = SystemClock.now();
        let response = request
            .header("content-type", "application/json")
            .header(standard_webhooks::ID, id)
            .header(standard_webhooks::TIMESTAMP, now.timestamp())
            .header(standard_webhooks::SIGNATURE, self.keys.sign(id, now, &body))
            .body(body)
            .send()
            .await
            .ok()?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.ok()?;
        Some((
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        ))
    }

    /// The counts, once nothing is left to decide.
    pub async fn settled(&self, base: &str) -> Value {
        let started = Instant::now();
        loop {
            if let Some((200, tally)) = self.get(base, "/tally").await
                && tally["undecided"] == 0
                && tally["uncovered"] == 0
                && tally["waiting"] == 0
                && tally["claimed"] == 0
            {
                return tally;
            }
            assert!(started.elapsed() < PATIENCE, "it never settles");
            tokio::task::yield_now().await;
        }
    }
}

impl Bridge {
    /// Waits until everything is decided, whatever waits to be sent.
    pub async fn settled_quietly(&self, base: &str) {
        let started = Instant::now();
        loop {
            let (_, tally) = self.get(base, "/tally").await.unwrap();
            if tally["undecided"] == 0 && tally["uncovered"] == 0 {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "it never settles");
            tokio::task::yield_now().await;
        }
    }
}

/// The Postgres server of this run; `None` where there is none to test on, which CI does not accept.
pub fn postgres() -> Option<String> {
    match std::env::var("JIEBAN_TEST_POSTGRES") {
        Ok(url) => Some(url),
        Err(_) if std::env::var_os("CI").is_some() => {
            panic!("JIEBAN_TEST_POSTGRES is not set; run scripts/test")
        }
        Err(_) => None,
    }
}

/// A database of one test, dropped with it.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    pub fn create(server: &str) -> Self {
        let name = format!("jieban_process_{}", std::process::id());
        Self::run(server, &format!("CREATE DATABASE {name}"));
        Self {
            server: server.to_owned(),
            name,
        }
    }

    pub fn url(&self) -> String {
        let mut url = reqwest::Url::parse(&self.server).unwrap();
        url.set_path(&self.name);
        url.to_string()
    }

    fn run(server: &str, sql: &str) {
        let (server, sql) = (server.to_owned(), sql.to_owned());
        // The synchronous client has a runtime of its own.
        std::thread::spawn(move || {
            let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
            client.batch_execute(&sql).unwrap();
        })
        .join()
        .unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        Self::run(
            &self.server,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
    }
}

/// One message of a customer.
pub fn says(conversation: &str, id: &str, text: &str) -> Value {
    json!({
        "account_id": "tea",
        "conversation_id": conversation,
        "messages": [{"id": id, "role": "customer", "type": "text", "text": text}],
    })
}
