//! `seamlint.yml`: the settings of a project, found upwards from what is scanned.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::rules::error::{RuleError, RuleErrors};

/// Names that the file may have.
const NAMES: [&str; 2] = ["seamlint.yml", ".seamlint.yml"];

/// What the file says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Folders with rule files of the project's own, relative to the file.
    #[serde(default)]
    pub rule_folders: Vec<PathBuf>,
}

/// Reads the configuration that governs `path`: the nearest file upwards; the default where there is none.
///
/// # Errors
/// A file that cannot be read or understood, with the place of each mistake.
pub fn load(path: &Path) -> Result<Config, RuleErrors> {
    let start = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    for folder in start.ancestors() {
        for name in NAMES {
            let file = folder.join(name);
            if file.is_file() {
                return read(&file);
            }
        }
    }
    Ok(Config::default())
}

fn read(file: &Path) -> Result<Config, RuleErrors> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| RuleErrors(vec![RuleError::whole(&shown, format!("cannot be read: {error}"))]))?;
    let mut config = if text.trim().is_empty() {
        Config::default()
    } else {
        serde_saphyr::from_str::<Config>(&text)
            .map_err(|error| RuleErrors(vec![RuleError::from_yaml(&shown, &text, &error)]))?
    };
    let folder = file.parent().unwrap_or(Path::new("."));
    config.rule_folders.iter_mut().for_each(|path| *path = folder.join(&*path));
    Ok(config)
}
