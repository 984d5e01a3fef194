//! `actas users list|show|create|delete|ban|unban|lock|unlock`.

use super::user_import;
use crate::{
    args::{CreateUserArguments, OutputArguments, UserArguments, UsersCommand},
    exit::ExitError,
    output::{self, Cell, Column, Screen, Sheet, Table},
    prompt,
    remote::{self, Remote, at, find_user, label, page_limit, quoted, take},
};
use actas_sdk::users::{CreateUser, ListUsers, User};
use std::path::Path;

pub(crate) async fn run(command: UsersCommand) -> Result<(), ExitError> {
    match command {
        UsersCommand::List { text, query, email, banned, locked, limit, server, output } => {
            let remote = Remote::open(&server)?;
            let mut asked = ListUsers::new().limit(page_limit(limit));
            if let Some(query) = query.or(text) {
                asked = asked.query(query);
            }
            if let Some(email) = email {
                asked = asked.email_address(email);
            }
            if banned {
                asked = asked.banned(true);
            }
            if locked {
                // Which are locked the server cannot be asked, and most are not.
                asked = asked.limit(page_limit(u32::MAX));
            }
            list(&remote, asked, locked, limit, output).await
        }
        UsersCommand::Show(arguments) => show(&arguments).await,
        UsersCommand::Create(arguments) => create(arguments).await,
        UsersCommand::Import(arguments) => user_import::run(arguments).await,
        UsersCommand::Delete { user, yes } => delete(&user, yes).await,
        UsersCommand::Ban(user) => stand(&user, Standing::Banned).await,
        UsersCommand::Unban(user) => stand(&user, Standing::Unbanned).await,
        UsersCommand::Lock(user) => stand(&user, Standing::Locked).await,
        UsersCommand::Unlock(user) => stand(&user, Standing::Unlocked).await,
    }
}

async fn list(
    remote: &Remote,
    asked: ListUsers,
    locked: bool,
    limit: u32,
    output: OutputArguments,
) -> Result<(), ExitError> {
    let mut pages = remote.client.users().pages(asked);
    let users = take(limit, async || {
        let page = pages.next().await?;
        Ok(page.map(|page| page.into_iter().filter(|user| !locked || user.locked).collect()))
    })
    .await;
    let users = users.map_err(|error| remote.explain_list(&error))?;
    if output.json {
        output::json(&users.rows)?;
        users.remark("users", true);
        return Ok(());
    }
    let screen = Screen::of_stdout(output.utc);
    let mut table = Table::new([
        Column::whole("ID"),
        Column::whole("STATUS"),
        Column::shrinks("NAME"),
        Column::shrinks("CONTACT"),
        Column::spare("CREATED"),
        Column::spare("LAST SEEN"),
        Column::spare("USERNAME"),
        Column::spare("EXTERNAL ID"),
    ]);
    for user in &users.rows {
        let seen = user.last_active_at.max(user.last_sign_in_at);
        table.add([
            Cell::new(&user.id),
            Cell::status(status(user)),
            Cell::new(remote::name(user).unwrap_or_default()),
            Cell::new(remote::contact(user).unwrap_or_default()),
            Cell::new(screen.time(at(user.created_at))),
            Cell::new(seen.map(|seen| screen.time(at(seen))).unwrap_or_default()),
            Cell::new(user.username.as_deref().unwrap_or_default()),
            Cell::new(user.external_id.as_deref().unwrap_or_default()),
        ]);
    }
    if !users.rows.is_empty() {
        output::line(table.render(&screen))?;
    }
    users.remark("users", false);
    Ok(())
}

async fn show(arguments: &UserArguments) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let user = find_user(&remote, &arguments.user).await?;
    print(&user, arguments.output)
}

fn print(user: &User, output: OutputArguments) -> Result<(), ExitError> {
    if output.json {
        return output::json(user);
    }
    let screen = Screen::of_stdout(output.utc);
    let mut sheet = Sheet::default();
    sheet.add("id", &user.id);
    sheet.add_status("status", status(user));
    sheet.add_some("name", remote::name(user));
    sheet.add_some("username", user.username.as_deref());
    for address in &user.email_addresses {
        sheet.add("e-mail", &address.email_address);
    }
    for number in &user.phone_numbers {
        sheet.add("phone", &number.phone_number);
    }
    sheet.add_some("external id", user.external_id.as_deref());
    sheet.add("password", if user.password_enabled { "yes" } else { "none" });
    sheet.add("created", screen.full_time(at(user.created_at)));
    sheet.add("updated", screen.full_time(at(user.updated_at)));
    sheet.add_some("last sign-in", user.last_sign_in_at.map(|seen| screen.full_time(at(seen))));
    sheet.add_some("last active", user.last_active_at.map(|seen| screen.full_time(at(seen))));
    output::line(sheet.render(&screen))
}

