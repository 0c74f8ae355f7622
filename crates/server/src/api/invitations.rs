//! Invitations: links that make somebody's first passkey, once.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use desk::{Invitation, Invited};
use domain::person::Actor;
use domain::seat::Email;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::extract::{Ask, At, Body};
use super::idempotency::ShownOnce;
use super::page::{Slice, Window};
use super::partners::{id_of, seat_of};
use crate::access::{ADMINISTRATOR, Route, api};
use crate::door::{INVITATION_DAYS, KEEPERS, SEATS, end_all, invitation_life};
use crate::{App, Problem, Visit};

/// What its routes need.
pub const ROUTES: &[Route] = &[
    api("GET", "/api/v1/invitations", KEEPERS, "read"),
    api(
        "POST",
        "/api/v1/invitations/{invitation}/revoke",
        ADMINISTRATOR,
        "write",
    ),
    api(
        "GET",
        "/api/v1/partners/{partner}/invitations",
        SEATS,
        "read",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/invitations",
        SEATS,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/invitations/{invitation}/revoke",
        SEATS,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/seats/{seat}/invitations",
        SEATS,
        "write",
    ),
    api(
        "POST",
        "/api/v1/partners/{partner}/seats/{seat}/sign-out",
        SEATS,
        "write",
    ),
];

/// Those without an idempotency key.
pub fn plain() -> Router<App> {
    let at = |rest: &str| format!("/api/v1{rest}");
    Router::new()
        .route(&at("/invitations"), get(invitations))
        .route(&at("/invitations/{invitation}/revoke"), post(revoke))
        .route(
            &at("/partners/{partner}/invitations/{invitation}/revoke"),
            post(revoke_of_partner),
        )
        .route(
            &at("/partners/{partner}/seats/{seat}/sign-out"),
            post(sign_out_seat),
        )
}

/// Those that take an idempotency key.
pub fn keyed() -> Router<App> {
    let at = |rest: &str| format!("/api/v1{rest}");
    Router::new()
        .route(
            &at("/partners/{partner}/invitations"),
            get(invitations_of_partner).post(invite_to_partner),
        )
        .route(
            &at("/partners/{partner}/seats/{seat}/invitations"),
            post(invite_seat),
        )
}

/// Their part of the document.
#[derive(OpenApi)]
#[openapi(paths(
    invitations,
    revoke,
    invitations_of_partner,
    invite_to_partner,
    revoke_of_partner,
    invite_seat,
    sign_out_seat
))]
pub struct Paths;

/// Somebody to be invited to a new seat.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "analyst@p-07.example"}))]
pub struct NewInvitation {
    /// Where the colleague is reached; nothing is sent there from here.
    pub email: String,
}

/// An invitation that was made. The link is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InvitationLink {
    /// Who is invited.
    pub to: String,
    /// Whoever opens it first is them.
    pub link: String,
    /// Days in which it works, once.
    pub days: u64,
}

/// An invitation that waits.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct InvitationSummary {
    /// By what it is revoked.
    pub invitation: String,
    /// The account, `person:…` or `seat:…`; nothing for a new seat.
    pub account: Option<String>,
    /// The new seat's partner.
    pub partner: Option<String>,
    /// Where whoever gets the new seat is reached.
    pub email: Option<String>,
    /// Who made it: `person:…`, `seat:…` or `desk`.
    pub by: String,
    /// When it ends, UTC.
    pub ends_at: String,
}

pub(super) type Made = (StatusCode, Extension<ShownOnce>, Json<InvitationLink>);

impl InvitationSummary {
    fn of(one: &Invitation) -> Self {
        let (account, partner, email) = match &one.to {
            Invited::Account { account } => (Some(account.to_string()), None, None),
            Invited::NewSeat { partner, email } => {
                (None, Some(partner.to_string()), Some(email.to_string()))
            }
        };
        Self {
            invitation: one.id.clone(),
            account,
            partner,
            email,
            by: one.by.to_string(),
            ends_at: one.ends_at.to_string(),
        }
    }

    /// Invitations, by what revokes them.
    pub(super) fn slice(all: &[Invitation], window: &Window) -> Result<Slice<Self>, Problem> {
        let mut rows: Vec<Self> = all.iter().map(Self::of).collect();
        rows.sort_by(|one, other| one.invitation.cmp(&other.invitation));
        window.cut(rows, |row| row.invitation.clone())
    }
}

