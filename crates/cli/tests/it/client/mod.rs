//! The commands that speak to a running server, against one.

mod errors;
mod export;
mod follow;
mod impersonate;
mod import;
mod import_resume;
mod instance;
mod lists;
mod next_steps;
mod profiles;
mod shell;
mod terminal;
mod users;
