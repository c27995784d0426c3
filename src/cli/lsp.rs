//! `seamlint lsp`: what an editor starts.

use clap::Args;

use super::{Failure, USAGE};
use crate::lsp::{End, serve};

/// What the protocol asks for where a client leaves without `shutdown`.
const ABRUPT: u8 = 1;

#[derive(Args)]
pub struct LspArgs {
    /// Speak over standard input and output: the only way, named by editors that could use others
    #[arg(long)]
    stdio: bool,
}

pub fn run(_: &LspArgs) -> Result<u8, Failure> {
    match serve() {
        Ok(End::Shutdown) => Ok(0),
        Ok(End::Abrupt) => Ok(ABRUPT),
        Err(message) => {
            Err(Failure { message: format!("the language server stopped: {message}"), code: USAGE })
        }
    }
}
