//! The door: sessions, and how somebody comes to have one.

mod ceremony;
pub mod fresh;
mod invitation;
mod links;
mod own;
mod passkey;
mod people;
mod seats;
mod session;
mod team;

use axum::Router;
use axum::http::Method;
use axum::routing::{get, post};
use domain::person::Role;

use crate::App;
use crate::access::{ADMINISTRATOR, Need, Route, page};

pub(crate) use ceremony::Ceremonies;
pub use fresh::{fresh, fresh_to};
pub(crate) use own::{new_token as make_token, scopes};
pub(crate) use people::{
    INVITATION_DAYS, account_of, added as add_person, approve, end_all, invitation_life,
};
pub(crate) use session::failed;
pub use session::{COOKIE, Link, Session, Sessions, TOKEN_PREFIX};

/// Who may see the people of the program: administrators change them, and a recovery needs a second one of these.
pub(crate) const KEEPERS: Need =
    Need::Program(&[Role::Administrator, Role::Approver, Role::Coordinator]);
/// Who deals with partners' seats.
pub(crate) const SEATS: Need = Need::Program(&[Role::Administrator, Role::Coordinator]);

/// What its routes need.
pub const ROUTES: &[Route] = &[
    page("GET", "/", Need::Anybody),
    page("GET", "/sign-in", Need::Anybody),
    page("GET", "/sign-in/link/{secret}", Need::Anybody),
    page("POST", "/sign-in/link/{secret}", Need::Anybody),
    page("POST", "/sign-in/passkey/begin", Need::Anybody),
    page("POST", "/sign-in/passkey/finish", Need::Anybody),
    page("GET", "/sign-in/again", Need::SignedIn),
    page("POST", "/sign-in/again/begin", Need::SignedIn),
    page("POST", "/sign-in/again/finish", Need::SignedIn),
    page("POST", "/sign-out", Need::SignedIn),
    page("GET", "/invitation/{secret}", Need::Anybody),
    page("POST", "/invitation/{secret}/begin", Need::Anybody),
    page("POST", "/invitation/{secret}/finish", Need::Anybody),
    page("GET", "/account", Need::SignedIn),
    page("POST", "/account/passkeys/begin", Need::SignedIn),
    page("POST", "/account/passkeys/finish", Need::SignedIn),
    page("POST", "/account/passkeys/{passkey}/remove", Need::SignedIn),
    page("POST", "/account/sessions/end", Need::SignedIn),
    page("POST", "/account/sessions/{session}/end", Need::SignedIn),
    page("POST", "/account/tokens", Need::SignedIn),
    page("POST", "/account/tokens/{token}/revoke", Need::SignedIn),
    page("GET", "/settings/people", KEEPERS),
    page("POST", "/settings/people", ADMINISTRATOR),
    page("GET", "/settings/people/{name}", ADMINISTRATOR),
    page("POST", "/settings/people/{name}/roles", ADMINISTRATOR),
    page("POST", "/settings/people/{name}/invite", ADMINISTRATOR),
    page(
        "POST",
        "/settings/people/{name}/sessions/end",
        ADMINISTRATOR,
    ),
    page("GET", "/settings/people/{name}/remove", ADMINISTRATOR),
    page("POST", "/settings/people/{name}/remove", ADMINISTRATOR),
    page(
        "POST",
        "/settings/people/invitations/{invitation}/revoke",
        ADMINISTRATOR,
    ),
    page("POST", "/settings/people/recoveries", SEATS),
    page("POST", "/settings/people/recoveries/approve", KEEPERS),
    page("POST", "/settings/people/recoveries/drop", KEEPERS),
    page("GET", "/settings/people/partners/{partner}", SEATS),
    page(
        "POST",
        "/settings/people/partners/{partner}/invitations",
        SEATS,
    ),
    page(
        "POST",
        "/settings/people/partners/{partner}/invitations/{invitation}/revoke",
        SEATS,
    ),
    page(
        "POST",
        "/settings/people/partners/{partner}/{seat}/invite",
        SEATS,
    ),
    page(
        "POST",
        "/settings/people/partners/{partner}/{seat}/lead",
        SEATS,
    ),
    page(
        "POST",
        "/settings/people/partners/{partner}/{seat}/sessions/end",
        SEATS,
    ),
    page("GET", "/team", Need::Partner),
    page("POST", "/team/invitations", Need::Lead),
    page("POST", "/team/invitations/{invitation}/revoke", Need::Lead),
    page("POST", "/team/{seat}/role", Need::Lead),
    page("POST", "/team/{seat}/sessions/end", Need::Lead),
    page("GET", "/team/{seat}/retire", Need::Lead),
    page("POST", "/team/{seat}/retire", Need::Lead),
];

