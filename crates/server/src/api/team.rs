//! A partner's own team, and the account of whoever asks.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use desk::Invited;
use domain::account::{AccountCommand, Token};
use domain::ids::SeatId;
use domain::person::Actor;
use domain::program::ProgramCommand;
use domain::seat::{Seat, SeatRole};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::extract::{Ask, At, Body};
use super::idempotency::ShownOnce;
use super::invitations::{
    InvitationLink, InvitationSummary, Made, NewInvitation, email, invited, not_by_token,
};
use super::page::{Slice, Window};
use super::partners::{Reason, SeatSummary, seat_now};
use crate::access::{Need, Route, api};
use crate::door::{end_all, make_token, scopes};
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api("GET", "/api/v1/team", Need::Partner, "read"),
    api("GET", "/api/v1/team/invitations", Need::Lead, "read"),
    api("POST", "/api/v1/team/invitations", Need::Lead, "write"),
    api(
        "POST",
        "/api/v1/team/invitations/{invitation}/revoke",
        Need::Lead,
        "write",
    ),
    api("POST", "/api/v1/team/{seat}/role", Need::Lead, "write"),
    api("POST", "/api/v1/team/{seat}/sign-out", Need::Lead, "write"),
    api("POST", "/api/v1/team/{seat}/retire", Need::Lead, "write"),
    api("GET", "/api/v1/tokens", Need::SignedIn, "read"),
    api("POST", "/api/v1/tokens", Need::SignedIn, "write"),
    api(
        "POST",
        "/api/v1/tokens/{token}/revoke",
        Need::SignedIn,
        "write",
    ),
];

/// Those without an idempotency key.
pub fn plain() -> Router<App> {
    let at = |rest: &str| format!("/api/v1{rest}");
    Router::new()
        .route(&at("/team"), get(list))
        .route(&at("/team/invitations/{invitation}/revoke"), post(revoke))
        .route(&at("/team/{seat}/role"), post(change_role))
        .route(&at("/team/{seat}/sign-out"), post(sign_out))
        .route(&at("/team/{seat}/retire"), post(retire))
        .route(&at("/tokens/{token}/revoke"), post(revoke_token))
}

/// Those that take an idempotency key.
pub fn keyed() -> Router<App> {
    Router::new()
        .route("/api/v1/team/invitations", get(invitations).post(invite))
        .route("/api/v1/tokens", get(tokens).post(new_token))
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(
    list,
    invitations,
    invite,
    revoke,
    change_role,
    sign_out,
    retire,
    tokens,
    new_token,
    revoke_token,
))]
pub struct Paths;

/// What a seat does in its partner's team.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "analyst"}))]
pub struct NewSeatRole {
    /// `lead` or `analyst`.
    #[schema(value_type = String)]
    pub role: SeatRole,
}

/// A token of the account, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenSummary {
    /// By what it is revoked.
    pub token: String,
    /// What its owner calls it.
    pub label: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made, UTC.
    pub made_at: String,
    /// When it ends, UTC.
    pub ends_at: String,
}

/// A token to be made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "nightly export", "scopes": ["read"], "days": 30}))]
pub struct NewToken {
    /// What its owner calls it.
    pub label: String,
    /// What it may do: `read`, `write`, `approve`, `fetch`, `trace`, `metrics`.
    pub scopes: Vec<String>,
    /// Days that it lasts.
    #[schema(minimum = 1, maximum = 400)]
    pub days: u16,
}

/// A new token. It is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeToken {
    /// The token, `hst_…`.
    pub secret: String,
}

fn of_team<'a>(visit: &'a Visit, id: &str) -> Result<&'a Seat, Problem> {
    let (_, partner) = visit.seat()?;
    let seat = SeatId::parse(id).map_err(|_| Problem::nothing_here())?;
    visit
        .state
        .program
        .seat(&seat)
        .filter(|seat| seat.partner() == partner)
        .ok_or_else(Problem::nothing_here)
}

/// The seats of the own team, by id.
#[utoipa::path(get, path = "/api/v1/team", tag = "team", params(Window),
    responses((status = 200, body = Slice<SeatSummary>)))]
pub async fn list(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<SeatSummary>>, Problem> {
    let (_, partner) = visit.seat()?;
    let seats = visit.state.program.seats_of(partner).map(SeatSummary::of);
    let mut seats: Vec<SeatSummary> = seats.collect();
    seats.sort_by(|one, other| one.seat.cmp(&other.seat));
    Ok(Json(window.cut(seats, |seat| seat.seat.clone())?))
}

/// Invitations to the own team that wait.
#[utoipa::path(get, path = "/api/v1/team/invitations", tag = "team", params(Window),
    responses((status = 200, body = Slice<InvitationSummary>)))]