async fn create(arguments: CreateUserArguments) -> Result<(), ExitError> {
    let stdin = Some(Path::new("-"));
    if arguments.password_file.as_deref() == stdin && arguments.server.secret_key_file.as_deref() == stdin {
        return Err(ExitError::Configuration(
            "the standard input cannot give both the password and the secret key: name a file for one of them"
                .to_owned(),
        ));
    }
    if !arguments.says_who() {
        return Err(ExitError::Configuration(
            "who is it? Say at least one of --id, --email, --phone, --username and --external-id".to_owned(),
        ));
    }
    let remote = Remote::open(&arguments.server)?;
    let mut request = CreateUser::new();
    for address in arguments.email {
        request = request.email_address(address);
    }
    for number in arguments.phone {
        request = request.phone_number(number);
    }
    if let Some(id) = arguments.id {
        request = request.id(id);
    }
    if let Some(username) = arguments.username {
        request = request.username(username);
    }
    if let Some(name) = arguments.first_name {
        request = request.first_name(name);
    }
    if let Some(name) = arguments.last_name {
        request = request.last_name(name);
    }
    if let Some(id) = arguments.external_id {
        request = request.external_id(id);
    }
    if let Some(file) = arguments.password_file {
        let text = remote::secret_file(&file)?;
        request = request.password(text.reveal().trim_end_matches(['\r', '\n']));
    }
    let user = remote.client.users().create(request).await.map_err(|error| remote.explain(&error))?;
    print(&user, arguments.output)
}

/// The one command that asks, for it is the one that cannot be taken back.
async fn delete(arguments: &UserArguments, yes: bool) -> Result<(), ExitError> {
    if !yes && !prompt::is_possible() {
        return Err(ExitError::Configuration(
            "a deletion cannot be taken back, and there is no terminal here to ask on: add --yes if it is meant"
                .to_owned(),
        ));
    }
    let remote = Remote::open(&arguments.server)?;
    let user = find_user(&remote, &arguments.user).await?;
    if !yes {
        let question = format!("At {}, delete for good {}?", remote.url(), label(&user));
        if !prompt::confirm(&question)? {
            return Err(ExitError::Refused("nothing was deleted".to_owned()));
        }
    }
    let deleted = remote.client.users().delete(&user.id).await.map_err(|error| remote.explain(&error))?;
    if arguments.output.json {
        output::json(&deleted)?;
    } else {
        output::line(format!("{} is deleted", output::harmless(&label(&user))))?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Standing {
    Banned,
    Unbanned,
    Locked,
    Unlocked,
}

/// These are asked for in a hurry and can be taken back, so they do not ask; each tells how.
async fn stand(arguments: &UserArguments, standing: Standing) -> Result<(), ExitError> {
    let remote = Remote::open(&arguments.server)?;
    let user = find_user(&remote, &arguments.user).await?;
    let users = remote.client.users();
    let changed = match standing {
        Standing::Banned => users.ban(&user.id).await,
        Standing::Unbanned => users.unban(&user.id).await,
        Standing::Locked => users.lock(&user.id).await,
        Standing::Unlocked => users.unlock(&user.id).await,
    };
    let changed = changed.map_err(|error| remote.explain(&error))?;
    if arguments.output.json {
        output::json(&changed)?;
        return Ok(());
    }
    let ended = |back: &str| {
        let back = remote.command(&format!("users {back} {}", quoted(&user.id)));
        format!("all sessions and actor tokens are over; to take it back: {back}")
    };
    let what = match standing {
        Standing::Banned => format!("banned: {}", ended("unban")),
        Standing::Unbanned => "no longer banned".to_owned(),
        Standing::Locked => format!("locked: {}", ended("unlock")),
        Standing::Unlocked => "no longer locked".to_owned(),
    };
    output::line(format!("{} is {what}", output::harmless(&label(&user))))
}

fn status(user: &User) -> &'static str {
    match (user.banned, user.locked) {
        (true, _) => "banned",
        (_, true) => "locked",
        _ => "active",
    }
}
