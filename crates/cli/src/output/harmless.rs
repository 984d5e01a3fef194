//! Text that came from elsewhere, made harmless: names and reasons are written by strangers, and a terminal obeys what
//! is written to it.

use std::fmt::Write as _;

/// The text with everything replaced that a terminal would obey, or that would let one text pass for another: control
/// characters, line ends, and marks that turn the direction of what follows.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|letter| if is_obeyed(letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

/// The same for a text of JSON, which can say such characters by their numbers and so means what it meant.
pub(super) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '\n' || !is_obeyed(letter) {
            safe.push(letter);
        } else {
            // Writing to a string cannot fail, and all of them have numbers of four digits.
            let _ = write!(safe, "\\u{:04x}", u32::from(letter));
        }
    }
    safe
}

fn is_obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(harmless("Bob\u{1b}[2J\r\n\u{9b}1m\u{7f}\u{202e}!"), "Bob�[2J���1m��!");
        assert_eq!(harmless("Zoë 李 👩‍👧"), "Zoë 李 👩‍👧");
    }

    #[test]
    fn json_means_what_it_meant() {
        let value = serde_json::json!({ "name": "\u{1b}\u{9b}\u{202e}\u{feff}\"é\n" });
        let text = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!text.replace('\n', "").chars().any(is_obeyed), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
