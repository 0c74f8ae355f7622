//! The door, asked as browsers and programs ask it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "support/device.rs"]
mod device;
#[path = "support/door.rs"]
mod support;

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use desk::Invited;
use device::Device;
use domain::account::AccountCommand;
use domain::person::Actor;
use serde_json::{Value, json};
use server::access::{self, Need};
use server::{Limits, Rate, Rates, Serving};
use support::{Answer, Hand, ORIGIN, PASSPHRASE, Place, ask, person, place, seat};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Accepts an invitation with a device.
async fn accept(
    place: &Place,
    secret: &str,
    device: &mut Device,
    recipient: Option<&str>,
) -> Answer {
    let nobody = Hand::default();
    let begun = place
        .post(&format!("/invitation/{secret}/begin"), &nobody, &json!({}))
        .await;
    if begun.status != StatusCode::OK {
        return begun;
    }
    let begun = begun.json();
    let credential = device.make(&begun["options"]);
    let answer = json!({"ceremony": begun["ceremony"], "credential": credential, "label": "key", "recipient": recipient});
    place
        .post(&format!("/invitation/{secret}/finish"), &nobody, &answer)
        .await
}

async fn sign_in(place: &Place, device: &mut Device) -> Answer {
    let nobody = Hand::default();
    let begun = place
        .post("/sign-in/passkey/begin", &nobody, &json!({}))
        .await
        .json();
    let credential = device.show(&begun["options"]);
    let answer = json!({"ceremony": begun["ceremony"], "credential": credential, "to": "/account"});
    place
        .post("/sign-in/passkey/finish", &nobody, &answer)
        .await
}

async fn invite(place: &Place, account: &Actor) -> String {
    let to = Invited::Account {
        account: account.clone(),
    };
    place
        .desk()
        .await
        .invite(to, &Actor::Desk, DAY)
        .await
        .unwrap()
}

async fn token(place: &Place, account: &Actor, scopes: &[&str]) -> Hand {
    let token = format!("hst_{}-{}", account, scopes.join("-"));
    let command = AccountCommand::MakeToken {
        label: "test".to_owned(),
        digest: desk::digest_of_secret(&token),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        from: jiff::Timestamp::now(),
        days: 1,
    };
    place
        .desk()
        .await
        .account_command(account, command, account)
        .await
        .unwrap();
    Hand {
        token: Some(token),
        ..Hand::default()
    }
}

#[tokio::test]
async fn an_invitation_makes_a_passkey_that_signs_in_and_shows_again() {
    let place = place(Serving::All).await;
    let secret = invite(&place, &person("Ada")).await;
    assert_eq!(
        place
            .get(&format!("/invitation/{secret}"), &Hand::default())
            .await
            .status,
        StatusCode::OK
    );
    let mut device = Device::new(7, ORIGIN);
    let accepted = accept(&place, &secret, &mut device, None).await;
    assert_eq!(
        (accepted.status, accepted.json()["to"].as_str()),
        (StatusCode::OK, Some("/today"))
    );
    assert_eq!(
        place.get("/today", &accepted.hand()).await.status,
        StatusCode::OK
    );

    let back = sign_in(&place, &mut device).await;
    assert_eq!(back.json(), json!({"to": "/account"}));
    let hand = back.hand();
    assert!(
        place
            .get("/account", &hand)
            .await
            .body
            .contains("Signed in as")
    );

    let begun = place
        .post("/sign-in/again/begin", &hand, &json!({}))
        .await
        .json();
    let answer = json!({"ceremony": begun["ceremony"], "credential": device.show(&begun["options"]), "to": "//evil.example"});
    let again = place.post("/sign-in/again/finish", &hand, &answer).await;
    assert_eq!(
        again.json(),
        json!({"to": "/"}),
        "another site is not gone to"
    );
    let replayed = place.post("/sign-in/again/finish", &hand, &answer).await;
    assert_eq!(
        replayed.json()["code"],
        "ceremony",
        "a challenge is answered once"
    );
}

