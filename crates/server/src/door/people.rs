//! `/settings/people`: the program's people, invitations, recoveries.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::response::Redirect;
use desk::{Invitation, Invited};
use domain::account::AccountCommand;
use domain::ids::{PersonName, SeatId};
use domain::person::{Actor, Person, Role};
use domain::program::ProgramCommand;
use maud::{Markup, html};
use serde::Deserialize;

use super::fresh::{fresh, fresh_to};
use crate::extract::{Form, Path};
use crate::web::parts::{CheckAnswers, Field, empty, state, table, when};
use crate::web::{Page, page};
use crate::{Problem, Visit};

const HERE: &str = "/settings/people";
/// How long an invitation can be accepted.
pub(crate) const INVITATION_DAYS: u64 = 7;

pub(crate) fn invitation_life() -> Duration {
    Duration::from_secs(INVITATION_DAYS * 24 * 3600)
}

/// The page.
pub async fn show(visit: Visit) -> Result<Page, Problem> {
    let is_administrator = visit.has(Role::Administrator);
    let invitations = visit.desk.invitations(None).await?;
    let content = html! {
        (people(&visit, is_administrator))
        @if is_administrator { (add()) }
        (waiting(&visit, &invitations, HERE))
        (recoveries(&visit))
    };
    Ok(page(&visit, "People", content))
}

fn people(visit: &Visit, is_administrator: bool) -> Markup {
    let rows: Vec<Vec<Markup>> = visit
        .state
        .program
        .people()
        .map(|person| {
            let account = visit.state.accounts.of(&Actor::Person(person.name.clone()));
            vec![
                html! {
                    @if is_administrator { a href=(link(&person.name)) { (person.name) } } @else { (person.name) }
                },
                html! { (roles(person)) },
                html! {
                    @if account.has_passkey() { (state("good", "has a passkey")) }
                    @else { (state("wait", "has no passkey yet")) }
                },
            ]
        })
        .collect();
    html! {
        @if rows.is_empty() {
            (empty("Nobody yet.", html! { p { "Add the first person below." } }))
        } @else {
            (table("People of the program", &["Name", "Roles", "Sign-in"], &rows))
        }
    }
}

fn add() -> Markup {
    html! {
        h2 { "Add a person" }
        form method="post" action=(HERE) {
            (Field::new("name", "Name").hint("As it shall stand under what this person does").text(""))
            (role_boxes(&BTreeSet::new()))
            p class="buttons" { button type="submit" class="primary" { "Add and invite" } }
        }
    }
}

fn role_boxes(chosen: &BTreeSet<Role>) -> Markup {
    html! {
        fieldset class="narrow" {
            legend { "Roles" }
            @for role in Role::ALL {
                label class="check" {
                    input type="checkbox" name={ "role-" (role) } value="yes" checked[chosen.contains(&role)];
                    strong { (role) } ": " (role_words(role))
                }
            }
        }
    }
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::Coordinator => "writes cases and deals with partners",
        Role::Approver => "approves waves, and recoveries as the second person",
        Role::Investigator => "traces leaks",
        Role::Auditor => "reads everything that is recorded, changes nothing",
        Role::Administrator => "changes settings and people",
    }
}

fn roles(person: &Person) -> String {
    let words: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
    words.join(", ")
}

fn link(name: &PersonName) -> String {
    format!("{HERE}/{}", encoded(name.as_str()))
}

/// A name as one segment of a path.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Invitations that wait, each with a way to take it back.
pub(super) fn waiting(visit: &Visit, invitations: &[Invitation], here: &str) -> Markup {
    let rows: Vec<Vec<Markup>> = invitations
        .iter()
        .map(|invitation| {
            let to = match &invitation.to {
                Invited::Account { account } => named(account),
                Invited::NewSeat { email, .. } => format!("{email}, a new seat"),
            };
            vec![
                html! { (to) },
                html! { (named(&invitation.by)) },
                when(invitation.ends_at, &visit.zone),
                html! {
                    form method="post" action={ (here) "/invitations/" (invitation.id) "/revoke" } {
                        button type="submit" { "Take back" }
                    }
                },
            ]
        })
        .collect();
    html! {
        h2 id="invitations" { "Invitations that wait" }
        @if rows.is_empty() { p class="fine" { "None." } } @else {
            (table("Not accepted yet", &["Who", "Invited by", "Until", "Change"], &rows))
        }
    }
}

