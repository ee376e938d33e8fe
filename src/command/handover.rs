//! `handover`: prints what one shift hands to the next, as a running service keeps it.
//!
//! The sheet is made of the store, which the service has; so it is asked, as a person with a token of his own.

use std::process::ExitCode;

use anyhow::{Context, bail};
use reqwest::header::AUTHORIZATION;
use serde_json::Value;

use crate::config::{self, Config, FIRST_PERSON, Role, Secret};

/// Asks a running service.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --shift and --at it prints the latest sheet of each shop that was written when a shift ended,
with what was accepted; where there is none, what would be handed over now.

Examples:
  jieban handover
  jieban handover --shop main --shift 早班 --format markdown
  jieban handover --shop main --at \"2026-11-20 17:40\"")]
pub(super) struct Handover {
    /// One shop (default: all of the person's).
    #[arg(long)]
    shop: Option<String>,
    /// The latest sheet of the shift that is called so, or the sheet with this number.
    #[arg(long, conflicts_with = "at")]
    shift: Option<String>,
    /// What would be handed over at a moment that has passed, such as `2026-11-20 17:40` in the shop's zone, or `now`.
    #[arg(long)]
    at: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Who asks: an entry of `[people]` in the settings (default: one who may).
    #[arg(long)]
    person: Option<String>,
    /// The service (default: the configured address).
    #[arg(long)]
    url: Option<String>,
}

/// How a sheet is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// To be read.
    Text,
    /// To be printed or pasted.
    Markdown,
    /// As data.
    Json,
}

impl Format {
    fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Json => "json",
        }
    }
}

impl Handover {
    pub(super) fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        let desk = Desk::new(config, self.person.as_deref(), self.url.as_deref())?;
        super::runtime()?.block_on(self.print(&desk))
    }

    async fn print(self, desk: &Desk) -> anyhow::Result<ExitCode> {
        let format = ("format", self.format.code());
        if let Some(id) = self
            .shift
            .as_deref()
            .filter(|name| name.parse::<i64>().is_ok())
        {
            println!(
                "{}",
                desk.get(&format!("/{id}"), &[format]).await?.trim_end()
            );
            return Ok(ExitCode::SUCCESS);
        }
        let shops = match self.shop {
            Some(shop) => vec![shop],
            None => desk.shops().await?,
        };
        let mut sheets = Vec::new();
        for shop in &shops {
            let shop = ("shop", shop.as_str());
            let latest = match &self.at {
                Some(_) => None,
                None => desk.latest(shop, self.shift.as_deref()).await?,
            };
            let sheet = match (&latest, &self.at, &self.shift) {
                (Some(id), ..) => desk.get(&format!("/{id}"), &[format]).await?,
                (None, Some(at), _) if at != "now" => {
                    desk.get("/now", &[shop, format, ("at", at)]).await?
                }
                (None, None, Some(shift)) => {
                    bail!(
                        "there is no sheet of a shift called `{shift}` in {}",
                        shop.1
                    )
                }
                _ => desk.get("/now", &[shop, format]).await?,
            };
            sheets.push(sheet.trim_end().to_owned());
        }
        let out = match self.format {
            Format::Json if shops.len() == 1 => sheets.concat(),
            Format::Json => format!("[{}]", sheets.join(",")),
            _ => sheets.join("\n\n"),
        };
        println!("{out}");
        Ok(ExitCode::SUCCESS)
    }
}

/// The doors for people, with a person's token.
struct Desk {
    http: reqwest::Client,
    base: String,
    token: Secret,
}

impl Desk {
    fn new(config: &Config, person: Option<&str>, url: Option<&str>) -> anyhow::Result<Self> {
        let base = match url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", config.listen),
        };
        Ok(Self {
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()?,
            base,
            token: token(config, person)?,
        })
    }

    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<String> {
        let url = format!("{}/v1{path}", self.base);
        let bearer = format!("Bearer {}", self.token.reveal());
        let request = self
            .http
            .get(&url)
            .query(query)
            .header(AUTHORIZATION, bearer);
        let response = request.send().await.with_context(|| {
            format!(
                "nobody answers at {}; is `jieban serve` running?",
                self.base
            )
        })?;
        let status = response.status();
        let body = response.text().await?;
        if status.is_success() {
            return Ok(body);
        }
        let problem: Value = serde_json::from_str(&body).unwrap_or_default();
        let said = problem["detail"].as_str().unwrap_or_default();
        bail!("the service answers {status}: {said}")
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<String> {
        self.ask(&format!("/handovers{path}"), query).await
    }

    async fn list(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<Vec<String>> {
        let found: Value = serde_json::from_str(&self.ask(path, query).await?)?;
        let ids = found.as_array().into_iter().flatten();
        Ok(ids
            .filter_map(|one| one["id"].as_str().map(str::to_owned))
            .collect())
    }

    async fn shops(&self) -> anyhow::Result<Vec<String>> {
        let mut shops = self.list("/shops", &[]).await?;
        shops.retain(|shop| shop != crate::knowledge::ShopId::unassigned().as_str());
        Ok(shops)
    }

    async fn latest(
        &self,
        shop: (&str, &str),
        shift: Option<&str>,
    ) -> anyhow::Result<Option<String>> {
        let mut query = vec![shop, ("limit", "1")];
        query.extend(shift.map(|shift| ("shift", shift)));
        Ok(self.list("/handovers", &query).await?.into_iter().next())
    }
}

/// The token of the person, of one who may read sheets, or of the administrator the service made itself.
fn token(config: &Config, person: Option<&str>) -> anyhow::Result<Secret> {
    let may = |role: &Role| {
        matches!(
            role,
            Role::Agent | Role::Supervisor | Role::Reviewer | Role::Operations | Role::Admin
        )
    };
    let found = match person {
        Some(name) => config.people.get(name),
        None => {
            let all =
                |person: &&config::Person| person.shops.is_none() && person.roles.iter().any(may);
            let people = || config.people.values().filter(|p| !p.tokens.is_empty());
            people()
                .find(all)
                .or_else(|| people().find(|p| p.roles.iter().any(may)))
        }
    };
    if let Some(token) = found.and_then(|person| person.tokens.first()) {
        return Ok(token.clone());
    }
    let folder = config.secrets_folder();
    if person.is_some_and(|name| name != FIRST_PERSON) || !folder.join(FIRST_PERSON).exists() {
        bail!(
            "there is nobody with a token who may ask; name one of [people] with --person, or start `jieban serve` in this folder first"
        );
    }
    Ok(config::first_token(&folder)?.0)
}
