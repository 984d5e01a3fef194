//! The types that an option can have: how each is read from a text or from TOML, and how it is shown.

use actas_domain::secret::SecretText;
use std::{net::SocketAddr, path::PathBuf};

use super::spec::Shape;

/// A value as somebody gave it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    /// From a flag, the environment or a default: its type is what the option makes of it.
    Text(String),
    /// From the file, where types are told apart.
    String(String),
    Integer(i64),
    Boolean(bool),
    Strings(Vec<String>),
    /// Something that no option is, by TOML's name for it.
    Other(&'static str),
}

impl Given {
    /// The value, for an error.
    pub(super) fn show(&self) -> String {
        match self {
            Self::Text(text) | Self::String(text) => quoted(text),
            Self::Integer(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::Strings(items) => list(items),
            Self::Other(name) => format!("of the type {name}"),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::String(text) => Some(text.trim()),
            _ => None,
        }
    }
}

/// The least and the most that an integer may be, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Range {
    pub(super) const NONE: Self = Self { least: i64::MIN, most: i64::MAX };

    pub(super) const fn of(least: i64, most: i64) -> Self {
        Self { least, most }
    }
}

/// The type of an option.
pub(super) trait OptionValue: Sized {
    const SHAPE: Shape = Shape::One;
    const SECRET: bool = false;

    /// What the value must be, in words that follow "must be".
    fn expected(range: Range) -> String;

    /// The value; none where it is not [`Self::expected`].
    fn read(given: &Given, range: Range) -> Option<Self>;

    /// What stands for an option that nobody set; none where something must.
    fn unset() -> Option<Self> {
        None
    }

    /// The value as it would stand in the file; none while it is not set.
    fn show(&self) -> Option<String>;
}

impl<T: OptionValue> OptionValue for Option<T> {
    const SHAPE: Shape = T::SHAPE;
    const SECRET: bool = T::SECRET;

    fn expected(range: Range) -> String {
        T::expected(range)
    }

    fn read(given: &Given, range: Range) -> Option<Self> {
        T::read(given, range).map(Some)
    }

    fn unset() -> Option<Self> {
        Some(None)
    }

    fn show(&self) -> Option<String> {
        self.as_ref().and_then(T::show)
    }
}

macro_rules! integer {
    ($($type:ty)+) => { $(
        impl OptionValue for $type {
            fn expected(range: Range) -> String {
                format!("an integer from {} to {}", range.least, range.most)
            }

            fn read(given: &Given, range: Range) -> Option<Self> {
                let number = match given {
                    Given::Integer(number) => *number,
                    Given::Text(text) => text.trim().parse().ok()?,
                    _ => return None,
                };
                (range.least..=range.most).contains(&number).then(|| Self::try_from(number).ok())?
            }

            fn show(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+ };
}

integer!(i64 u64 u32 usize);

impl OptionValue for bool {
    const SHAPE: Shape = Shape::Switch;

    fn expected(_range: Range) -> String {
        "true or false".to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        match given {
            Given::Boolean(value) => Some(*value),
            Given::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl OptionValue for SocketAddr {
    fn expected(_range: Range) -> String {
        "an IP address and a port, such as 127.0.0.1:4500 or [::]:4500".to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        given.text()?.parse().ok()
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl OptionValue for PathBuf {
    fn expected(_range: Range) -> String {
        "a path".to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        given.text().filter(|text| !text.is_empty() && !text.contains('\0')).map(Self::from)
    }

    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string_lossy()))
    }
}

impl OptionValue for SecretText {
    const SECRET: bool = true;

    fn expected(_range: Range) -> String {
        "a secret".to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        given.text().filter(|text| !text.is_empty()).map(|text| Self::new(text.to_owned()))
    }

    fn show(&self) -> Option<String> {
        Some("(set, not shown)".to_owned())
    }
}

/// An item of a list.
pub(super) trait Item: Sized {
    /// What a list of these is, in words that follow "must be".
    const EXPECTED: &'static str;

    fn parse(text: &str) -> Option<Self>;

    fn show(&self) -> String;
}

impl<T: Item> OptionValue for Vec<T> {
    const SHAPE: Shape = Shape::List;

    fn expected(_range: Range) -> String {
        T::EXPECTED.to_owned()
    }

    fn read(given: &Given, _range: Range) -> Option<Self> {
        match given {
            Given::Strings(items) => items.iter().map(|item| T::parse(item.trim())).collect(),
            Given::Text(text) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(T::parse).collect()
            }
            _ => None,
        }
    }

    fn unset() -> Option<Self> {
        Some(Self::new())
    }

    fn show(&self) -> Option<String> {
        let items: Vec<_> = self.iter().map(T::show).collect();
        Some(list(&items))
    }
}

/// A value of a closed set, by name.
pub(super) trait Choice: Copy + 'static {
    /// Every name and what it means.
    const NAMES: &'static [(&'static str, Self)];

    fn name(self) -> &'static str;
}

macro_rules! choice {
    ($type:ty { $($name:literal = $value:path,)+ }) => {
        impl $crate::config::value::Choice for $type {
            const NAMES: &'static [(&'static str, Self)] = &[$(($name, $value),)+];

            fn name(self) -> &'static str {
                match self { $($value => $name,)+ }
            }
        }

        impl $crate::config::value::OptionValue for $type {
            fn expected(_range: $crate::config::value::Range) -> String {
                $crate::config::value::one_of::<Self>()
            }

            fn read(
                given: &$crate::config::value::Given,
                _range: $crate::config::value::Range,
            ) -> Option<Self> {
                $crate::config::value::chosen(given)
            }

            fn show(&self) -> Option<String> {
                Some($crate::config::value::quoted($crate::config::value::Choice::name(*self)))
            }
        }
    };
}
pub(super) use choice;

pub(super) fn one_of<T: Choice>() -> String {
    let names: Vec<_> = T::NAMES.iter().map(|(name, _)| *name).collect();
    format!("one of {}", names.join(", "))
}

pub(super) fn chosen<T: Choice>(given: &Given) -> Option<T> {
    let text = given.text()?;
    T::NAMES.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

/// As a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list(items: &[String]) -> String {
    let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}
