//! People of the program, and recoveries.
//!
//! What opens an account asks for a passkey that was shown just now, as the pages do: a token has none, and is told so.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use desk::{Invited, State};
use domain::account::AccountCommand;
use domain::ids::PersonName;
use domain::person::{Actor, Person, Role};
use domain::program::ProgramCommand;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::extract::{Ask, At, Body};
use super::invitations::{InvitationLink, Made, invited, made};
use super::page::{Slice, Window};
use crate::access::{ADMINISTRATOR, Route, api};
use crate::door::{KEEPERS, SEATS, account_of, add_person, end_all, fresh};
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api("GET", "/api/v1/people", KEEPERS, "read"),
    api("POST", "/api/v1/people", ADMINISTRATOR, "write"),
    api("GET", "/api/v1/people/{name}", KEEPERS, "read"),
    api(
        "POST",
        "/api/v1/people/{name}/roles",
        ADMINISTRATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/people/{name}/invitations",
        ADMINISTRATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/people/{name}/sign-out",
        ADMINISTRATOR,
        "write",
    ),
    api(
        "POST",
        "/api/v1/people/{name}/remove",
        ADMINISTRATOR,
        "write",
    ),
    api("GET", "/api/v1/recoveries", KEEPERS, "read"),
    api("POST", "/api/v1/recoveries", SEATS, "write"),
    api("POST", "/api/v1/recoveries/approve", KEEPERS, "write"),
    api("POST", "/api/v1/recoveries/drop", KEEPERS, "write"),
];

/// Those without an idempotency key.
pub fn plain() -> Router<App> {
    let at = |rest: &str| format!("/api/v1{rest}");
    Router::new()
        .route(&at("/people/{name}"), get(show))
        .route(&at("/people/{name}/roles"), post(change_roles))
        .route(&at("/people/{name}/sign-out"), post(sign_out))
        .route(&at("/people/{name}/remove"), post(remove))
        .route(&at("/recoveries/drop"), post(drop_recovery))
}

/// Those that take an idempotency key.
pub fn keyed() -> Router<App> {
    let at = |rest: &str| format!("/api/v1{rest}");
    Router::new()
        .route(&at("/people"), get(list).post(add))
        .route(&at("/people/{name}/invitations"), post(invite))
        .route(&at("/recoveries"), get(recoveries).post(ask_recovery))
        .route(&at("/recoveries/approve"), post(approve_recovery))
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(
    list,
    add,
    show,
    change_roles,
    invite,
    sign_out,
    remove,
    recoveries,
    ask_recovery,
    approve_recovery,
    drop_recovery
))]
pub struct Paths;

/// A person of the program.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonSummary {
    /// The name.
    pub name: String,
    /// The roles: `coordinator`, `approver`, `investigator`, `auditor`, `administrator`.
    pub roles: Vec<String>,
    /// Whether the account has a passkey.
    pub has_passkey: bool,
}

impl PersonSummary {
    /// A person, and whether they have a passkey.
    pub fn of(state: &State, person: &Person) -> Self {
        let account = state.accounts.of(&Actor::Person(person.name.clone()));
        Self {
            name: person.name.to_string(),
            roles: person.roles.iter().map(ToString::to_string).collect(),
            has_passkey: account.has_passkey(),
        }
    }
}

/// A person to be added and invited.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Grace Okoye", "roles": ["approver"]}))]
pub struct NewPerson {
    /// The name, as it shall stand under what this person does.
    pub name: String,
    /// The roles.
    pub roles: Vec<String>,
}

/// The roles that a person shall have.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"roles": ["approver", "auditor"]}))]
pub struct Roles {
    /// All of them; the others are taken away.
    pub roles: Vec<String>,
}

/// A recovery that waits for a second person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecoverySummary {
    /// The account, `person:…` or `seat:…`.
    pub account: String,
    /// Who asked.
    pub asked_by: String,
    /// When, UTC.
    pub asked_at: String,
    /// Why, and how they made sure who asks.
    pub reason: String,
}

