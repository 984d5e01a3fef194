//! Findings, one line each.

use crate::{
    exit::ExitError,
    output::{self, Screen, Tone},
};
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Verdict {
    #[serde(rename = "ok")]
    Ok,
    #[serde(rename = "warn")]
    Warn,
    #[serde(rename = "fail")]
    Fail,
}

/// How one part is, in a line that ends with the next step where there is one.
#[derive(Debug)]
pub(super) struct Finding {
    verdict: Verdict,
    text: String,
}

impl Finding {
    pub(super) fn ok(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, text: text.into() }
    }

    pub(super) fn warn(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, text: text.into() }
    }

    pub(super) fn fail(text: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, text: text.into() }
    }
}

#[derive(Debug, Serialize)]
struct Line {
    part: &'static str,
    verdict: Verdict,
    text: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Report(Vec<Line>);

impl Report {
    pub(super) fn add(&mut self, part: &'static str, finding: Finding) {
        self.0.push(Line { part, verdict: finding.verdict, text: finding.text });
    }

    pub(super) fn has_failure(&self) -> bool {
        self.0.iter().any(|line| line.verdict == Verdict::Fail)
    }

    pub(super) fn print(&self) -> Result<(), ExitError> {
        let screen = Screen::of_stdout(false);
        for Line { part, verdict, text } in &self.0 {
            let (verdict, tone) = match verdict {
                Verdict::Ok => ("ok", Tone::Good),
                Verdict::Warn => ("warn", Tone::Waiting),
                Verdict::Fail => ("FAIL", Tone::Bad),
            };
            let verdict = screen.paint(tone, &format!("{verdict:<4}"));
            output::line(format!("{verdict}  {part:<13}  {text}"))?;
        }
        Ok(())
    }
}
