//! The system's entropy, by way of AWS-LC's generator.

use actas_domain::ports::Entropy;

/// Fills memory from AWS-LC's generator, which the operating system seeds. When that fails the process is ended:
/// a predictable ticket would be worse than none.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            #[expect(clippy::print_stderr, reason = "the last words of a process that must not go on")]
            {
                eprintln!(
                    "actas: the system's source of entropy failed; nothing can be done safely without it"
                );
            }
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ() {
        let (mut first, mut second) = ([0_u8; 32], [0_u8; 32]);
        SystemEntropy.fill(&mut first);
        SystemEntropy.fill(&mut second);
        assert_ne!(first, second);
    }
}
