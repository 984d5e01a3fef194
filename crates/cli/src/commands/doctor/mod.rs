//! `actas doctor`: looks at an instance and its machine, and says of each part whether it is well and what to do.

mod machine;
mod ownership;
mod report;

use crate::{args::DoctorArguments, data_folder, door::Door, exit::ExitError, load, output};
use actas_server::{
    config::{Configuration, StoreChoice},
    control::{Checks, Status},
};
use report::{Finding, Report};
use std::process::ExitCode;

pub(crate) async fn run(arguments: DoctorArguments) -> Result<ExitCode, ExitError> {
    let mut report = Report::default();
    match load::target(&arguments.target) {
        Ok(loaded) => examine(&loaded.configuration, &mut report).await,
        Err(error) => report.add("configuration", Finding::fail(error.to_string())),
    }
    if arguments.json {
        output::json(&report)?;
    } else {
        report.print()?;
    }
    Ok(if report.has_failure() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn examine(configuration: &Configuration, report: &mut Report) {
    let folder = configuration.data_dir.as_path();
    of_configuration(configuration, report);
    report.add("data folder", machine::folder(folder));
    if folder.is_dir() {
        report.add("ownership", ownership::ownership(folder));
        if configuration.store == StoreChoice::Sqlite {
            report.add("disk space", machine::disk_space(folder));
        }
        report.add("clock", machine::clock(folder));
    }
    report.add("master key", machine::master_key(configuration));
    let database = data_folder::database(folder);
    if configuration.store == StoreChoice::Sqlite && database.exists() {
        report.add("database", machine::database(database).await);
    }
    match Door::open(configuration).await {
        Ok(door) => {
            through(&door, report).await;
            door.close().await;
        }
        Err(error) => {
            let part = match error {
                ExitError::MasterKey(_) => "signing keys",
                ExitError::InUse(_) => "server",
                _ => "store",
            };
            report.add(part, Finding::fail(error.to_string()));
        }
    }
}

fn of_configuration(configuration: &Configuration, report: &mut Report) {
    // An instance of `actas dev` has its public URL from where it listens.
    let is_of_dev = data_folder::is_of_dev(&configuration.data_dir);
    match configuration.http_settings() {
        Err(_) if !is_of_dev => report.add(
            "configuration",
            Finding::warn("has no public_url; to look at the server's own, name its file with --config"),
        ),
        _ if is_of_dev => report.add("configuration", Finding::ok("a development instance needs none")),
        _ => {
            let warnings = configuration.warnings();
            if warnings.is_empty() {
                report.add("configuration", Finding::ok("no contradictions"));
            }
            for warning in warnings {
                report.add("configuration", Finding::warn(warning));
            }
        }
    }
}

/// What the instance says of itself.
async fn through(door: &Door, report: &mut Report) {
    report.add("server", of_server(door).await);
    let checks = match door.get::<Checks>("/checks").await {
        Ok(checks) => checks,
        Err(error) => return report.add("store", Finding::fail(error.to_string())),
    };
    report.add("store", checks.store.map_or_else(|| Finding::ok("can be read and written"), Finding::fail));
    report.add(
        "signing keys",
        checks.signing_keys.map_or_else(|| Finding::ok("open with the master key"), Finding::fail),
    );
    report.add(
        "record",
        checks.clock_behind_seconds.map_or_else(
            || Finding::ok("no entry is newer than the clock"),
            |seconds| {
                Finding::fail(format!(
                    "the newest entry is {seconds} s ahead of the clock, which was set back since; set the clock by \
                     NTP, or wait until it has caught up"
                ))
            },
        ),
    );
}

async fn of_server(door: &Door) -> Finding {
    if !door.is_of_running_server() {
        return Finding::ok("none runs here; the store was opened by this command");
    }
    match door.get::<Status>("/status").await {
        Err(error) => Finding::fail(error.to_string()),
        Ok(status) if status.version != env!("CARGO_PKG_VERSION") => Finding::warn(format!(
            "process {} runs version {}, this is {}; restart it to run this one",
            status.process_id,
            status.version,
            env!("CARGO_PKG_VERSION")
        )),
        Ok(status) => Finding::ok(format!("process {} runs version {}", status.process_id, status.version)),
    }
}
