//! The workshop of the repository: `cargo xtask test` is the one test command.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks by printing")]

mod bench;
mod command;
mod deny;
mod e2e;
mod fault_tools;
mod faults;
mod features;
mod generate;
mod mutations;
mod packages;
mod postgres;
mod semver;
mod test;
mod tidy;
mod tool;
mod workshop;

use std::process::ExitCode;
use workshop::Workshop;

const HELP: &str = "\
cargo xtask COMMAND

  test [--fast]     all checks and tests; --fast leaves out the slow ones: instruction counts, end-to-end runs
  tidy              the laws of the repository alone
  e2e [NAME…]       the end-to-end runs alone, or those whose name contains one of the words
  faults [--minutes N] [--seed S] [--only KIND,…]
                    the fault suite for so long, or each kind of fault once
  faults --mutations [NAME…]
                    the same against programs with a broken guard: each must be found out
  example           the example app of examples/express beside an Actas, until Ctrl-C
  bench [--quick] [--only NAME]
                    Actas beside its peers and the machine's limits; writes docs/benchmarks.md
  bench instructions [--accept]
                    instructions per operation against the committed figures; --accept makes them the figures
  bench flames      flame graphs of create and accept, into docs/flames
  generate          write docs/generated from the built program
  advisories        check the dependencies against the advisory database (needs its download)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = Workshop::find().and_then(|workshop| match words.as_slice() {
        ["test"] => test::run(&workshop, test::Extent::Full),
        ["test", "--fast"] => test::run(&workshop, test::Extent::Fast),
        ["tidy"] => tidy::run(&workshop),
        ["e2e", names @ ..] => e2e::run(&workshop, names),
        ["faults", "--mutations", names @ ..] => mutations::run(&workshop, names),
        ["faults", arguments @ ..] => faults::run(&workshop, arguments),
        ["example"] => e2e::example::run(&workshop),
        ["bench", "instructions"] => bench::instructions::check(&workshop),
        ["bench", "instructions", "--accept"] => bench::instructions::accept(&workshop),
        ["bench", "flames"] => bench::flames::draw(&workshop),
        ["bench", words @ ..] => bench::run(&workshop, words),
        ["generate"] => generate::write(&workshop),
        ["advisories"] => deny::check_advisories(&workshop),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(format!("this is not a command of the workshop\n\n{HELP}")),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}