#[tokio::test]
async fn a_passkey_of_another_site_without_its_owner_or_that_was_copied_signs_nobody_in() {
    let place = place(Serving::All).await;
    let mut device = Device::new(7, ORIGIN);
    accept(
        &place,
        &invite(&place, &person("Ada")).await,
        &mut device,
        None,
    )
    .await
    .hand();

    let mut phished = device.clone();
    phished.origin = "https://psirt.example.evil.example".to_owned();
    let mut unlocked = device.clone();
    unlocked.knows_owner = false;
    let mut unknown = Device::new(9, ORIGIN);
    let mut said = Vec::new();
    for wrong in [&mut phished, &mut unlocked, &mut unknown] {
        let answer = sign_in(&place, wrong).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.header("set-cookie"), "");
        said.push(answer.body);
    }
    said.dedup();
    assert_eq!(said.len(), 1, "it is not said which passkeys are known");

    let mut copied = device.clone();
    assert_eq!(sign_in(&place, &mut device).await.status, StatusCode::OK);
    assert_eq!(
        sign_in(&place, &mut copied).await.status,
        StatusCode::FORBIDDEN,
        "its counter stands behind"
    );
}

#[tokio::test]
async fn of_many_who_take_one_invitation_at_once_one_is_let_in() {
    let place = place(Serving::All).await;
    let secret = invite(&place, &person("Grace")).await;
    let mut ready = Vec::new();
    for number in 1..=8 {
        let begun = place
            .post(
                &format!("/invitation/{secret}/begin"),
                &Hand::default(),
                &json!({}),
            )
            .await
            .json();
        let credential = Device::new(number, ORIGIN).make(&begun["options"]);
        ready.push(json!({"ceremony": begun["ceremony"], "credential": credential}));
    }
    let tries = ready.into_iter().map(|answer| {
        let router = place.router.clone();
        let path = format!("/invitation/{secret}/finish");
        tokio::spawn(async move {
            ask(
                &router,
                "POST",
                &path,
                &Hand::default(),
                Some("application/json"),
                &answer.to_string(),
            )
            .await
            .status
        })
    });
    let mut let_in = 0;
    for one in tries.collect::<Vec<_>>() {
        match one.await.unwrap() {
            StatusCode::OK => let_in += 1,
            status => assert_eq!(status, StatusCode::NOT_FOUND),
        }
    }
    assert_eq!(let_in, 1);
    let accounts = place.desk().await.state().await.unwrap().accounts;
    assert_eq!(accounts.of(&person("Grace")).passkeys().count(), 1);
}