/// Somebody's name, without the word that says what it is the name of.
fn named(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) => name.to_string(),
        Actor::Seat(seat) => seat.to_string(),
        Actor::Desk | Actor::Timer => "the program".to_owned(),
    }
}

/// The page that shows a link once.
pub(super) fn invited(visit: &Visit, who: &str, secret: &str, back: &str) -> Page {
    let origin = &visit.app.options().origin;
    page(
        visit,
        "Invitation",
        html! {
            p { "Give this link to " strong { (who) } ", over a channel that you trust: whoever opens it first is them." }
            pre class="secret" { (origin) "/invitation/" (secret) }
            p { "It works once, for " (INVITATION_DAYS) " days, and is not shown again. Until it is used you can take it back." }
            p { a href=(back) { "Back" } }
        },
    )
}

fn chosen_roles(fields: &BTreeMap<String, String>) -> BTreeSet<Role> {
    Role::ALL
        .into_iter()
        .filter(|role| fields.contains_key(&format!("role-{role}")))
        .collect()
}

fn person_of(text: &str) -> Result<PersonName, Problem> {
    PersonName::parse(text)
        .map_err(desk::Failure::from_refusal)
        .map_err(Problem::from)
}

/// Adds a person of the program; the answer is the secret of the invitation. Asks for a fresh passkey.
///
/// # Errors
/// A passkey that was not shown just now; a person who is there already.
pub(crate) async fn added(
    visit: &Visit,
    name: &PersonName,
    roles: BTreeSet<Role>,
) -> Result<String, Problem> {
    fresh(visit)?;
    if visit.state.program.person(name).is_some() {
        return Err(
            Problem::input("person-exists", format!("there is a `{name}` already"))
                .hint("open that person to change roles or to invite"),
        );
    }
    let by = visit.actor()?;
    let command = ProgramCommand::AddPerson {
        person: name.clone(),
        roles,
    };
    visit.desk.decide(command, &by).await?;
    let to = Invited::Account {
        account: Actor::Person(name.clone()),
    };
    Ok(visit.desk.invite(to, &by, invitation_life()).await?)
}

