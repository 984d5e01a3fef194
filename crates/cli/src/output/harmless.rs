//! Text that came from elsewhere, made harmless: names and reasons are written by strangers, and a terminal obeys what
//! is written to it.

use std::fmt::Write as _;

/// The text with everything replaced that a terminal would obey, or that would let one text pass for another: control
/// characters, line ends, and marks that turn the direction of what follows.
pub(crate) fn harmless(text: &str) -> String {
    judged(text).map(|(letter, harms)| if harms { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

/// The same of what was typed, cut where it is longer than anything that is meant.
pub(crate) fn brief(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let text = harmless(text);
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The same for a text of JSON, which can say such characters by their numbers and so means what it meant.
pub(super) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (letter, harms) in judged(text) {
        if letter == '\n' || !harms {
            safe.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

/// Each character, and whether it does harm. Tags are part of some flags; elsewhere they are not seen.
fn judged(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut is_in_emoji = false;
    text.chars().map(move |letter| {
        let is_tag = matches!(letter, '\u{e0000}'..='\u{e007f}');
        is_in_emoji = matches!(letter, '\u{1f000}'..='\u{1faff}') || is_tag && is_in_emoji;
        (letter, is_obeyed(letter) || is_unseen(letter) || is_tag && !is_in_emoji)
    })
}

fn is_obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// With these, two texts that look the same are not. The joiners stay, because scripts and emojis are written with them.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{200b}' | '\u{2060}' | '\u{3164}')
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
    fn nothing_that_is_not_seen_tells_two_names_apart() {
        for unseen in ['\u{200b}', '\u{ad}', '\u{2060}', '\u{34f}', '\u{3164}', '\u{e0041}'] {
            assert_eq!(harmless(&format!("B{unseen}ob")), "B\u{fffd}ob");
        }
        let scotland = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";
        assert_eq!(harmless(scotland), scotland);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(brief("é"), "é");
        assert_eq!(brief(&"é".repeat(81)), format!("{}…", "é".repeat(80)));
    }

    #[test]
    fn json_means_what_it_meant() {
        let value = serde_json::json!({ "name": "\u{1b}\u{9b}\u{202e}\u{feff}\u{200b}\u{e0041}\"é\n" });
        let text = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!judged(&text.replace('\n', "")).any(|(_, harms)| harms), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