/// A recovery to be asked for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"account": "p-07.s1", "reason": "phone lost; called back on the number of the agreement"}))]
pub struct NewRecovery {
    /// A name of the program or a seat; `person:…` and `seat:…` say which.
    pub account: String,
    /// Why, and how you made sure who asks.
    pub reason: String,
}

/// Whose recovery it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"account": "seat:p-07.s1"}))]
pub struct WhoseRecovery {
    /// A name of the program or a seat; `person:…` and `seat:…` say which.
    pub account: String,
}

fn name_of(text: &str) -> Result<PersonName, Problem> {
    Ok(PersonName::parse(text).map_err(desk::Failure::from_refusal)?)
}

fn roles_of(words: &[String]) -> Result<BTreeSet<Role>, Problem> {
    let read = words.iter().map(|word| {
        Role::parse(word).ok_or_else(|| {
            let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
            Problem::input("unknown-role", "this is no role")
                .hint(format!("the roles are {}", known.join(", ")))
        })
    });
    read.collect()
}

fn known(visit: &Visit, name: &str) -> Result<PersonName, Problem> {
    let name = PersonName::parse(name).map_err(|_| Problem::nothing_here())?;
    let known = visit.state.program.person(&name);
    known.map(|_| name).ok_or_else(Problem::nothing_here)
}

async fn person_now(visit: &Visit, name: &PersonName) -> Result<Json<PersonSummary>, Problem> {
    let state = visit.desk.state().await?;
    let person = state.program.person(name);
    let person = person.ok_or_else(Problem::nothing_here)?;
    Ok(Json(PersonSummary::of(&state, person)))
}

/// The people of the program, by name.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", params(Window),
    responses((status = 200, body = Slice<PersonSummary>)))]
pub async fn list(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<PersonSummary>>, Problem> {
    let mut people: Vec<PersonSummary> = visit
        .state
        .program
        .people()
        .map(|person| PersonSummary::of(&visit.state, person))
        .collect();
    people.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Json(window.cut(people, |person| person.name.clone())?))
}

/// Adds a person and invites them. Asks for a fresh passkey.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewPerson,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = InvitationLink)))]
pub async fn add(visit: Visit, Body(new): Body<NewPerson>) -> Result<Made, Problem> {
    let (name, roles) = (name_of(&new.name)?, roles_of(&new.roles)?);
    let secret = add_person(&visit, &name, roles).await?;
    Ok(made(&visit, name.as_str(), &secret))
}

/// One person.
#[utoipa::path(get, path = "/api/v1/people/{name}", tag = "people", params(("name" = String, Path)),
    responses((status = 200, body = PersonSummary)))]
pub async fn show(visit: Visit, At(name): At<String>) -> Result<Json<PersonSummary>, Problem> {
    let name = known(&visit, &name)?;
    let person = visit.state.program.person(&name);
    let person = person.ok_or_else(Problem::nothing_here)?;
    Ok(Json(PersonSummary::of(&visit.state, person)))
}

/// Gives a person these roles and no others. Asks for a fresh passkey.
#[utoipa::path(post, path = "/api/v1/people/{name}/roles", tag = "people", params(("name" = String, Path)),
    request_body = Roles, responses((status = 200, body = PersonSummary)))]
pub async fn change_roles(
    visit: Visit,
    At(name): At<String>,
    Body(new): Body<Roles>,
) -> Result<Json<PersonSummary>, Problem> {
    let name = known(&visit, &name)?;
    fresh(&visit)?;
    let command = ProgramCommand::AddPerson {
        person: name.clone(),
        roles: roles_of(&new.roles)?,
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    person_now(&visit, &name).await
}

/// Invites a person who has no passkey. Asks for a fresh passkey.
#[utoipa::path(post, path = "/api/v1/people/{name}/invitations", tag = "people",
    params(("name" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = InvitationLink)))]