/// What opens an account is made by somebody who is signed in: a stolen token must not become a stolen account.
///
/// # Errors
/// `by-token`.
pub(super) fn not_by_token(visit: &Visit) -> Result<(), Problem> {
    if !visit.session.as_ref().is_some_and(|own| own.is_token()) {
        return Ok(());
    }
    Err(Problem::new(
        403,
        "by-token",
        "a token makes nothing that opens an account",
    )
    .hint("do it in the browser"))
}

/// Invites somebody, and shows the link this once.
pub(super) async fn invited(visit: &Visit, to: Invited, who: &str) -> Result<Made, Problem> {
    not_by_token(visit)?;
    let by = visit.actor()?;
    let secret = visit.desk.invite(to, &by, invitation_life()).await?;
    Ok(made(visit, who, &secret))
}

pub(super) fn made(visit: &Visit, who: &str, secret: &str) -> Made {
    let link = InvitationLink {
        to: who.to_owned(),
        link: format!("{}/invitation/{secret}", visit.app.options().origin),
        days: INVITATION_DAYS,
    };
    (StatusCode::CREATED, Extension(ShownOnce), Json(link))
}

pub(super) fn email(text: &str) -> Result<Email, Problem> {
    Ok(Email::parse(text.trim()).map_err(desk::Failure::from_refusal)?)
}

/// Invitations of people that wait.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "people", params(Window),
    responses((status = 200, body = Slice<InvitationSummary>)))]
pub async fn invitations(
    visit: Visit,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<InvitationSummary>>, Problem> {
    let all = visit.desk.invitations(None).await?;
    Ok(Json(InvitationSummary::slice(&all, &window)?))
}

/// Takes an invitation back.
#[utoipa::path(post, path = "/api/v1/invitations/{invitation}/revoke", tag = "people",
    params(("invitation" = String, Path)), responses((status = 204)))]
pub async fn revoke(visit: Visit, At(invitation): At<String>) -> Result<StatusCode, Problem> {
    visit.desk.revoke_invitation(None, &invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Invitations of a partner's seats that wait.
#[utoipa::path(get, path = "/api/v1/partners/{partner}/invitations", tag = "partners",
    params(("partner" = String, Path), Window),
    responses((status = 200, body = Slice<InvitationSummary>)))]
pub async fn invitations_of_partner(
    visit: Visit,
    At(partner): At<String>,
    Ask(window): Ask<Window>,
) -> Result<Json<Slice<InvitationSummary>>, Problem> {
    let partner = id_of(&visit, &partner)?;
    let all = visit.desk.invitations(Some(&partner)).await?;
    Ok(Json(InvitationSummary::slice(&all, &window)?))
}

/// Invites somebody to a new seat of a partner.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/invitations", tag = "partners",
    params(("partner" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewInvitation, responses((status = 201, body = InvitationLink)))]
pub async fn invite_to_partner(
    visit: Visit,
    At(partner): At<String>,
    Body(new): Body<NewInvitation>,
) -> Result<Made, Problem> {
    let partner = id_of(&visit, &partner)?;
    let email = email(&new.email)?;
    let who = email.to_string();
    invited(&visit, Invited::NewSeat { partner, email }, &who).await
}

/// Takes an invitation of a partner's seat back.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/invitations/{invitation}/revoke", tag = "partners",
    params(("partner" = String, Path), ("invitation" = String, Path)), responses((status = 204)))]
pub async fn revoke_of_partner(
    visit: Visit,
    At((partner, invitation)): At<(String, String)>,
) -> Result<StatusCode, Problem> {
    let partner = id_of(&visit, &partner)?;
    visit
        .desk
        .revoke_invitation(Some(&partner), &invitation)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Invites whoever has a seat, and no passkey yet.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/seats/{seat}/invitations", tag = "partners",
    params(("partner" = String, Path), ("seat" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = InvitationLink)))]
pub async fn invite_seat(
    visit: Visit,
    At((partner, seat)): At<(String, String)>,
) -> Result<Made, Problem> {
    let seat = seat_of(&visit, &id_of(&visit, &partner)?, &seat)?;
    let who = seat.to_string();
    let account = Actor::Seat(seat);
    invited(&visit, Invited::Account { account }, &who).await
}

/// Ends all sessions of a seat.
#[utoipa::path(post, path = "/api/v1/partners/{partner}/seats/{seat}/sign-out", tag = "partners",
    params(("partner" = String, Path), ("seat" = String, Path)), responses((status = 204)))]
pub async fn sign_out_seat(
    visit: Visit,
    At((partner, seat)): At<(String, String)>,
) -> Result<StatusCode, Problem> {
    let seat = seat_of(&visit, &id_of(&visit, &partner)?, &seat)?;
    end_all(&visit, &Actor::Seat(seat)).await?;
    Ok(StatusCode::NO_CONTENT)
}
