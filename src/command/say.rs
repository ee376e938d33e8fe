//! `say`: plays a customer against a running service, signed as a bridge would, and shows what the
//! customer and the agent see.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::client::{Client, Target};
use crate::{
    clock::{Clock, SystemClock},
    config::Config,
};

/// Says something as a customer.
#[derive(Debug, clap::Args)]
pub(super) struct Say {
    /// What the customer says; several are sent one after another in one delivery.
    #[arg(required = true)]
    text: Vec<String>,
    #[command(flatten)]
    target: Target,
    /// The shop's account.
    #[arg(long, default_value = "demo")]
    account: String,
    /// The conversation (default: a new one).
    #[arg(long)]
    conversation: Option<String>,
    /// Seconds to wait for an automatic reply.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(0..=25))]
    wait: u64,
    /// Speaks as the shop's agent instead.
    #[arg(long)]
    agent: bool,
}

impl Say {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        let client = self.target.client(config)?;
        super::runtime()?.block_on(self.play(&client))
    }

    async fn play(self, client: &Client) -> anyhow::Result<ExitCode> {
        let stamp = SystemClock.now().timestamp_micros();
        let conversation = self
            .conversation
            .clone()
            .unwrap_or_else(|| format!("say-{stamp}"));
        let role = if self.agent { "agent" } else { "customer" };
        let messages: Vec<Value> = self
            .text
            .iter()
            .enumerate()
            .map(|(n, text)| json!({"id": format!("say-{stamp}-{n}"), "role": role, "type": "text", "text": text}))
            .collect();
        let delivery = json!({
            "account_id": self.account,
            "conversation_id": conversation,
            "messages": messages,
            "wait_ms": self.wait * 1000,
        });
        let answer = client
            .post(&format!("say_{stamp}"), &delivery)
            .await?
            .good()?;
        let path = format!("/conversations/{conversation}");
        let view = client
            .get(&path, &[("account_id", &self.account), ("wait_ms", "5000")])
            .await?
            .good()?;
        print!("{}", show(&view, &answer));
        Ok(ExitCode::SUCCESS)
    }
}

fn show(view: &Value, answer: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| view[name].as_array().cloned().unwrap_or_default();
    let mut out = format!(
        "会话 {}（店铺 {}）\n\n顾客看到：\n",
        text(&view["conversation"]),
        text(&view["shop"])
    );
    for message in list("messages") {
        let who = match message["speaker"].as_str() {
            Some("customer") => "顾客",
            Some("bot_auto") => "自动回复",
            Some("notice") => "自动回执",
            Some("system") => "平台",
            _ => "客服",
        };
        out.push_str(&format!("  {who}：{}\n", indent(&text(&message["text"]))));
    }
    if answer["reply"].is_null() {
        let verdict = text(&view["because"]["verdict"]);
        out.push_str(&format!("  （没有自动回复：{verdict}）\n"));
    }
    out.push_str("\n客服看到：\n");
    for (n, suggestion) in list("suggestions").iter().enumerate() {
        out.push_str(&format!(
            "  {}. {}\n     {}\n",
            n + 1,
            text(&suggestion["title"]),
            indent(&text(&suggestion["text"]))
        ));
    }
    if list("suggestions").is_empty() {
        out.push_str("  （没有推荐话术）\n");
    }
    for case in list("cases") {
        let state = if case["state"] == "draft" {
            "工单草稿"
        } else {
            "工单"
        };
        out.push_str(&format!(
            "  {state} {} {}\n     {}\n",
            text(&case["number"]),
            text(&case["kind"]),
            indent(&text(&case["note"]))
        ));
    }
    out
}

fn indent(text: &str) -> String {
    text.replace('\n', "\n     ")
}