pub async fn invitations(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<InvitationSummary>>, Problem> {
    let (_, partner) = visit.seat()?;
    let all = visit.desk.invitations(Some(partner)).await?;
    Ok(Json(InvitationSummary::slice(&all, &window)?))
}

/// Invites a colleague to a new seat.
#[utoipa::path(post, path = "/api/v1/team/invitations", tag = "team", request_body = NewInvitation,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = InvitationLink)))]
pub async fn invite(visit: Visit, Body(new): Body<NewInvitation>) -> Result<Made, Problem> {
    let partner = visit.seat()?.1.clone();
    let email = email(&new.email)?;
    let who = email.to_string();
    invited(&visit, Invited::NewSeat { partner, email }, &who).await
}

/// Takes an invitation to the own team back.
#[utoipa::path(post, path = "/api/v1/team/invitations/{invitation}/revoke", tag = "team",
    params(("invitation" = String, Path)), responses((status = 204)))]
pub async fn revoke(visit: Visit, At(invitation): At<String>) -> Result<StatusCode, Problem> {
    let (_, partner) = visit.seat()?;
    visit
        .desk
        .revoke_invitation(Some(partner), &invitation)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a colleague a lead or an analyst.
#[utoipa::path(post, path = "/api/v1/team/{seat}/role", tag = "team", params(("seat" = String, Path)),
    request_body = NewSeatRole, responses((status = 200, body = SeatSummary)))]
pub async fn change_role(
    visit: Visit,
    At(seat): At<String>,
    body: Result<Body<NewSeatRole>, Problem>,
) -> Result<Json<SeatSummary>, Problem> {
    let seat = of_team(&visit, &seat)?.id().clone();
    // What a body says is looked at only where there is something for it.
    let Body(new) = body?;
    let command = ProgramCommand::SetSeatRole {
        seat: seat.clone(),
        role: new.role,
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    seat_now(&visit, &seat).await
}

/// Ends all sessions of a colleague.
#[utoipa::path(post, path = "/api/v1/team/{seat}/sign-out", tag = "team", params(("seat" = String, Path)),
    responses((status = 204)))]
pub async fn sign_out(visit: Visit, At(seat): At<String>) -> Result<StatusCode, Problem> {
    let seat = of_team(&visit, &seat)?.id().clone();
    end_all(&visit, &Actor::Seat(seat)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Retires a colleague's seat: it gets nothing any more.
#[utoipa::path(post, path = "/api/v1/team/{seat}/retire", tag = "team", params(("seat" = String, Path)),
    request_body = Reason, responses((status = 200, body = SeatSummary)))]
pub async fn retire(
    visit: Visit,
    At(seat): At<String>,
    body: Result<Body<Reason>, Problem>,
) -> Result<Json<SeatSummary>, Problem> {
    let seat = of_team(&visit, &seat)?.id().clone();
    // What a body says is looked at only where there is something for it.
    let Body(why) = body?;
    let command = ProgramCommand::RetireSeat {
        seat: seat.clone(),
        reason: why.reason,
    };
    visit.desk.decide(command, &visit.actor()?).await?;
    let account = Actor::Seat(seat.clone());
    visit.app.sessions().end_all(&account).await?;
    seat_now(&visit, &seat).await
}

fn summary(token: &Token) -> TokenSummary {
    TokenSummary {
        token: token.id.clone(),
        label: token.label.clone(),
        scopes: token.scopes.iter().cloned().collect(),
        made_at: token.made_at.to_string(),
        ends_at: token.ends_at.to_string(),
    }
}

/// The tokens of whoever asks.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "door", params(Window),
    responses((status = 200, body = Slice<TokenSummary>)))]
pub async fn tokens(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<TokenSummary>>, Problem> {
    let account = visit.state.accounts.of(&visit.actor()?);
    let mut tokens: Vec<TokenSummary> = account.tokens().map(summary).collect();
    tokens.sort_by(|one, other| one.token.cmp(&other.token));
    Ok(Json(window.cut(tokens, |token| token.token.clone())?))
}

/// Makes a token. An account that has a passkey shows it freshly for this: a stolen token makes no other.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "door", request_body = NewToken,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 201, body = MadeToken)))]
pub async fn new_token(
    visit: Visit,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Extension<ShownOnce>, Json<MadeToken>), Problem> {
    not_by_token(&visit)?;
    let known = scopes();
    let scopes: BTreeSet<String> = new.scopes.into_iter().collect();
    if let Some(unknown) = scopes.iter().find(|scope| !known.contains(scope.as_str())) {
        let known: Vec<&str> = known.into_iter().collect();
        return Err(
            Problem::input("scope", format!("`{}` is no scope", unknown.escape_debug()))
                .hint(format!("the scopes are {}", known.join(", "))),
        );
    }
    let secret = make_token(&visit, new.label, scopes, new.days).await?;
    let made = Json(MadeToken { secret });
    Ok((StatusCode::CREATED, Extension(ShownOnce), made))
}

/// Revokes a token at once.
#[utoipa::path(post, path = "/api/v1/tokens/{token}/revoke", tag = "door", params(("token" = String, Path)),
    responses((status = 204)))]
pub async fn revoke_token(visit: Visit, At(token): At<String>) -> Result<StatusCode, Problem> {
    let actor = visit.actor()?;
    let command = AccountCommand::RevokeToken(token);
    visit.desk.account_command(&actor, command, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
