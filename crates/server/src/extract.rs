//! What a request says, read so that a fault is a problem: a page for people, JSON for programs.
//!
//! The names are axum's. Its own refusals are plain text, in words for programmers.

use std::ops::{Deref, DerefMut};

use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Problem;

/// The fields of a form.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read: Result<axum::Form<T>, FormRejection> =
            axum::Form::from_request(request, state).await;
        read.map(|axum::Form(fields)| Self(fields))
            .map_err(|rejection| of_body(rejection.status()))
    }
}

/// A form with files. Each of its fields is read by whoever asks for it.
pub struct Multipart(axum::extract::Multipart);

impl Deref for Multipart {
    type Target = axum::extract::Multipart;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Multipart {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<S: Send + Sync> FromRequest<S> for Multipart {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Multipart::from_request(request, state).await;
        read.map(Self)
            .map_err(|rejection| of_body(rejection.status()))
    }
}

/// What a page's script sends.
pub struct Said<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Said<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read: Result<axum::Json<T>, JsonRejection> =
            axum::Json::from_request(request, state).await;
        read.map(|axum::Json(said)| Self(said))
            .map_err(|rejection| of_body(rejection.status()))
    }
}

/// What stands in the path. Whatever cannot be read names nothing that is there.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(path)| Self(path))
            .map_err(|_| Problem::nothing_here())
    }
}

/// What stands behind the question mark.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(query)| Self(query))
            .map_err(|_| malformed())
    }
}

/// Why a body was not read. Nothing of it is repeated: a field may hold a secret.
fn of_body(status: StatusCode) -> Problem {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(413, "too-large", "this is too large").hint("send less at a time")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            415,
            "content-type",
            "this kind of content is not taken here",
        ),
        _ => malformed(),
    }
}

fn malformed() -> Problem {
    Problem::input(
        "malformed",
        "a part of what was sent is missing, or cannot be read",
    )
    .hint("load the page again, and send its form")
}
