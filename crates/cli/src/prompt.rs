//! Questions, where there is somebody to answer them. They are asked on the standard error, so that what is printed
//! stays what was asked for.

use crate::{exit::ExitError, output::harmless};
use actas_domain::secret::SecretText;
use dialoguer::{Confirm, Error, Input, Password, Select, console::Term, theme::ColorfulTheme};
use rustix::termios::{self, OptionalActions};
use std::{
    io::{self, IsTerminal as _},
    process,
    sync::Once,
    thread,
};
use tokio::signal::unix::{SignalKind, signal};

/// Rows of a choice that are shown at once.
const ROWS_MAX: usize = 12;

/// Whether somebody can be asked.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line of text.
///
/// # Errors
/// [`ExitError::Interrupted`].
pub(crate) fn text(question: &str, may_be_empty: bool) -> Result<String, ExitError> {
    watch_interrupts();
    let theme = ColorfulTheme::default();
    let input: Input<'_, String> = Input::with_theme(&theme).with_prompt(harmless(question));
    let answered = input.allow_empty(may_be_empty).interact_text().map_err(|error| failed(&error))?;
    Ok(answered.trim().to_owned())
}

/// Asks for a secret, which is not shown while it is typed.
///
/// # Errors
/// [`ExitError::Interrupted`].
pub(crate) fn secret(question: &str) -> Result<SecretText, ExitError> {
    watch_interrupts();
    let theme = ColorfulTheme::default();
    let answered = Password::with_theme(&theme).with_prompt(harmless(question)).report(false).interact();
    answered.map(SecretText::new).map_err(|error| failed(&error))
}

/// Asks yes or no; the answer to nothing is no.
///
/// # Errors
/// [`ExitError::Interrupted`].
pub(crate) fn confirm(question: &str) -> Result<bool, ExitError> {
    watch_interrupts();
    let theme = ColorfulTheme::default();
    let asked = Confirm::with_theme(&theme).with_prompt(harmless(question)).default(false);
    asked.wait_for_newline(true).interact().map_err(|error| failed(&error))
}

/// Lets one of several be chosen, by its place.
///
/// # Errors
/// [`ExitError::Interrupted`], also by Escape.
pub(crate) fn choose(question: &str, choices: &[String]) -> Result<usize, ExitError> {
    watch_interrupts();
    let theme = ColorfulTheme::default();
    let shown: Vec<String> = choices.iter().map(|choice| harmless(choice)).collect();
    let asked = Select::with_theme(&theme).with_prompt(harmless(question)).items(&shown).default(0);
    let chosen = asked.max_length(ROWS_MAX).interact_opt().map_err(|error| failed(&error))?;
    chosen.ok_or(ExitError::Interrupted)
}

fn failed(error: &Error) -> ExitError {
    let Error::IO(error) = error;
    // A choice hides the cursor while it is made.
    let _ = Term::stderr().show_cursor();
    match error.kind() {
        // The signal is on its way to the task that ends the program.
        io::ErrorKind::Interrupted => loop {
            thread::park();
        },
        io::ErrorKind::UnexpectedEof => ExitError::Interrupted,
        _ => ExitError::Refused(format!("the terminal cannot be asked: {error}")),
    }
}

/// From the first question on, Ctrl-C ends the program with the terminal as it was: with its cursor, and with what is
/// typed shown again.
fn watch_interrupts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = termios::tcgetattr(io::stdin()).ok();
        let Ok(mut interrupts) = signal(SignalKind::interrupt()) else { return };
        tokio::spawn(async move {
            interrupts.recv().await;
            if let Some(before) = before {
                let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &before);
            }
            let _ = Term::stderr().show_cursor();
            crate::output::note("");
            crate::output::error(ExitError::Interrupted);
            process::exit(ExitError::Interrupted.code().into());
        });
    });
}
