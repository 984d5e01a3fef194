//! `actas serve`.

use crate::{
    args::ConfigArguments,
    assemble,
    data_folder::{self, DataFolder},
    exit::ExitError,
    load, logging, output,
    running::{self, Listeners, Signals},
};
use actas_server::{App, config::StoreChoice, control::Administered};
use std::{sync::Arc, time::Duration};

pub(crate) async fn run(arguments: ConfigArguments) -> Result<(), ExitError> {
    let configuration = load::configuration(&arguments)?.configuration;
    let http = configuration.http_settings()?;
    logging::start(&configuration);
    #[cfg(feature = "mutations")]
    tracing::warn!("a build with guards that can be broken: for the fault suite and nothing else");
    for warning in configuration.warnings() {
        tracing::warn!("{warning}");
    }
    let folder = DataFolder::own(&configuration.data_dir)?;
    if configuration.store == StoreChoice::Sqlite {
        // Before the socket is made in it.
        data_folder::refuse_cut_off(folder.path())?;
    }
    let listeners = Listeners::bind(&configuration).await?;
    let socket = running::control_socket(&folder.socket())?;
    let signals = Signals::catch()?;
    let (world, held) = assemble::kept(&configuration, Some(folder)).await?;
    let app = Arc::new(App::new(world, http, held.metrics()));
    let administered = Administered::Running { app: Arc::clone(&app), instance: held.instance.clone() };
    for line in listeners.describe() {
        // A server is of use also where nobody can be told of it.
        if let Err(error) = output::line(line) {
            output::error(error);
        }
    }
    tracing::info!(public_url = app.http.public_url, instance = %held.instance.id, "serving");
    let shutdown = Duration::from_secs(configuration.shutdown_seconds);
    running::run(app, listeners, Some((socket, administered)), signals, shutdown).await;
    held.close().await;
    tracing::info!("stopped");
    Ok(())
}
