//! The command line.

mod ask;
mod check;
mod classify;
mod client;
mod eval;
mod handover;
mod offline;
mod replay;
mod say;
mod serve;
mod starter;
mod who;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::config::{self, Config};

/// Jieban (接班): the colleague who is on every shift of an online shop's customer service.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    /// Configuration file (default: jieban.toml where it exists).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Serve),
    /// Check the knowledge folder: errors with file, line, column and how to mend them.
    Check(check::Check),
    /// Show what a sentence is understood as, what would be done, and why.
    Ask(ask::Ask),
    /// Show who answers at a moment, why and until when, and the week around it.
    Who(who::Who),
    /// Show what one shift hands to the next, from a running service.
    Handover(handover::Handover),
    /// Play a customer against a running service and show what customer and agent see.
    Say(say::Say),
    /// Play a file of messages (JSON lines) against a running service and count what came of them.
    Replay(replay::Replay),
    /// Classify JSON lines from standard input to standard output.
    Classify(classify::Classify),
    /// Measure understanding on labelled messages.
    Eval(eval::Eval),
}

/// Runs the command line and says how it went.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Serve(serve) => settings(cli.config).and_then(|config| serve.run(config)),
        Command::Check(check) => check.run(),
        Command::Ask(ask) => ask.run(),
        Command::Who(who) => who.run(),
        Command::Handover(handover) => {
            settings(cli.config).and_then(|config| handover.run(&config))
        }
        Command::Say(say) => settings(cli.config).and_then(|config| say.run(&config)),
        Command::Replay(replay) => settings(cli.config).and_then(|config| replay.run(&config)),
        Command::Classify(classify) => classify.run(),
        Command::Eval(eval) => eval.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("jieban: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn settings(file: Option<PathBuf>) -> anyhow::Result<Config> {
    let usual = || Some(PathBuf::from(config::FILE)).filter(|file| file.exists());
    let file = file.or_else(usual);
    Ok(Config::load(file.as_deref(), |name| {
        std::env::var(name).ok()
    })?)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}
