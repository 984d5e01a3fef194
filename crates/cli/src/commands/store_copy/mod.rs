//! `actas store copy`.

mod endpoint;

pub(crate) use endpoint::Endpoint;

use self::endpoint::Open;
use super::transferring::{
    Progress, Told, check_master_key, count, instance, of_transfer, tell_master_key, to_the_end,
    unless_interrupted,
};
use crate::{
    args::CopyArguments,
    exit::ExitError,
    load,
    output::{self, grouped, rough},
};
use actas_domain::transfer::{self, Source, Target};
use serde::Serialize;
use std::{path::Path, time::Instant};

/// What is printed with `--json`.
#[derive(Debug, Serialize)]
struct Copied {
    from: String,
    to: String,
    instance_id: String,
    /// Where a master key was found that opens the signing keys.
    master_key: Option<String>,
    seconds: f64,
    #[serde(flatten)]
    told: Told,
}

pub(crate) async fn run(arguments: CopyArguments) -> Result<(), ExitError> {
    let began = Instant::now();
    if is_the_same(&arguments.from, &arguments.to) {
        return Err(ExitError::Configuration("--from and --to name the same store".to_owned()));
    }
    // The source is held until the copy is there: whatever it acknowledged meanwhile would be missing.
    let (source, mut target, mut copied) = unless_interrupted(copy(&arguments)).await?;
    // From here on it may be an instance at any moment.
    let finishing = async {
        let failed = |error| ExitError::Store(format!("{}: it cannot be written: {error}", copied.to));
        target.end.finish().await.map_err(failed)
    };
    to_the_end(finishing, &format!("the copy in {}", copied.to)).await?;
    drop((target, source));
    copied.seconds = began.elapsed().as_secs_f64();
    if arguments.json {
        return output::json(&copied);
    }
    output::line(format!(
        "copied the instance {} from {} to {} in {}: {} rows, read again and the same",
        copied.instance_id,
        copied.from,
        copied.to,
        rough(std::time::Duration::from_secs_f64(copied.seconds)),
        grouped(copied.told.rows())
    ))?;
    copied.told.print()?;
    output::line(tell_master_key(copied.master_key.as_ref()))?;
    output::line(format!("{} is as it was: start no server on it any more.", copied.from))
}

/// Both ends, and what is told.
type Ready = (Open<Box<dyn Source>>, Open<Box<dyn Target>>, Copied);

/// All but the last step, before which nothing has happened.
async fn copy(arguments: &CopyArguments) -> Result<Ready, ExitError> {
    let loaded = load::for_copy(arguments.config.as_deref(), arguments.master_key_file.as_deref())?;
    let configuration = loaded.configuration;
    let (from, to) = (arguments.from.to_string(), arguments.to.to_string());
    let mut source = arguments.from.open_source(&configuration).await?;
    let (instance_id, keys) = instance(source.end.as_mut(), &from).await?;
    let master_key = check_master_key(&configuration, arguments.from.master_key_file(), &keys)?;
    let mut target = arguments.to.open_target(&configuration).await?;
    let mut progress = Progress::of(count(source.end.as_mut(), &from).await?);
    let copied = transfer::copy(source.end.as_mut(), target.end.as_mut(), &mut |phase, rows| {
        progress.show(phase, rows);
    })
    .await;
    progress.end();
    let survey = copied.map_err(|error| of_transfer(&error, &from, &to))?;
    arguments.from.require_nobody_at_work(&configuration).await?;
    let copied = Copied { from, to, instance_id, master_key, seconds: 0.0, told: Told::of(&survey) };
    Ok((source, target, copied))
}

/// As far as names say it. Two names for one PostgreSQL database are refused because it is not empty.
fn is_the_same(from: &Endpoint, to: &Endpoint) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match (from, to) {
        (Endpoint::Sqlite(from), Endpoint::Sqlite(to)) => whole(from) == whole(to),
        _ => from == to,
    }
}