/// Adds a person, and makes the invitation.
pub async fn add_person(
    visit: Visit,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Result<Page, Problem> {
    let name = person_of(fields.get("name").map(String::as_str).unwrap_or_default())?;
    let secret = added(&visit, &name, chosen_roles(&fields)).await?;
    Ok(invited(&visit, name.as_str(), &secret, HERE))
}

/// One person.
pub async fn show_person(visit: Visit, Path(name): Path<String>) -> Result<Page, Problem> {
    let name = person_of(&name)?;
    let person = visit
        .state
        .program
        .person(&name)
        .ok_or_else(Problem::nothing_here)?;
    let account = visit.state.accounts.of(&Actor::Person(name.clone()));
    let here = link(&name);
    let content = html! {
        p class="lead" { (roles(person)) }
        @if account.has_passkey() {
            p { (state("good", "has a passkey")) " If it is lost, ask for a recovery on the page before." }
        } @else {
            p { (state("wait", "has no passkey yet")) }
            form method="post" action={ (here) "/invite" } {
                p class="buttons" { button type="submit" class="primary" { "Invite" } }
            }
        }
        @if visit.person()? == &name {
            p { "This is you. Another administrator changes your roles; sessions are under " a href="/account" { "your account" } "." }
        } @else {
            form method="post" action={ (here) "/roles" } {
                (role_boxes(&person.roles))
                p class="buttons" { button type="submit" { "Change roles" } }
            }
            form method="post" action={ (here) "/sessions/end" } {
                p class="buttons" { button type="submit" { "End all sessions" } a href={ (here) "/remove" } { "Remove this person" } }
            }
        }
        p { a href=(HERE) { "All people" } }
    };
    Ok(page(&visit, name.as_str(), content))
}

/// Changes a person's roles.
pub async fn change_roles(
    visit: Visit,
    Path(name): Path<String>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Result<Redirect, Problem> {
    let person = person_of(&name)?;
    fresh_to(&visit, &link(&person))?;
    let roles = chosen_roles(&fields);
    let by = visit.actor()?;
    if visit.state.program.person(&person).is_none() {
        return Err(Problem::nothing_here());
    }
    let back = link(&person);
    let command = ProgramCommand::AddPerson { person, roles };
    visit.desk.decide(command, &by).await?;
    Ok(Redirect::to(&back))
}

/// Invites a person who has no passkey.
pub async fn invite(visit: Visit, Path(name): Path<String>) -> Result<Page, Problem> {
    let name = person_of(&name)?;
    let back = link(&name);
    fresh_to(&visit, &back)?;
    let to = Invited::Account {
        account: Actor::Person(name.clone()),
    };
    let secret = visit
        .desk
        .invite(to, &visit.actor()?, invitation_life())
        .await?;
    Ok(invited(&visit, name.as_str(), &secret, &back))
}

/// Ends all sessions of a person.
pub async fn end_sessions(visit: Visit, Path(name): Path<String>) -> Result<Redirect, Problem> {
    let name = person_of(&name)?;
    let back = link(&name);
    end_all(&visit, &Actor::Person(name)).await?;
    Ok(Redirect::to(&back))
}

/// Ends all sessions of an account, on record.
pub(crate) async fn end_all(visit: &Visit, account: &Actor) -> Result<(), Problem> {
    visit
        .desk
        .account_command(account, AccountCommand::EndSessions, &visit.actor()?)
        .await?;
    visit.app.sessions().end_all(account).await?;
    Ok(())
}

/// Asks before a person is removed.
pub async fn ask_remove(visit: Visit, Path(name): Path<String>) -> Result<Page, Problem> {
    let name = person_of(&name)?;
    let person = visit
        .state
        .program
        .person(&name)
        .ok_or_else(Problem::nothing_here)?;
    let check = CheckAnswers {
        action: &format!("{}/remove", link(&name)),
        consequence: "Passkeys, tokens and sessions end at once. What the person did stays on record.",
        rows: &[
            ("Person", html! { (name) }),
            ("Roles", html! { (roles(person)) }),
        ],
        hidden: &[],
        fields: html! {},
        button: "Remove",
        back: &link(&name),
    };
    Ok(page(&visit, "Remove a person", check.draw()))
}

/// Removes a person.
pub async fn remove(visit: Visit, Path(name): Path<String>) -> Result<Redirect, Problem> {
    let name = person_of(&name)?;
    fresh_to(&visit, &link(&name))?;
    let by = visit.actor()?;
    visit
        .desk
        .decide(ProgramCommand::RemovePerson(name.clone()), &by)
        .await?;
    visit.app.sessions().end_all(&Actor::Person(name)).await?;
    Ok(Redirect::to(HERE))
}

/// Takes an invitation of the program's people back.
pub async fn revoke(visit: Visit, Path(id): Path<String>) -> Result<Redirect, Problem> {
    visit.desk.revoke_invitation(None, &id).await?;
    Ok(Redirect::to("/settings/people#invitations"))
}

fn recoveries(visit: &Visit) -> Markup {
    let now = visit.desk.now();
    let asked: Vec<_> = visit
        .state
        .accounts
        .all()
        .filter_map(|account| Some((account.actor().clone(), account.recovery(now)?.clone())))
        .collect();
    let own = visit.who.as_ref().map(|who| who.actor());
    html! {
        h2 id="recoveries" { "Recoveries" }
        p {
            "When somebody lost every passkey, two people of the program open the account anew: one asks, another "
            "approves and gets the link. Everything that opened the account before ends."
        }
        @for (account, recovery) in &asked {
            div class="notice wait" {
                p {
                    strong { (named(account)) } ": asked by " (recovery.asked_by) ", " (when(recovery.asked_at, &visit.zone)) ". "
                    (recovery.reason)
                }
                @if own.as_ref() == Some(&Actor::Person(recovery.asked_by.clone())) {
                    p { "Another person must approve it." }
                } @else {
                    form method="post" action={ (HERE) "/recoveries/approve" } {
                        input type="hidden" name="account" value=(account);
                        p class="buttons" { button type="submit" class="danger" { "Approve, and end what opened it" } }
                    }
                }
                form method="post" action={ (HERE) "/recoveries/drop" } {
                    input type="hidden" name="account" value=(account);
                    button type="submit" class="quiet" { "Drop it" }
                }
            }
        }
        @if asked.is_empty() { p class="fine" { "None waits." } }
        h3 { "Ask for one" }
        form method="post" action={ (HERE) "/recoveries" } {
            (Field::new("account", "Whose account").hint("A name of the program, or a seat such as p-07.s1").text(""))
            (Field::new("reason", "Why, and how you made sure who asks").text(""))
            p class="buttons" { button type="submit" { "Ask" } }
        }
    }
}

/// Whose recovery.
#[derive(Debug, Deserialize)]
pub struct Whose {
    account: String,
    #[serde(default)]
    reason: String,
}

/// The account that a text names.
///
/// # Errors
/// A text that can be no name.
pub(crate) fn account_of(visit: &Visit, text: &str) -> Result<Actor, Problem> {
    let text = text.trim();
    if let Ok(actor) = Actor::try_from(text.to_owned()) {
        return Ok(actor);
    }
    if let Ok(seat) = SeatId::parse(text)
        && visit.state.program.seat(&seat).is_some()
    {
        return Ok(Actor::Seat(seat));
    }
    Ok(Actor::Person(person_of(text)?))
}

impl Whose {
    /// `person:Ada`, `seat:p-07.s1`, or either without its first word.
    fn account(&self, visit: &Visit) -> Result<Actor, Problem> {
        account_of(visit, &self.account)
    }
}

/// Asks for a recovery.
pub async fn ask_recovery(visit: Visit, Form(whose): Form<Whose>) -> Result<Redirect, Problem> {
    fresh_to(&visit, HERE)?;
    let account = whose.account(&visit)?;
    let command = AccountCommand::AskRecovery {
        reason: whose.reason,
    };
    visit
        .desk
        .account_command(&account, command, &visit.actor()?)
        .await?;
    Ok(Redirect::to("/settings/people#recoveries"))
}

/// Approves a recovery; the answer is the secret of the invitation. Asks for a fresh passkey.
///
/// # Errors
/// A passkey that was not shown just now; a recovery that another person must approve, or that nobody asked for.
pub(crate) async fn approve(visit: &Visit, account: &Actor) -> Result<String, Problem> {
    fresh_to(visit, HERE)?;
    visit
        .desk
        .account_command(account, AccountCommand::ApproveRecovery, &visit.actor()?)
        .await?;
    visit.app.sessions().end_all(account).await?;
    let to = Invited::Account {
        account: account.clone(),
    };
    // CRASH: an account without a passkey can be invited again by whoever keeps it.
    Ok(visit
        .desk
        .invite(to, &Actor::Desk, invitation_life())
        .await?)
}

/// Approves a recovery: the second person gets the link.
pub async fn approve_recovery(visit: Visit, Form(whose): Form<Whose>) -> Result<Page, Problem> {
    let account = whose.account(&visit)?;
    let secret = approve(&visit, &account).await?;
    Ok(invited(&visit, &named(&account), &secret, HERE))
}

/// Drops a recovery.
pub async fn drop_recovery(visit: Visit, Form(whose): Form<Whose>) -> Result<Redirect, Problem> {
    let account = whose.account(&visit)?;
    visit
        .desk
        .account_command(&account, AccountCommand::DropRecovery, &visit.actor()?)
        .await?;
    Ok(Redirect::to("/settings/people#recoveries"))
}