pub async fn invite(visit: Visit, At(name): At<String>) -> Result<Made, Problem> {
    let name = known(&visit, &name)?;
    fresh(&visit)?;
    let account = Actor::Person(name.clone());
    invited(&visit, Invited::Account { account }, name.as_str()).await
}

/// Ends all sessions of a person.
#[utoipa::path(post, path = "/api/v1/people/{name}/sign-out", tag = "people", params(("name" = String, Path)),
    responses((status = 204)))]
pub async fn sign_out(visit: Visit, At(name): At<String>) -> Result<StatusCode, Problem> {
    let name = known(&visit, &name)?;
    end_all(&visit, &Actor::Person(name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a person: passkeys, tokens and sessions end at once. Asks for a fresh passkey.
#[utoipa::path(post, path = "/api/v1/people/{name}/remove", tag = "people", params(("name" = String, Path)),
    responses((status = 204)))]
pub async fn remove(visit: Visit, At(name): At<String>) -> Result<StatusCode, Problem> {
    let name = known(&visit, &name)?;
    fresh(&visit)?;
    let command = ProgramCommand::RemovePerson(name.clone());
    visit.desk.decide(command, &visit.actor()?).await?;
    visit.app.sessions().end_all(&Actor::Person(name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Recoveries that wait for a second person.
#[utoipa::path(get, path = "/api/v1/recoveries", tag = "people", params(Window),
    responses((status = 200, body = Slice<RecoverySummary>)))]
pub async fn recoveries(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<RecoverySummary>>, Problem> {
    let now = visit.desk.now();
    let waiting = visit.state.accounts.all().filter_map(|account| {
        let recovery = account.recovery(now)?;
        Some(RecoverySummary {
            account: account.actor().to_string(),
            asked_by: recovery.asked_by.to_string(),
            asked_at: recovery.asked_at.to_string(),
            reason: recovery.reason.clone(),
        })
    });
    let mut waiting: Vec<RecoverySummary> = waiting.collect();
    waiting.sort_by(|one, other| one.account.cmp(&other.account));
    Ok(Json(window.cut(waiting, |row| row.account.clone())?))
}

/// Asks to open an account anew whose passkeys are lost. Asks for a fresh passkey.
#[utoipa::path(post, path = "/api/v1/recoveries", tag = "people", request_body = NewRecovery,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 204)))]
pub async fn ask_recovery(
    visit: Visit,
    Body(new): Body<NewRecovery>,
) -> Result<StatusCode, Problem> {
    fresh(&visit)?;
    let account = account_of(&visit, &new.account)?;
    let command = AccountCommand::AskRecovery { reason: new.reason };
    let by = visit.actor()?;
    visit.desk.account_command(&account, command, &by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Approves a recovery that another person asked for: everything that opened the account ends. Asks for a fresh passkey.
#[utoipa::path(post, path = "/api/v1/recoveries/approve", tag = "people", request_body = WhoseRecovery,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = InvitationLink)))]
pub async fn approve_recovery(
    visit: Visit,
    Body(whose): Body<WhoseRecovery>,
) -> Result<Made, Problem> {
    let account = account_of(&visit, &whose.account)?;
    let secret = crate::door::approve(&visit, &account).await?;
    Ok(made(&visit, &account.to_string(), &secret))
}

/// Drops a recovery.
#[utoipa::path(post, path = "/api/v1/recoveries/drop", tag = "people", request_body = WhoseRecovery,
    responses((status = 204)))]
pub async fn drop_recovery(
    visit: Visit,
    Body(whose): Body<WhoseRecovery>,
) -> Result<StatusCode, Problem> {
    let account = account_of(&visit, &whose.account)?;
    let by = visit.actor()?;
    visit
        .desk
        .account_command(&account, AccountCommand::DropRecovery, &by)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
