//! `check`: what is wrong in the knowledge folder, and how to mend it.

use std::{path::PathBuf, process::ExitCode};

use crate::{
    clock::{Clock, SystemClock},
    knowledge::{Knowledge, Problem, Severity},
    service::shelf::read_folder,
};

/// Exit code 0 when the folder can be used, 1 when it has errors (with `--strict`, also warnings).
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The knowledge folder.
    #[arg(default_value = "knowledge")]
    folder: PathBuf,
    /// Warnings fail, too.
    #[arg(long)]
    strict: bool,
    /// One JSON object a problem.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let files = read_folder(&self.folder).map_err(|error| {
            anyhow::anyhow!(
                "cannot read the knowledge folder {}: {error}",
                self.folder.display()
            )
        })?;
        let (problems, summary) = match Knowledge::load(&files) {
            Err(problems) => (problems, None),
            Ok((knowledge, mut problems)) => {
                for problem in knowledge.review(None, SystemClock.now()) {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
                (problems, Some(summary(&knowledge)))
            }
        };
        for problem in &problems {
            if self.json {
                println!("{}", serde_json::to_string(problem)?);
            } else {
                println!("{problem}");
            }
        }
        let errors = count(&problems, Severity::Error);
        let warnings = count(&problems, Severity::Warning);
        if !self.json {
            match summary {
                Some(summary) => println!("可以使用：{summary}。{warnings} 条提醒。"),
                None => println!(
                    "不能使用：{errors} 个错误，{warnings} 条提醒。服务会继续使用上一个好的版本。"
                ),
            }
        }
        let failed = errors > 0 || self.strict && warnings > 0;
        Ok(ExitCode::from(u8::from(failed)))
    }
}

fn summary(knowledge: &Knowledge) -> String {
    format!(
        "{} 个店铺，{} 个意图，{} 条话术，{} 种工单（版本 {}）",
        knowledge.shops().len(),
        knowledge.intents().len(),
        knowledge.scripts().len(),
        knowledge.case_kinds().len(),
        knowledge.version().short()
    )
}

fn count(problems: &[Problem], severity: Severity) -> usize {
    problems.iter().filter(|p| p.severity == severity).count()
}
