//! `actas dev`: an instance to try and to develop against, without configuration.

mod env_file;
mod people;
mod welcome;

use crate::{
    args::DevArguments,
    assemble,
    data_folder::{self, DataFolder},
    exit::ExitError,
    load, logging, output,
    running::{self, Listeners, Signals},
};
use actas_domain::settings::InstanceKind;
use actas_server::{
    App,
    config::{self, Configuration, PageUrl, PublicUrl, Sources},
    control::Administered,
};
use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

pub(crate) async fn run(arguments: DevArguments) -> Result<(), ExitError> {
    let mut configuration = configuration(&arguments)?;
    logging::start(&configuration);
    let folder = if arguments.ephemeral { None } else { Some(own_folder(&configuration.data_dir)?) };
    let listeners = Listeners::bind(&configuration).await?;
    if configuration.public_url.is_none() {
        configuration.public_url = listeners.public_address().and_then(url_of);
    }
    let http = configuration.http_settings()?;
    let signals = Signals::catch()?;
    let socket = folder.as_ref().map(|folder| running::control_socket(&folder.socket())).transpose()?;
    let (world, held) = match folder {
        Some(folder) => assemble::kept(&configuration, Some(folder)).await?,
        None => assemble::in_memory(&configuration).await?,
    };
    let people = people::ensure(&world).await?;
    let keys = env_file::Keys {
        secret_key: env_file::secret_key(&world, held.folder()).await?,
        publishable_key: http.publishable_key.clone(),
        url: http.public_url.clone(),
    };
    let env_file = held.folder().map(|folder| env_file::write(folder, &keys)).transpose()?;
    let app = Arc::new(App::new(world, http, held.metrics()));
    let control = socket.map(|socket| {
        (socket, Administered::Running { app: Arc::clone(&app), instance: held.instance.clone() })
    });
    let told = output::line(welcome::text(&welcome::Facts {
        keys: &keys,
        people: &people,
        env_file: env_file.as_deref(),
        sign_in_url: app.http.sign_in_url.as_deref(),
        listening: &listeners.describe(),
    }));
    // A server is of use also where nobody can be told of it: its keys are in a file.
    if let Err(error) = told {
        output::error(error);
    }
    let shutdown = Duration::from_secs(configuration.shutdown_seconds);
    running::run(app, listeners, control, signals, shutdown).await;
    held.close().await;
    Ok(())
}

fn configuration(arguments: &DevArguments) -> Result<Configuration, ExitError> {
    let kind = if arguments.live_keys { "production" } else { "development" };
    let mut sources = Sources {
        environment: load::environment(),
        defaults: vec![
            ("data_dir", load::DEV_FOLDER.to_owned()),
            ("instance_kind", kind.to_owned()),
            // A test may travel in time, and what it looks for then must not depend on when the last purge was.
            ("retention_days", "0".to_owned()),
        ],
        ..Sources::default()
    };
    if let Some(listen) = arguments.listen {
        sources.flags.push(("listen", listen.to_string()));
    }
    if let Some(folder) = &arguments.data_dir {
        sources.flags.push(("data_dir", folder.to_string_lossy().into_owned()));
    }
    if arguments.live_keys {
        sources.flags.push(("instance_kind", kind.to_owned()));
    }
    let mut configuration = config::load(&sources)?.configuration;
    if let Some(app) = &arguments.app_url {
        configuration.sign_in_url = Some(sign_in_page(app)?);
    }
    Ok(configuration)
}

/// The app's sign-in page, whose origin is thereby an allowed one.
fn sign_in_page(app: &str) -> Result<PageUrl, ExitError> {
    let base = PublicUrl::parse(app).ok_or_else(|| {
        ExitError::Configuration(format!(
            "--app-url is {app:?}; it must be an absolute http or https URL, such as http://127.0.0.1:3000"
        ))
    })?;
    PageUrl::parse(&format!("{base}/sign-in"))
        .ok_or_else(|| ExitError::Configuration("--app-url is too long".to_owned()))
}

/// Becomes the owner of a folder of `actas dev`, which keeps itself out of version control.
fn own_folder(path: &Path) -> Result<DataFolder, ExitError> {
    let folder = DataFolder::own(path)?;
    data_folder::refuse_cut_off(path)?;
    if folder.database().exists() && !data_folder::is_of_dev(path) {
        return Err(ExitError::Store(format!(
            "{} holds an instance that actas dev did not make, and actas dev would add keys and users to it; choose \
             another --data-dir",
            path.display()
        )));
    }
    match OpenOptions::new().write(true).create_new(true).open(data_folder::gitignore(path)) {
        Ok(mut gitignore) => gitignore.write_all(b"*\n").map_err(|error| unwritable(path, &error))?,
        // The folder's own is nothing to meddle with.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(unwritable(path, &error)),
    }
    Ok(folder)
}

fn unwritable(path: &Path, error: &io::Error) -> ExitError {
    ExitError::Store(format!("{} cannot be written: {error}", data_folder::gitignore(path).display()))
}

/// Where a browser on this machine reaches the listener.
fn url_of(address: SocketAddr) -> Option<PublicUrl> {
    let reachable = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], v4.port())),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, v6.port()))
        }
        other => other,
    };
    PublicUrl::parse(&format!("http://{reachable}"))
}

/// Whether the instance is to be taken for a production one.
fn has_live_keys(kind: InstanceKind) -> bool {
    kind == InstanceKind::Production
}
