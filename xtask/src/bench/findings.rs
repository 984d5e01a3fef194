//! What was found: for each name a value a round.

use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Findings {
    values: BTreeMap<&'static str, Vec<f64>>,
    failed: Vec<String>,
}

/// The middle one of several values, and how far they are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Findings {
    pub(super) fn add(&mut self, measured: Vec<(&'static str, f64)>) {
        for (name, value) in measured {
            println!("  {name} {value:.3}");
            self.values.entry(name).or_default().push(value);
        }
    }

    pub(super) fn fail(&mut self, part: &str, problem: String) {
        println!("  {part} FAILED: {problem}");
        self.failed.push(format!("{part}: {problem}"));
    }

    /// An error that names the parts that failed, if any did.
    pub(super) fn failed(&self) -> Result<(), String> {
        if self.failed.is_empty() { Ok(()) } else { Err(self.failed.join("\n")) }
    }

    pub(super) fn failures(&self) -> &[String] {
        &self.failed
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values.keys().copied()
    }

    pub(super) fn spread(&self, name: &str) -> Option<Spread> {
        spread(self.values.get(name)?.clone())
    }

    /// The first by the second, each round for itself.
    pub(super) fn ratio(&self, above: &str, below: &str) -> Option<Spread> {
        let (above, below) = (self.values.get(above)?, self.values.get(below)?);
        spread(above.iter().zip(below).map(|(above, below)| above / below).collect())
    }
}

fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_unstable_by(f64::total_cmp);
    let (least, most) = (*values.first()?, *values.last()?);
    Some(Spread { median: values[values.len() / 2], least, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_taken_within_its_round() {
        let mut findings = Findings::default();
        for (above, below) in [(10.0, 5.0), (30.0, 10.0), (4.0, 4.0)] {
            findings.add(vec![("above", above), ("below", below)]);
        }
        let ratio = Spread { median: 2.0, least: 1.0, most: 3.0 };
        assert_eq!(findings.ratio("above", "below"), Some(ratio));
        assert_eq!(findings.ratio("above", "absent"), None);
        assert_eq!(findings.spread("below").unwrap().median, 5.0);
    }

    #[test]
    fn a_part_that_failed_is_named() {
        let mut findings = Findings::default();
        assert_eq!(findings.failed(), Ok(()));
        findings.fail("sync", "no disk".to_owned());
        assert_eq!(findings.failed(), Err("sync: no disk".to_owned()));
    }
}
