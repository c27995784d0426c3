//! What a shell and `man` are told about the command line, made from its definition.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Failure, INTERNAL, print};

/// Prints the completion script of `shell`.
pub fn completions(shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "seamlint", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Prints the manual page of the program, or writes the pages of all commands into a folder.
pub fn man(folder: Option<&Path>) -> Result<u8, Failure> {
    // The pages of `help` and its commands would say nothing.
    let command = Cli::command().disable_help_subcommand(true);
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|error| Failure { message: error.to_string(), code: INTERNAL })?;
        return print(&String::from_utf8_lossy(&page));
    };
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .map_err(|error| Failure::usage(format!("cannot write to `{}`: {error}", folder.display())))?;
    Ok(0)
}
