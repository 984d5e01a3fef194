//! Whose the data folder and its files are: what one user makes there, another may not be able to use.

use super::report::Finding;
use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Names that are told at most.
const NAMES_TOLD: usize = 5;

pub(super) fn ownership(folder: &Path) -> Finding {
    let own = rustix::process::geteuid().as_raw();
    match owners(folder) {
        Ok((owner, files)) => judge(folder, own, owner, &files),
        Err(error) => Finding::warn(format!("the owners in {} cannot be read: {error}", folder.display())),
    }
}

/// The folder's owner, and each file in it with its own.
fn owners(folder: &Path) -> io::Result<(u32, Vec<(PathBuf, u32)>)> {
    let owner = fs::metadata(folder)?.uid();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !is_of_actas(&path) {
            continue;
        }
        match fs::metadata(&path) {
            // A server works beside this, and takes files away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            metadata => files.push((path, metadata?.uid())),
        }
    }
    files.sort();
    Ok((owner, files))
}

/// Whatever else lies there (`lost+found` of a volume of its own) is nobody's concern.
fn is_of_actas(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b"actas.") || name == b"master.key"
}

fn judge(folder: &Path, own: u32, owner: u32, files: &[(PathBuf, u32)]) -> Finding {
    let folder = folder.display();
    let others: Vec<_> = files.iter().filter(|(_, uid)| *uid != owner).collect();
    if !others.is_empty() {
        let told =
            others.iter().take(NAMES_TOLD).map(|(file, uid)| format!("{} of user {uid}", file.display()));
        let told = told.collect::<Vec<_>>().join(", ");
        let more = if others.len() > NAMES_TOLD { ", …" } else { "" };
        return Finding::warn(format!(
            "{folder} is user {owner}'s, and has {told}{more}, which the server may not be able to use; chown {owner} \
             them, as long as no server runs"
        ));
    }
    if own != owner {
        return Finding::warn(format!(
            "this runs as user {own}, and {folder} is user {owner}'s: whether the server can use it is not seen so; run \
             it as that user (sudo -u '#{owner}')"
        ));
    }
    Finding::ok(format!("{folder} and all in it are this user's"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(own: u32, owner: u32, files: &[(&str, u32)]) -> String {
        let files: Vec<_> = files.iter().map(|(name, uid)| (PathBuf::from(name), *uid)).collect();
        format!("{:?}", judge(Path::new("data"), own, owner, &files))
    }

    #[test]
    fn another_user_and_files_of_others_are_warned_of() {
        assert!(told(7, 7, &[("data/actas.db", 7)]).contains("Ok"));
        let as_another = told(0, 7, &[("data/actas.db", 7)]);
        assert!(as_another.contains("Warn") && as_another.contains("user 7's"), "{as_another}");
        let of_another = told(7, 7, &[("data/actas.db", 0), ("data/actas.lock", 7)]);
        assert!(
            of_another.contains("Warn") && of_another.contains("data/actas.db of user 0"),
            "{of_another}"
        );
        assert!(!of_another.contains("actas.lock"), "{of_another}");
        let many: Vec<_> = (0..9).map(|_| ("data/x", 0)).collect();
        assert_eq!(told(7, 7, &many).matches("data/x of").count(), NAMES_TOLD);
    }
}
