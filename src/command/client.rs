//! A bridge's side of the conversation, for `say` and `replay`: signed requests to a running service.

use anyhow::{Context, bail};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::{
    channel::standard_webhooks::{self, Keys},
    clock::{Clock, SystemClock},
    config::{self, Config, DEFAULT_SOURCE},
};

/// Where the service is and who speaks to it.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The service (default: the configured address).
    #[arg(long)]
    url: Option<String>,
    /// The source that is played.
    #[arg(long, default_value = "default")]
    source: String,
}

/// A signing client of one source.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    keys: std::sync::Arc<Keys>,
}

/// An answer that is not an error of the connection.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<u64>,
    pub(super) body: Value,
}

impl Target {
    /// A client with the source's secret, from the configuration or the data folder.
    pub(super) fn client(&self, config: &Config) -> anyhow::Result<Client> {
        let source = config.sources.get(&self.source);
        let mut secrets = source
            .map(|source| source.secrets.clone())
            .unwrap_or_default();
        if secrets.is_empty() && self.source == DEFAULT_SOURCE {
            let folder = config.secrets_folder();
            if !folder.join(DEFAULT_SOURCE).exists() {
                bail!(
                    "there is no secret in {} yet; start `jieban serve` in this folder first",
                    folder.display()
                );
            }
            secrets.push(config::first_secret(&folder)?.0);
        }
        if secrets.is_empty() {
            bail!(
                "the configuration has no secret for the source `{}`",
                self.source
            );
        }
        let url = match &self.url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", config.listen),
        };
        Ok(Client {
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()?,
            base: format!("{url}/v1/bridge/{}", self.source),
            keys: std::sync::Arc::new(Keys::new(&secrets)?),
        })
    }
}

impl Client {
    /// Posts a delivery.
    pub(super) async fn post(&self, id: &str, delivery: &Value) -> anyhow::Result<Answer> {
        self.request(
            Method::POST,
            "/messages",
            &[],
            id,
            serde_json::to_vec(delivery)?,
        )
        .await
    }

    /// Reads something.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.request(Method::GET, path, query, "get", Vec::new())
            .await
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        id: &str,
        body: Vec<u8>,
    ) -> anyhow::Result<Answer> {
        let now = SystemClock.now();
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .query(query)
            .header(standard_webhooks::ID, id)
            .header(standard_webhooks::TIMESTAMP, now.timestamp())
            .header(standard_webhooks::SIGNATURE, self.keys.sign(id, now, &body));
        if !body.is_empty() {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let response = request.send().await.with_context(|| {
            format!(
                "nobody answers at {}; is `jieban serve` running?",
                self.base
            )
        })?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Answer {
            status,
            retry_after,
            body,
        })
    }
}

impl Answer {
    /// The body of a 2xx answer; anything else is an error in the service's words.
    pub(super) fn good(self) -> anyhow::Result<Value> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let said = self.body["detail"].as_str().unwrap_or_default();
        bail!("the service answers {}: {said}", self.status)
    }
}
