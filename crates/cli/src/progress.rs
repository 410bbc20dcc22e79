//! Progress bars on standard error, when a person looks at a terminal.

use std::{borrow::Cow, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use muster_engine::{NoProgress, Progress, Task};

use crate::ui::Ui;

/// Bars, or nothing.
pub(crate) fn progress(ui: &Ui) -> Box<dyn Progress> {
    if ui.shows_progress() {
        Box::new(Bars { all: MultiProgress::new() })
    } else {
        Box::new(NoProgress)
    }
}

struct Bars {
    all: MultiProgress,
}

struct Bar {
    bar: ProgressBar,
}

impl Progress for Bars {
    fn begin(&self, task: &str, total: Option<u64>) -> Box<dyn Task> {
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                " {msg:<20} {bar:20.cyan/dim} {human_pos}/{human_len}  {eta}",
            ),
            None => (ProgressBar::new_spinner(), " {msg:<20} {spinner} {human_pos}"),
        };
        let bar = self.all.add(bar);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("██░"));
        }
        bar.set_message(Cow::Owned(crate::ui::printable(task)));
        bar.enable_steady_tick(Duration::from_millis(120));
        Box::new(Bar { bar })
    }
}

impl Task for Bar {
    fn advance(&self, n: u64) {
        self.bar.inc(n);
    }

    fn note(&self, text: &str) {
        self.bar.println(format!(" {}", crate::ui::printable(text)));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
