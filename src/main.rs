//! The `jieban` binary: the command line and nothing else.

fn main() -> std::process::ExitCode {
    jieban::command::run()
}