#[tokio::test]
async fn a_lead_invites_a_colleague_who_brings_a_key_and_an_analyst_does_not() {
    let place = place(Serving::All).await;
    let analyst = place.session(&seat("p-01.s2")).await;
    assert_eq!(
        place
            .form("/team/invitations", &analyst, "email=c@partner.example")
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    let lead = place.session(&seat("p-01.s1")).await;
    let page = place
        .form("/team/invitations", &lead, "email=c@partner.example")
        .await;
    let secret = page
        .body
        .split("/invitation/")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();

    let mut device = Device::new(3, ORIGIN);
    let without = accept(&place, &secret, &mut device, None).await;
    assert_eq!(
        without.json()["code"],
        "recipient",
        "and the invitation is not used up"
    );
    let (_, recipient) = seal::generate_identity();
    let accepted = accept(&place, &secret, &mut device, Some(recipient.as_str())).await;
    assert_eq!(accepted.json()["to"], "/inbox");
    let state = place.desk().await.state().await.unwrap();
    let added = state
        .program
        .seats()
        .find(|known| known.id().as_str() == "p-01.s3")
        .unwrap();
    assert_eq!(added.recipient().as_str(), recipient.as_str());
    assert!(!added.is_lead());
    // The other partner's lead has no way to this team.
    let other = place.session(&seat("p-02.s1")).await;
    for path in ["/team/p-01.s3/sessions/end", "/team/p-01.s3/retire"] {
        assert_eq!(
            place.form(path, &other, "reason=x").await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_invitation_that_was_taken_back_or_whose_maker_left_lets_nobody_in() {
    let place = place(Serving::All).await;
    let lead = place.session(&seat("p-01.s1")).await;
    for email in ["c@partner.example", "d@partner.example"] {
        place
            .form("/team/invitations", &lead, &format!("email={email}"))
            .await;
    }
    let partner = domain::ids::PartnerId::parse("p-01").unwrap();
    let waiting = place
        .desk()
        .await
        .invitations(Some(&partner))
        .await
        .unwrap();
    assert_eq!(waiting.len(), 2);
    let taken_back = place
        .form(
            &format!("/team/invitations/{}/revoke", waiting[0].id),
            &lead,
            "",
        )
        .await;
    assert_eq!(taken_back.status, StatusCode::SEE_OTHER);
    assert_eq!(
        place
            .desk()
            .await
            .invitations(Some(&partner))
            .await
            .unwrap()
            .len(),
        1
    );

    let to = Invited::NewSeat {
        partner,
        email: domain::seat::Email::parse("e@partner.example").unwrap(),
    };
    let by = seat("p-01.s1");
    let secret = place.desk().await.invite(to, &by, DAY).await.unwrap();
    assert_eq!(
        place
            .get(&format!("/invitation/{secret}"), &Hand::default())
            .await
            .status,
        StatusCode::OK
    );
    let command = domain::program::ProgramCommand::RetireSeat {
        seat: domain::ids::SeatId::parse("p-01.s1").unwrap(),
        reason: "left".to_owned(),
    };
    place
        .desk()
        .await
        .decide(command, &Actor::Desk)
        .await
        .unwrap();
    assert_eq!(
        place
            .get(&format!("/invitation/{secret}"), &Hand::default())
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_stolen_cookie_answers_nothing_after_its_owner_signed_out() {
    let place = place(Serving::All).await;
    let hand = place.session(&person("Ada")).await;
    let stolen = hand.clone();
    assert_eq!(place.get("/today", &stolen).await.status, StatusCode::OK);
    assert_eq!(
        place.form("/sign-out", &hand, "").await.location(),
        "/sign-in"
    );
    assert_eq!(
        place.get("/today", &stolen).await.location(),
        "/sign-in?to=/today"
    );
}

#[tokio::test]
async fn what_is_revoked_ends_within_a_second_in_every_process() {
    let place = place(Serving::All).await;
    let (_, other) = place.beside(Serving::All).await;
    let hand = place.session(&person("Mei")).await;
    let token = token(&place, &person("Mei"), &["read"]).await;
    let session_there = || ask(&other, "GET", "/today", &hand, None, "");
    let token_there = || ask(&other, "GET", "/api/v1/me", &token, None, "");
    assert_eq!(session_there().await.status, StatusCode::OK);
    assert_eq!(token_there().await.status, StatusCode::OK);

    let began = Instant::now();
    place.form("/sign-out", &hand, "").await;
    while session_there().await.status == StatusCode::OK {
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "a session that was ended still answers"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let id = &desk::digest_of_secret(token.token.as_deref().unwrap())[..12];
    let command = AccountCommand::RevokeToken(id.to_owned());
    place
        .desk()
        .await
        .account_command(&person("Mei"), command, &person("Mei"))
        .await
        .unwrap();
    assert_eq!(
        token_there().await.status,
        StatusCode::UNAUTHORIZED,
        "at once"
    );

    let kept = place.session(&person("Grace")).await;
    assert_eq!(
        ask(&other, "GET", "/today", &kept, None, "").await.status,
        StatusCode::OK
    );
    place
        .desk()
        .await
        .account_command(
            &person("Grace"),
            AccountCommand::EndSessions,
            &person("Mei"),
        )
        .await
        .unwrap();
    let after = ask(&other, "GET", "/today", &kept, None, "").await;
    assert_eq!(
        after.status,
        StatusCode::SEE_OTHER,
        "all sessions of an account end at once, everywhere"
    );
}

#[tokio::test]
async fn what_one_process_began_another_ends_once() {
    let place = place(Serving::All).await;
    let (_, other) = place.beside(Serving::All).await;
    let mut device = Device::new(7, ORIGIN);
    let secret = invite(&place, &person("Mei")).await;
    accept(&place, &secret, &mut device, None).await;

    let nobody = Hand::default();
    let begun = place
        .post("/sign-in/passkey/begin", &nobody, &json!({}))
        .await
        .json();
    // The database holds the digest of what the browser holds.
    let secret = begun["ceremony"].as_str().unwrap().as_bytes();
    for entry in std::fs::read_dir(place.data.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret));
    }
    let credential = device.show(&begun["options"]);
    let answer = json!({"ceremony": begun["ceremony"], "credential": credential}).to_string();
    let finish = || {
        let kind = Some("application/json");
        ask(
            &other,
            "POST",
            "/sign-in/passkey/finish",
            &nobody,
            kind,
            &answer,
        )
    };
    let first = finish().await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    first.hand();
    let second = finish().await;
    assert_eq!(second.status, StatusCode::CONFLICT, "{}", second.body);
}

#[tokio::test]
async fn somebody_who_left_and_comes_back_by_the_same_name_has_nothing_of_before() {
    let place = place(Serving::All).await;
    let mut device = Device::new(5, ORIGIN);
    let hand = accept(
        &place,
        &invite(&place, &person("Jonas")).await,
        &mut device,
        None,
    )
    .await
    .hand();
    let administrator = place.fresh(&person("Mei")).await;
    let removed = place
        .form("/settings/people/Jonas/remove", &administrator, "")
        .await;
    assert_eq!(removed.location(), "/settings/people");
    assert_eq!(
        place.get("/today", &hand).await.status,
        StatusCode::SEE_OTHER
    );
    let added = place
        .form(
            "/settings/people",
            &administrator,
            "name=Jonas&role-auditor=yes",
        )
        .await;
    assert!(added.body.contains("/invitation/"), "{}", added.body);
    assert_eq!(
        place.get("/today", &hand).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        sign_in(&place, &mut device).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_token_does_what_it_is_scoped_to_and_nothing_else() {
    let place = place(Serving::All).await;
    let read = token(&place, &person("Ada"), &["read"]).await;
    assert_eq!(place.get("/api/v1/me", &read).await.json()["person"], "Ada");
    for path in ["/account", "/today", "/settings/people", "/metrics"] {
        assert_eq!(
            place.get(path, &read).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let figures = token(&place, &person("Mei"), &["metrics"]).await;
    assert_eq!(
        place.get("/api/v1/me", &figures).await.status,
        StatusCode::NOT_FOUND
    );
    let shown = place.get("/metrics", &figures).await;
    assert!(
        shown.body.contains("headstart_requests_total"),
        "{}",
        shown.body
    );
    assert!(
        shown.body.contains("route=\"/api/v1/me\""),
        "routes stand there by their pattern"
    );
    let partner = token(&place, &seat("p-01.s1"), &["metrics"]).await;
    assert_eq!(
        place.get("/metrics", &partner).await.status,
        StatusCode::NOT_FOUND
    );
    for wrong in ["hst_unknown", "", "hst_"] {
        let hand = Hand {
            token: Some(wrong.to_owned()),
            ..Hand::default()
        };
        assert_eq!(
            place.get("/api/v1/me", &hand).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    // A request with a token is the token's alone: a cookie beside it gives nothing.
    let both = Hand {
        cookie: place.session(&person("Mei")).await.cookie,
        ..read
    };
    assert_eq!(
        place.get("/settings/people", &both).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let place = place(Serving::All).await;
    let hand = place.session(&person("Ada")).await;
    let with = |headers: Vec<(&'static str, &str)>| Hand {
        headers: headers
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()))
            .collect(),
        ..hand.clone()
    };
    for headers in [
        vec![
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
        vec![
            ("sec-fetch-site", "same-site"),
            ("origin", "https://other.example"),
        ],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
    ] {
        let answer = place.form("/sign-out", &with(headers.clone()), "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(answer.body.contains("cross-site"), "{}", answer.body);
    }
    assert_eq!(
        place.get("/today", &hand).await.status,
        StatusCode::OK,
        "and nothing happened"
    );
    let own = with(vec![("sec-fetch-site", "same-origin"), ("origin", ORIGIN)]);
    assert_eq!(
        place.form("/sign-out", &own, "").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn whoever_asks_too_fast_is_told_when_to_come_back_and_others_are_not_held_up() {
    let place = place(Serving::All).await;
    let minute = Duration::from_secs(60);
    place.app.set_limits(Limits::new(Rates {
        door: Rate {
            burst: 5,
            every: minute,
        },
        account: Rate {
            burst: 10,
            every: minute,
        },
        ..Rates::default()
    }));
    let from = |peer: &str| Hand {
        peer: Some(peer.parse().unwrap()),
        ..Hand::default()
    };
    let guess = |hand: Hand| {
        let router = place.router.clone();
        async move { ask(&router, "GET", "/sign-in/link/guess", &hand, None, "").await }
    };
    for _ in 0..5 {
        assert_eq!(
            guess(from("192.0.2.1:1")).await.status,
            StatusCode::NOT_FOUND
        );
    }
    let slowed = guess(from("192.0.2.1:2")).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = slowed.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&seconds), "{seconds}");
    assert_eq!(
        guess(from("192.0.2.2:1")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        place.get("/healthz", &from("192.0.2.1:3")).await.status,
        StatusCode::OK
    );

    let (one, two) = (
        place.session(&person("Ada")).await,
        place.session(&person("Ada")).await,
    );
    for hand in [&one, &two].into_iter().cycle().take(10) {
        assert_eq!(place.get("/today", hand).await.status, StatusCode::OK);
    }
    let slowed = place.get("/today", &one).await;
    assert_eq!(
        slowed.status,
        StatusCode::TOO_MANY_REQUESTS,
        "an account's sessions count together"
    );
    let other = place.session(&person("Grace")).await;
    assert_eq!(place.get("/today", &other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_is_bounded_by_who_sends_it() {
    let place = place(Serving::All).await;
    let large = json!({"ceremony": "x".repeat(100_000), "credential": {}});
    let stranger = place
        .post("/sign-in/passkey/finish", &Hand::default(), &large)
        .await;
    assert_eq!(stranger.json()["code"], "too-large");
    let hand = place.session(&person("Ada")).await;
    let known = place.post("/sign-in/again/finish", &hand, &large).await;
    assert_eq!(
        known.json()["code"],
        "ceremony",
        "read, and refused for what it says"
    );
}

#[tokio::test]
async fn a_portal_has_no_program_key_and_no_page_of_the_desk() {
    let place = place(Serving::Portal).await;
    let passphrase = || PASSPHRASE.to_owned().into();
    let problem = place.app.unlock(passphrase()).await.unwrap_err();
    assert_eq!(problem.code, "no-program-key");
    assert_eq!(place.app.key().unwrap_err().code, "no-program-key");
    // Not even a process that is handed the key keeps it.
    let desk = place.desk().await;
    let key = desk.unlock(PASSPHRASE).unwrap();
    let options = place.app.options().clone();
    let handed = server::App::new(desk, options, Some(key));
    assert!(!handed.is_unlocked());
    assert_eq!(handed.key().unwrap_err().code, "no-program-key");

    let administrator = place.fresh(&person("Mei")).await;
    let lead = place.session(&seat("p-01.s1")).await;
    let mut walked = 0;
    for route in access::routes() {
        if !matches!(route.need, Need::Program(_)) {
            continue;
        }
        for hand in [&administrator, &lead] {
            let answer = ask(
                &place.router,
                route.method,
                &filled(route.path),
                hand,
                None,
                "",
            )
            .await;
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{} {}",
                route.method,
                route.path
            );
        }
        walked += 1;
    }
    assert!(walked > 10, "{walked}");
    assert_eq!(place.get("/team", &lead).await.status, StatusCode::OK);
    assert_eq!(
        place.get("/account", &administrator).await.location(),
        "/sign-in?to=/account"
    );
    // And the desk alone lets no partner in.
    let (_, desk_router) = place.beside(Serving::Desk).await;
    assert_eq!(
        ask(&desk_router, "GET", "/team", &lead, None, "")
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        ask(
            &desk_router,
            "GET",
            "/settings/people",
            &administrator,
            None,
            ""
        )
        .await
        .status,
        StatusCode::OK
    );
}

fn filled(path: &str) -> String {
    let mut filled = String::new();
    for part in path.split('/').skip(1) {
        filled.push('/');
        filled.push_str(if part.starts_with('{') { "x" } else { part });
    }
    filled
}

#[tokio::test]
async fn a_lost_account_is_opened_anew_by_two_people_and_by_no_fewer() {
    let place = place(Serving::All).await;
    let mut lost = Device::new(4, ORIGIN);
    let hand = accept(
        &place,
        &invite(&place, &person("Ines")).await,
        &mut lost,
        None,
    )
    .await
    .hand();
    let token = token(&place, &person("Ines"), &["read"]).await;
    // One administrator alone cannot invite to an account that has a passkey.
    let mei = place.fresh(&person("Mei")).await;
    assert_eq!(
        place
            .form("/settings/people/Ines/invite", &mei, "")
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    let asked = place
        .form(
            "/settings/people/recoveries",
            &mei,
            "account=Ines&reason=lost+the+key",
        )
        .await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let alone = place
        .form("/settings/people/recoveries/approve", &mei, "account=Ines")
        .await;
    assert!(alone.body.contains("same-person"), "{}", alone.body);
    let ada = place.fresh(&person("Ada")).await;
    let coordinator = place
        .form("/settings/people/recoveries/approve", &ada, "account=Ines")
        .await;
    assert_eq!(
        coordinator.status,
        StatusCode::FORBIDDEN,
        "for the program's people an approver or administrator"
    );
    assert_eq!(
        place.get("/today", &hand).await.status,
        StatusCode::OK,
        "until then nothing changed"
    );

    let grace = place.fresh(&person("Grace")).await;
    let approved = place
        .form(
            "/settings/people/recoveries/approve",
            &grace,
            "account=Ines",
        )
        .await;
    let secret = approved
        .body
        .split("/invitation/")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    assert_eq!(
        place.get("/today", &hand).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        place.get("/api/v1/me", &token).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        sign_in(&place, &mut lost).await.status,
        StatusCode::FORBIDDEN
    );
    let mut new = Device::new(6, ORIGIN);
    assert_eq!(
        accept(&place, secret, &mut new, None).await.status,
        StatusCode::OK
    );
    assert_eq!(sign_in(&place, &mut new).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_without_a_fresh_passkey_adds_nothing_to_what_opens_its_account() {
    let place = place(Serving::All).await;
    let by_link = place.session(&person("Mei")).await;
    let refused = place
        .form(
            "/settings/people",
            &by_link,
            "name=Eve&role-administrator=yes",
        )
        .await;
    assert!(refused.body.contains("no-passkey"), "{}", refused.body);
    let mut device = Device::new(8, ORIGIN);
    let begun = place
        .post("/account/passkeys/begin", &by_link, &json!({}))
        .await
        .json();
    let first = json!({"ceremony": begun["ceremony"], "credential": device.make(&begun["options"]), "label": "first"});
    let made = place
        .post("/account/passkeys/finish", &by_link, &first)
        .await;
    assert_eq!(made.json(), json!({"to": "/account"}));
    // The account has a passkey now, and this session never showed it.
    let again = "/sign-in/again?to=/settings/people";
    assert_eq!(
        place
            .form(
                "/settings/people",
                &by_link,
                "name=Eve&role-administrator=yes"
            )
            .await
            .location(),
        again
    );
    assert_eq!(
        place
            .post("/account/passkeys/begin", &by_link, &json!({}))
            .await
            .json()["code"],
        "fresh-passkey"
    );
    assert_eq!(
        place
            .form(
                "/account/tokens",
                &by_link,
                "token-label=x&scope-read=yes&days=3"
            )
            .await
            .location(),
        "/sign-in/again?to=/account"
    );
    let stolen_ceremony: Value = place
        .post("/sign-in/passkey/begin", &by_link, &json!({}))
        .await
        .json();
    let wrong = json!({"ceremony": stolen_ceremony["ceremony"], "credential": first["credential"]});
    let finished = place
        .post("/account/passkeys/finish", &by_link, &wrong)
        .await;
    assert_eq!(finished.status, StatusCode::FORBIDDEN);
    let hand = sign_in(&place, &mut device).await.hand();
    let made = place
        .form(
            "/account/tokens",
            &hand,
            "token-label=x&scope-read=yes&days=3",
        )
        .await;
    assert!(made.body.contains("hst_"), "{}", made.body);
}

#[tokio::test]
async fn every_answer_carries_what_keeps_a_browser_safe() {
    let place = place(Serving::All).await;
    for path in ["/sign-in", "/nothing", "/healthz", "/api/v1/me"] {
        let answer = place.get(path, &Hand::default()).await;
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'"),
            "{path}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{path} {name}");
        }
        assert!(
            answer
                .header("strict-transport-security")
                .contains("max-age=63072000")
        );
        assert_eq!(answer.header("x-request-id").len(), 16);
        assert_eq!(answer.header("server"), "");
    }
}

/// What was logged, as text.
#[derive(Clone, Default)]
struct Written(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_routes_and_people_and_no_secret() {
    let place = place(Serving::All).await;
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let hand = place.session(&person("Ada")).await;
    let token = token(&place, &seat("p-01.s1"), &["read"]).await;
    let secret = invite(&place, &person("Grace")).await;
    // A test beside this one may have met the line of the log first, when nobody listened, and it would stay unheard.
    place.get("/healthz", &hand).await;
    tracing::callsite::rebuild_interest_cache();
    place.get("/today?note=confidential", &hand).await;
    place.get("/api/v1/me", &token).await;
    place
        .get(&format!("/invitation/{secret}"), &Hand::default())
        .await;
    place
        .get("/sign-in/link/guessed-secret", &Hand::default())
        .await;
    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    for there in [
        "\"route\":\"/invitation/{secret}\"",
        "\"by\":\"person:Ada\"",
        "\"by\":\"seat:p-01.s1\"",
        "\"status\":404",
    ] {
        assert!(log.contains(there), "{there} is not in {log}");
    }
    let cookie = hand.cookie.unwrap().split_once('=').unwrap().1.to_owned();
    for hidden in [
        secret.as_str(),
        &cookie,
        token.token.as_deref().unwrap(),
        "guessed-secret",
        "confidential",
    ] {
        assert!(!log.contains(hidden), "{hidden} is in {log}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_a_server_that_stops_ends() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let place = place(Serving::All).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = server::Served::new(listener, place.router.clone());
    let serving = tokio::spawn(server::serve(served, async {
        let _ = stopped.await;
    }));
    let first_line = async |head: String| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        // A server that has read enough closes; what could not be written then does not matter.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut said = vec![0; 12];
        stream.read_exact(&mut said).await.unwrap();
        String::from_utf8(said).unwrap()
    };
    let get = "GET /healthz HTTP/1.1\r\nhost: psirt.example\r\n";
    assert_eq!(first_line(format!("{get}\r\n")).await, "HTTP/1.1 200");
    let long = format!("{get}x: {}\r\n\r\n", "y".repeat(200_000));
    assert_eq!(first_line(long).await, "HTTP/1.1 431");
    let many = format!("{get}{}\r\n", "x: y\r\n".repeat(70));
    assert_eq!(first_line(many).await, "HTTP/1.1 431");
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(10), serving)
        .await
        .unwrap()
        .unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