/// Whether a route is one at which secrets could be guessed: those are answered more slowly.
pub(crate) fn is_narrow(method: &Method, route: &str) -> bool {
    let is_link = route.starts_with("/sign-in/link/") || route.starts_with("/invitation/");
    is_link || (*method == Method::POST && route.starts_with("/sign-in/"))
}

/// The routes of the door.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(links::home))
        .route("/sign-in", get(passkey::sign_in))
        .route(
            "/sign-in/link/{secret}",
            get(links::show_link).post(links::follow_link),
        )
        .route("/sign-in/passkey/begin", post(passkey::begin))
        .route("/sign-in/passkey/finish", post(passkey::finish))
        .route("/sign-in/again", get(passkey::again))
        .route("/sign-in/again/begin", post(passkey::begin_again))
        .route("/sign-in/again/finish", post(passkey::finish_again))
        .route("/sign-out", post(links::sign_out))
        .route("/invitation/{secret}", get(invitation::show))
        .route("/invitation/{secret}/begin", post(invitation::begin))
        .route("/invitation/{secret}/finish", post(invitation::finish))
        .merge(own_routes())
        .merge(people_routes())
        .merge(team_routes())
}

fn own_routes() -> Router<App> {
    Router::new()
        .route("/account", get(own::show))
        .route("/account/passkeys/begin", post(own::begin))
        .route("/account/passkeys/finish", post(own::finish))
        .route("/account/passkeys/{passkey}/remove", post(own::remove))
        .route("/account/sessions/end", post(own::end_others))
        .route("/account/sessions/{session}/end", post(own::end))
        .route("/account/tokens", post(own::make_token))
        .route("/account/tokens/{token}/revoke", post(own::revoke))
}

fn people_routes() -> Router<App> {
    const PEOPLE: &str = "/settings/people";
    let at = |rest: &str| format!("{PEOPLE}{rest}");
    Router::new()
        .route(PEOPLE, get(people::show).post(people::add_person))
        .route(&at("/{name}"), get(people::show_person))
        .route(&at("/{name}/roles"), post(people::change_roles))
        .route(&at("/{name}/invite"), post(people::invite))
        .route(&at("/{name}/sessions/end"), post(people::end_sessions))
        .route(
            &at("/{name}/remove"),
            get(people::ask_remove).post(people::remove),
        )
        .route(
            &at("/invitations/{invitation}/revoke"),
            post(people::revoke),
        )
        .route(&at("/recoveries"), post(people::ask_recovery))
        .route(&at("/recoveries/approve"), post(people::approve_recovery))
        .route(&at("/recoveries/drop"), post(people::drop_recovery))
        .route(&at("/partners/{partner}"), get(seats::show))
        .route(
            &at("/partners/{partner}/invitations"),
            post(seats::invite_new),
        )
        .route(
            &at("/partners/{partner}/invitations/{invitation}/revoke"),
            post(seats::revoke),
        )
        .route(
            &at("/partners/{partner}/{seat}/invite"),
            post(seats::invite),
        )
        .route(&at("/partners/{partner}/{seat}/lead"), post(seats::lead))
        .route(
            &at("/partners/{partner}/{seat}/sessions/end"),
            post(seats::end_sessions),
        )
}

fn team_routes() -> Router<App> {
    Router::new()
        .route("/team", get(team::show))
        .route("/team/invitations", post(team::invite))
        .route("/team/invitations/{invitation}/revoke", post(team::revoke))
        .route("/team/{seat}/role", post(team::change_role))
        .route("/team/{seat}/sessions/end", post(team::end_sessions))
        .route(
            "/team/{seat}/retire",
            get(team::ask_retire).post(team::retire),
        )
}
