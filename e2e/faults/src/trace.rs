//! What a process wrote, in order, as `strace` saw it: the material for rebuilding a disk.

use crate::Fault;
use std::{collections::HashMap, path::PathBuf};

/// One thing the process did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Write {
        file: PathBuf,
        offset: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        file: PathBuf,
        length: u64,
    },
    Remove {
        file: PathBuf,
    },
    /// A sync began: what was written to the file so far will be on the disk when it has ended.
    SyncBegan {
        thread: u32,
        file: PathBuf,
    },
    SyncEnded {
        thread: u32,
        file: PathBuf,
    },
    /// A line on standard output: an acknowledgement.
    Said(String),
}

/// The system calls that have to be traced.
pub(crate) const CALLS: &str = "write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,unlink,unlinkat,rename,renameat,renameat2,fsync,fdatasync,sync_file_range,mmap,msync,fallocate,copy_file_range,sendfile";

/// Reads the output of `strace -f -y -xx -s LARGE -e trace=CALLS`.
pub(crate) fn parse(text: &str) -> Result<Vec<Event>, Fault> {
    let mut events = Vec::new();
    let mut unfinished: HashMap<u32, String> = HashMap::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Ok(thread) = thread.parse::<u32>() else { continue };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            if let Some(file) = synced_file(begun) {
                events.push(Event::SyncBegan { thread, file });
            }
            // Whoever reads the line may have it from now on.
            if begun.starts_with("write(1<") {
                events.push(said(begun)?);
                continue;
            }
            unfinished.insert(thread, begun.trim_end().to_owned());
        } else if rest.starts_with("<... ") {
            let ending = rest.split_once("resumed>").map_or("", |(_, ending)| ending);
            let call = unfinished.remove(&thread).unwrap_or_default() + ending;
            finished(thread, &call, false, &mut events)?;
        } else {
            finished(thread, rest, true, &mut events)?;
        }
    }
    Ok(events)
}

/// A call that is over. `whole` when its beginning and its end are one line.
fn finished(thread: u32, call: &str, whole: bool, events: &mut Vec<Event>) -> Result<(), Fault> {
    let Some((name, rest)) = call.split_once('(') else { return Ok(()) };
    let Some((arguments, result)) = rest.rsplit_once(" = ") else { return Ok(()) };
    let arguments = arguments.trim_end().trim_end_matches(')');
    if result.starts_with('-') || result.starts_with('?') {
        return Ok(());
    }
    let file = || descriptor(arguments).ok_or_else(|| format!("no file in {name}({arguments:.80}"));
    match name {
        "fsync" | "fdatasync" => {
            let file = file()?;
            if whole {
                events.push(Event::SyncBegan { thread, file: file.clone() });
            }
            events.push(Event::SyncEnded { thread, file });
        }
        "write" if arguments.starts_with("1<") => {
            events.push(said(arguments)?);
        }
        "pwrite64" => {
            let offset = arguments.rsplit_once(", ").and_then(|(_, offset)| offset.parse().ok());
            let offset = offset.ok_or_else(|| format!("no offset in {arguments:.80}"))?;
            let mut bytes = bytes(arguments)?;
            bytes.truncate(result.split_whitespace().next().unwrap_or("").parse()?);
            events.push(Event::Write { file: file()?, offset, bytes });
        }
        "ftruncate" => {
            let length = arguments.rsplit_once(", ").and_then(|(_, length)| length.parse().ok());
            events.push(Event::Truncate { file: file()?, length: length.ok_or("no length in ftruncate")? });
        }
        "unlink" | "unlinkat" => {
            let name = String::from_utf8_lossy(&bytes(arguments)?).into_owned();
            events.push(Event::Remove { file: PathBuf::from(name) });
        }
        _ => unexpected(name, arguments)?,
    }
    Ok(())
}

/// A way of writing to the database that this reader does not follow would make its image wrong.
fn unexpected(name: &str, arguments: &str) -> Result<(), Fault> {
    let database = descriptor(arguments).is_some_and(|file| {
        let name = file.to_string_lossy();
        name.contains(".db") && !name.ends_with("-shm")
    });
    let harmless = match name {
        "fallocate" => true,
        "mmap" => !arguments.contains("PROT_WRITE"),
        _ => false,
    };
    if database && !harmless {
        return Err(format!("an unexpected call on the database: {name}({arguments:.120}").into());
    }
    Ok(())
}

fn said(arguments: &str) -> Result<Event, Fault> {
    Ok(Event::Said(String::from_utf8_lossy(&bytes(arguments)?).trim_end().to_owned()))
}

fn synced_file(begun: &str) -> Option<PathBuf> {
    let (name, arguments) = begun.split_once('(')?;
    matches!(name, "fsync" | "fdatasync").then(|| descriptor(arguments)).flatten()
}

/// `7</path/of/file>` at the beginning, or as a later argument (mmap).
fn descriptor(arguments: &str) -> Option<PathBuf> {
    let (number, rest) = arguments.split_once('<')?;
    let is_descriptor = number.rsplit(", ").next()?.bytes().all(|byte| byte.is_ascii_digit());
    let (path, _) = rest.split_once('>')?;
    (is_descriptor && (path.starts_with("\\x") || path.starts_with('/'))).then(|| path_of(path))
}

fn path_of(text: &str) -> PathBuf {
    let decoded = hexadecimal(text).unwrap_or_else(|| text.as_bytes().to_vec());
    PathBuf::from(String::from_utf8_lossy(&decoded).into_owned())
}

/// The first quoted string, every byte of which is written `\x00`.
fn bytes(arguments: &str) -> Result<Vec<u8>, Fault> {
    let quoted = arguments.split('"').nth(1).ok_or("no data in a write")?;
    if arguments.contains("\"...") {
        return Err("strace cut the data of a write".into());
    }
    Ok(hexadecimal(quoted).ok_or("the data of a write is not hexadecimal")?)
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.strip_prefix("\\x")?.split("\\x").map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_covers_what_was_written_before_it_began() {
        let text = "7 pwrite64(3</d/a.db>, \"\\x41\\x42\", 2, 10) = 2\n\
                    7 fdatasync(3</d/a.db> <unfinished ...>\n\
                    8 write(1<pipe:[5]>, \"\\x61\\x0a\", 2) = 2\n\
                    7 <... fdatasync resumed>) = 0\n";
        let file = PathBuf::from("/d/a.db");
        assert_eq!(
            parse(text).unwrap(),
            [
                Event::Write { file: file.clone(), offset: 10, bytes: b"AB".to_vec() },
                Event::SyncBegan { thread: 7, file: file.clone() },
                Event::Said("a".into()),
                Event::SyncEnded { thread: 7, file },
            ]
        );
    }
}
