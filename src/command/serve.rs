//! `serve`: runs the service until it is told to stop.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context;

use super::starter;
use crate::{
    app::{self, App},
    clock::SystemClock,
    config::{self, Config, DEFAULT_SOURCE, FIRST_PERSON, Person, Role},
    service::people::Token,
};

/// Runs the service. Ctrl-C or SIGTERM stops it after it has finished what it holds.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address to listen on, such as 127.0.0.1:8700 (default: as configured).
    #[arg(long)]
    listen: Option<std::net::SocketAddr>,
}

impl Serve {
    pub(super) fn run(self, mut config: Config) -> anyhow::Result<ExitCode> {
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        app::log(&config)?;
        super::runtime()?.block_on(async {
            let new = sign_in(&mut config)
                .with_context(|| format!("cannot use the data folder {}", config.data.display()))?;
            let stocked = config.publish
                && starter::stock(&config.knowledge).with_context(|| {
                    format!(
                        "cannot write the knowledge folder {}",
                        config.knowledge.display()
                    )
                })?;
            let app = match App::open(&config, Arc::new(SystemClock)).await {
                Ok(app) => app,
                Err(error) => {
                    for problem in error.problems() {
                        eprintln!("{problem}");
                    }
                    return Err(error.into());
                }
            };
            let listener = tokio::net::TcpListener::bind(config.listen)
                .await
                .with_context(|| format!("cannot listen on {}", config.listen))?;
            let address = listener.local_addr()?;
            // Listened for before anybody knows that we are here: who is told may stop us at once.
            let stop = stop()?;
            let link =
                app.people().first_link().await.map_err(|refused| {
                    anyhow::anyhow!("cannot look who may sign in: {refused:?}")
                })?;
            greet(&config, address, new, stocked, link.as_ref());
            app.run(listener, stop).await?;
            tracing::info!("stopped");
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// What was made so that somebody can sign in.
struct New {
    secret: bool,
    token: bool,
}

/// Gives the default source its secret, and the house an administrator, where the settings name none; says what is
/// new.
fn sign_in(config: &mut Config) -> std::io::Result<New> {
    let mut made = New {
        secret: false,
        token: false,
    };
    if config.needs_first_secret() {
        let (secret, new) = config::first_secret(&config.secrets_folder())?;
        made.secret = new;
        if let Some(source) = config.sources.get_mut(DEFAULT_SOURCE) {
            source.secrets.push(secret);
        }
    }
    if config.needs_chat_secret() {
        let (secret, _) = config::first_chat_secret(&config.secrets_folder())?;
        for chat in config.chats.values_mut() {
            if chat.secrets.is_empty() {
                chat.secrets.push(secret.clone());
            }
        }
    }
    if config.needs_first_person() {
        let (token, new) = config::first_token(&config.secrets_folder())?;
        made.token = new;
        let admin = Person {
            name: FIRST_PERSON.to_owned(),
            roles: vec![Role::Admin],
            shops: None,
            tokens: vec![token],
        };
        config.people.insert(FIRST_PERSON.to_owned(), admin);
    }
    Ok(made)
}

/// What to type next, on the terminal of whoever started it; the address also for programs.
fn greet(
    config: &Config,
    address: std::net::SocketAddr,
    new: New,
    stocked: bool,
    link: Option<&Token>,
) {
    println!(
        "接班 Jieban {} listens on http://{address}",
        env!("CARGO_PKG_VERSION")
    );
    println!(
        "knowledge {} · data {}",
        config.knowledge.display(),
        config.data.display()
    );
    println!("console http://{address}/console");
    for name in config.chats.keys() {
        println!("chat    http://{address}/chat/{name}");
    }
    if let Some(link) = link {
        println!();
        println!(
            "Nobody can sign in to the console as an administrator yet. Whoever opens this link first is one"
        );
        println!("(it works once, for 24 hours; a restart makes another):");
        println!();
        println!("    http://{address}/console/invitation/{}", link.reveal());
    }
    if stocked {
        println!();
        println!(
            "A library to begin with was written to {}: rename the shop in shops.yaml, edit what you like.",
            config.knowledge.display()
        );
    }
    if new.secret {
        println!();
        println!(
            "A bridge secret was made: {}",
            config.secrets_folder().display()
        );
        println!("In another terminal, in this folder, type:");
        println!();
        println!("    jieban say \"我的快递到哪了，订单号 2871234567890123456\"");
        println!("    jieban ask \"少发了一个杯子\" --at \"2026-11-20 12:31\"");
    }
    if new.token {
        let file = config.secrets_folder().join(FIRST_PERSON);
        println!();
        println!("An administrator's token was made: {}", file.display());
        println!("Who answers now, and every switch:");
        println!();
        println!(
            "    curl -H \"Authorization: Bearer $(cat {})\" http://{address}/v1/shops",
            file.display()
        );
    }
}

/// Ctrl-C or SIGTERM, from now on.
#[cfg(unix)]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-C, from now on.
#[cfg(windows)]
fn stop() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
