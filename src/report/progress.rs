//! Progress of a long scan, on stderr, for a person who watches.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A scan that is over before this shows nothing: a bar that flashes is noise.
const PATIENCE: Duration = Duration::from_millis(500);

/// Counts the work of the current stage; may be shared between threads. Draws only when stderr is a
/// terminal and the scan takes long, and leaves nothing on the screen.
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    /// Whether drawing is still to be decided; never set back.
    waiting: AtomicBool,
}

impl Progress {
    /// Progress for a scan that starts now. `wanted` is false for `--quiet` and the like.
    pub fn new(wanted: bool) -> Progress {
        Progress::with_terminal(wanted && std::io::stderr().is_terminal())
    }

    fn with_terminal(terminal: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos}/{len} {wide_bar:.cyan/dim}") {
            bar.set_style(style);
        }
        Progress { bar, started: Instant::now(), waiting: AtomicBool::new(terminal) }
    }

    /// Starts a stage ("reading", "linking") of `total` pieces of work.
    pub fn stage(&self, name: &'static str, total: usize) {
        self.bar.set_message(name);
        self.bar.set_length(total as u64);
        self.bar.set_position(0);
        self.show_when_slow();
    }

    /// One piece of work is done.
    pub fn step(&self) {
        self.bar.inc(1);
        self.show_when_slow();
    }

    fn show_when_slow(&self) {
        if self.waiting.load(Ordering::Relaxed)
            && self.started.elapsed() > PATIENCE
            && self.waiting.swap(false, Ordering::Relaxed)
        {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_only_on_a_terminal_and_only_when_slow() {
        let fast = Progress::with_terminal(true);
        fast.stage("reading", 2);
        fast.step();
        assert!(fast.bar.is_hidden() && fast.waiting.load(Ordering::Relaxed));

        let mut piped = Progress::with_terminal(false);
        piped.started -= PATIENCE * 2;
        piped.step();
        assert!(piped.bar.is_hidden());

        let mut slow = Progress::with_terminal(true);
        slow.started -= PATIENCE * 2;
        slow.step();
        assert!(!slow.waiting.load(Ordering::Relaxed));
    }
}
