//! One thing with its members, a line for each.

use super::{Screen, Tone, harmless};

/// Names and values, in the order in which they are shown. What has no value is left out.
#[derive(Debug, Default)]
pub(crate) struct Sheet(Vec<(&'static str, String, Tone)>);

impl Sheet {
    pub(crate) fn add(&mut self, name: &'static str, value: impl AsRef<str>) {
        self.add_in(Tone::Plain, name, value);
    }

    pub(crate) fn add_some(&mut self, name: &'static str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// A status in its colour.
    pub(crate) fn add_status(&mut self, name: &'static str, value: &str) {
        self.add_in(Tone::of_status(value), name, value);
    }

    pub(crate) fn add_in(&mut self, tone: Tone, name: &'static str, value: impl AsRef<str>) {
        let value = harmless(value.as_ref());
        if !value.is_empty() {
            self.0.push((name, value, tone));
        }
    }

    /// The lines: names aligned, values whole.
    pub(crate) fn render(&self, screen: &Screen) -> String {
        let width = self.0.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        let lines = self.0.iter().map(|(name, value, tone)| {
            let name = screen.paint(Tone::Quiet, &format!("{name:width$}"));
            format!("{name}  {}", screen.paint(*tone, value))
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
