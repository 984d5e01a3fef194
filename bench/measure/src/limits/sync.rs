//! The disk: an append of 256 bytes, and waiting until it is there.

use crate::{
    Fallible,
    figures::{Figures, repeat},
};
use std::{io::Write as _, path::Path, time::Duration};

pub(crate) fn measure(folder: &Path, duration: Duration) -> Fallible<Figures> {
    let mut file = tempfile::tempfile_in(folder)?;
    repeat(duration, 1, || {
        file.write_all(&[0; 256])?;
        Ok(file.sync_data()?)
    })
}
