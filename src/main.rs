//! Entry point.

use std::io::Write;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match codeartifact_operator::cli::main().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The error is printed in one line, without a backtrace: users act on the message.
            drop(writeln!(std::io::stderr(), "Error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
