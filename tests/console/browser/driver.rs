//! Drives Debian's Chromium through its own driver, by the WebDriver protocol (<https://www.w3.org/TR/webdriver2/>):
//! JSON over loopback.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};

/// The keys of WebDriver that are no characters.
pub(crate) const ALT: char = '\u{e00a}';
pub(crate) const SHIFT: char = '\u{e008}';
pub(crate) const CONTROL: char = '\u{e009}';
pub(crate) const ENTER: char = '\u{e007}';
pub(crate) const TAB: char = '\u{e004}';

/// What an element is called on the wire.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window. Gone with this.
pub(crate) struct Browser {
    driver: Child,
    http: reqwest::Client,
    session: String,
}

impl Browser {
    /// Opens one. `scripts` off is a browser without JavaScript.
    pub(crate) async fn open(scripts: bool) -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing; scripts/test installs it");
        let port = port(&mut driver);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut prefs = json!({"intl.accept_languages": "zh-CN,zh"});
        if !scripts {
            prefs["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--disable-dev-shm-usage", "--window-size=1280,800", "--lang=zh-CN", "--hide-scrollbars",
                ],
                "prefs": prefs,
            },
        }}});
        let answer: Value = http
            .post(format!("http://127.0.0.1:{port}/session"))
            .json(&wanted)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let id = answer["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no browser: {answer}"));
        let session = format!("http://127.0.0.1:{port}/session/{id}");
        Self {
            driver,
            http,
            session,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<Value, Value> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.session));
        if method == Method::POST {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let good = answer.status().is_success();
        let mut answer: Value = answer.json().await.unwrap();
        let value = answer["value"].take();
        if good { Ok(value) } else { Err(value) }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.ask(Method::POST, path, body).await;
        answer.unwrap_or_else(|error| panic!("{path}: {}", error["message"]))
    }

    pub(crate) async fn go(&self, url: &str) {
        self.post("/url", json!({"url": url})).await;
    }

    pub(crate) async fn address(&self) -> String {
        let answer = self.ask(Method::GET, "/url", Value::Null).await.unwrap();
        answer.as_str().unwrap().to_owned()
    }

    /// What an expression comes to on the page.
    pub(crate) async fn eval(&self, expression: &str) -> Value {
        let script = format!("return ({expression})");
        self.post("/execute/sync", json!({"script": script, "args": []}))
            .await
    }

    pub(crate) async fn run(&self, script: &str) {
        self.post("/execute/sync", json!({"script": script, "args": []}))
            .await;
    }

    /// Waits until an expression is true; says how long that took.
    pub(crate) async fn until(&self, expression: &str) -> Duration {
        let begun = std::time::Instant::now();
        let script = format!("return Boolean({expression})");
        loop {
            // A page that is being left has no answer.
            let asked = self
                .ask(
                    Method::POST,
                    "/execute/sync",
                    json!({"script": script, "args": []}),
                )
                .await;
            if asked == Ok(Value::Bool(true)) {
                return begun.elapsed();
            }
            if begun.elapsed() > Duration::from_secs(30) {
                let text = self.eval("document.body.innerText").await;
                panic!("never true: {expression}\n{}\n{text}", self.address().await);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until words stand on the page.
    pub(crate) async fn says(&self, words: &str) -> Duration {
        self.until(&format!(
            "document.body.innerText.includes({})",
            json!(words)
        ))
        .await
    }

    /// Clicks; on what a live page has just replaced, again.
    pub(crate) async fn click(&self, selector: &str) {
        for _ in 0..20 {
            let element = self.find(selector).await;
            let path = format!("/element/{element}/click");
            match self.ask(Method::POST, &path, json!({})).await {
                Ok(_) => return,
                Err(error) if error["error"] == "stale element reference" => {}
                Err(error) => panic!("{selector}: {}", error["message"]),
            }
        }
        panic!("{selector} does not stay");
    }

    /// Waits until there is such an element; works without scripts.
    pub(crate) async fn sees(&self, selector: &str) {
        let asked = json!({"using": "css selector", "value": selector});
        for _ in 0..1_000 {
            if self
                .ask(Method::POST, "/element", asked.clone())
                .await
                .is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{selector} never came");
    }

    /// Waits until the address ends so.
    pub(crate) async fn arrives(&self, end: &str) {
        for _ in 0..1_000 {
            if self.address().await.ends_with(end) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("at {} and not at {end}", self.address().await);
    }

    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.post(&format!("/element/{element}/value"), json!({"text": text}))
            .await;
    }

    async fn find(&self, selector: &str) -> String {
        let found = self
            .post(
                "/element",
                json!({"using": "css selector", "value": selector}),
            )
            .await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Presses keys together, as on a keyboard: all but the last are held.
    pub(crate) async fn press(&self, keys: &[char]) {
        // The page's own script comes after the page.
        self.until("document.documentElement.classList.contains('scripted')")
            .await;
        let mut actions = Vec::new();
        for key in keys {
            actions.push(json!({"type": "keyDown", "value": key}));
        }
        for key in keys.iter().rev() {
            actions.push(json!({"type": "keyUp", "value": key}));
        }
        let keyboard = json!([{"type": "key", "id": "keyboard", "actions": actions}]);
        self.post("/actions", json!({"actions": keyboard})).await;
    }

    /// Types one key after the other.
    pub(crate) async fn keys(&self, text: &str) {
        for key in text.chars() {
            self.press(&[key]).await;
        }
    }

    /// A command of the DevTools protocol.
    pub(crate) async fn devtools(&self, command: &str, params: Value) -> Value {
        self.post(
            "/goog/cdp/execute",
            json!({"cmd": command, "params": params}),
        )
        .await
    }

    /// Another tab; the browser looks at it from now on.
    pub(crate) async fn tab(&self) -> String {
        let made = self.post("/window/new", json!({"type": "tab"})).await;
        let handle = made["handle"].as_str().unwrap().to_owned();
        self.switch(&handle).await;
        handle
    }

    pub(crate) async fn window(&self) -> String {
        let answer = self.ask(Method::GET, "/window", Value::Null).await.unwrap();
        answer.as_str().unwrap().to_owned()
    }

    pub(crate) async fn switch(&self, handle: &str) {
        self.post("/window", json!({"handle": handle})).await;
    }

    /// What the browser complained of: refused scripts, errors.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({"type": "browser"})).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            // An answer that refuses is no mistake of the page.
            .filter(|message| !message.contains("the server responded with a status of"))
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver takes its browser with it when it is asked to; a test that panicked asks no more.
        let session = self.session.clone();
        let _ = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(async {
                    let http = reqwest::Client::builder().no_proxy().build().unwrap();
                    let closing = http.delete(&session).send();
                    let _ = tokio::time::timeout(Duration::from_secs(5), closing).await;
                });
            }
        })
        .join();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The driver says where it listens.
fn port(driver: &mut Child) -> u16 {
    use std::io::{BufRead, BufReader};
    let out = driver.stdout.take().unwrap();
    let mut lines = BufReader::new(out).lines();
    let port = loop {
        let line = lines
            .next()
            .expect("chromedriver says where it listens")
            .unwrap();
        if let Some((_, rest)) = line.split_once("started successfully on port ") {
            break rest.trim_end_matches('.').parse().unwrap();
        }
    };
    // Read on, so that it is never stopped by a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    port
}
