//! The configuration file: TOML, keys without sections.

use super::{
    load::{AllGiven, Source, nearest, spec},
    options::OPTIONS,
    value::Given,
};
use std::path::PathBuf;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The file as it was read.
#[derive(Debug)]
pub struct ConfigFile {
    pub path: PathBuf,
    pub text: String,
}

pub(super) fn read(file: &ConfigFile, given: &mut AllGiven, problems: &mut Vec<String>) {
    let path = file.path.display().to_string();
    let line_at = |offset: usize| {
        let before = file.text.as_bytes().get(..offset).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    };
    let table = match DeTable::parse(&file.text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let line = line_at(error.span().map_or(0, |span| span.start));
            problems.push(format!("{path}:{line}: not valid TOML: {}", error.message().replace('\n', ", ")));
            return;
        }
    };
    for (key, value) in table {
        let line = line_at(key.span().start);
        let name = key.get_ref();
        match spec(name) {
            Some(spec) if spec.secret => problems.push(format!(
                "{path}:{line}: {name} is a secret and does not belong in a file; set {} instead",
                spec.variable()
            )),
            Some(spec) => {
                given.insert(spec.key, (as_given(&value), Source::File { path: path.clone(), line }));
            }
            None => {
                let nearest = nearest(name, OPTIONS.iter().filter(|spec| !spec.secret).map(|spec| spec.key));
                let what = if value.get_ref().is_table() { "section" } else { "key" };
                problems.push(format!("{path}:{line}: there is no {what} {name}{nearest}"));
            }
        }
    }
}

fn as_given(value: &Spanned<DeValue<'_>>) -> Given {
    match value.get_ref() {
        DeValue::String(text) => Given::String(text.clone().into_owned()),
        DeValue::Boolean(value) => Given::Boolean(*value),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Given::Other("integer, beyond 64 bits"), Given::Integer),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map_or(Given::Other("array of other things than strings"), Given::Strings),
        other => Given::Other(other.type_str()),
    }
}
