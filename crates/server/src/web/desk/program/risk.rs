//! The bars for naming somebody, and when each tier is told by default.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use desk::Failure;
use domain::partner::Tier;
use domain::program::ProgramCommand;
use domain::settings::Settings;
use maud::html;

use super::form::{Fields, field};
use crate::extract::Form;
use crate::web::parts::{CheckAnswers, Field, error_summary, one_in};
use crate::web::{Page, page};
use crate::{Problem, Visit};

/// The form.
pub async fn show(visit: Visit) -> Page {
    let settings = visit.state.program.settings();
    let mut fields = Fields::new();
    fields.insert(
        "accusation".into(),
        format!("{:e}", settings.accusation_risk()),
    );
    fields.insert("lead".into(), format!("{:e}", settings.lead_risk()));
    for tier in Tier::ALL {
        fields.insert(
            tier.as_str().into(),
            settings.offsets().of(tier).to_string(),
        );
    }
    asked(&visit, &fields, &[])
}

/// Changes them. A bar that makes accusing easier is asked for twice.
pub async fn set(visit: Visit, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    let settings = match read(&visit, &fields) {
        Ok(settings) => settings,
        Err(errors) => {
            let page = asked(&visit, &fields, &errors);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let before = visit.state.program.settings();
    let eases = settings.accusation_risk() > before.accusation_risk()
        || settings.lead_risk() > before.lead_risk();
    if eases && field(&fields, "confirmed") != "yes" {
        return Ok(confirm(&visit, &settings, &fields).into_response());
    }
    visit
        .desk
        .decide(ProgramCommand::ChangeSettings(settings), &visit.actor()?)
        .await?;
    Ok(Redirect::to("/settings").into_response())
}

/// The settings that the fields say, or what is wrong with which field.
fn read<'a>(visit: &Visit, fields: &Fields) -> Result<Settings, Vec<(&'a str, String)>> {
    let mut errors = Vec::new();
    let mut risk = |name: &'static str| match field(fields, name).parse::<f64>() {
        Ok(risk) => risk,
        Err(_) => {
            errors.push((name, "write a number such as 1e-6".to_owned()));
            f64::NAN
        }
    };
    let (accusation, lead) = (risk("accusation"), risk("lead"));
    let mut offsets = visit.state.program.settings().offsets().clone();
    for tier in Tier::ALL {
        let given = format!("{tier}={}", field(fields, tier.as_str()));
        match offsets.with([given.as_str()]) {
            Ok(changed) => offsets = changed,
            Err(error) => errors.push((tier.as_str(), error.to_string())),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Settings::new(accusation, lead, offsets).map_err(|error| {
        let name = match error {
            domain::settings::SettingsError::AccusationRisk { .. } => "accusation",
            domain::settings::SettingsError::LeadRisk { .. } => "lead",
        };
        let failure = Failure::from_refusal(error);
        vec![(name, failure.message)]
    })
}

fn asked(visit: &Visit, fields: &Fields, errors: &[(&str, String)]) -> Page {
    let error = |name: &str| {
        errors
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, error)| error.as_str())
    };
    let content = html! {
        (error_summary(errors))
        form method="post" {
            (Field::new("accusation", "Accusation bar")
                .hint("The accepted chance, for one whole trace, that anybody innocent is named: above 0, at most 0.001.")
                .error(error("accusation")).text(field(fields, "accusation")))
            (Field::new("lead", "Lead bar")
                .hint("Between the accusation bar and 0.05.")
                .error(error("lead")).text(field(fields, "lead")))
            @for tier in Tier::ALL {
                (Field::new(tier.as_str(), &format!("The tier {tier} is told before the release by"))
                    .hint("A whole number and d, h or m, such as 14d, 24h or 90m.")
                    .error(error(tier.as_str())).text(field(fields, tier.as_str())))
            }
            p class="buttons" {
                button type="submit" class="primary" { "Save" }
                a href="/settings" { "Back, change nothing" }
            }
        }
    };
    page(visit, "Bars and waves", content)
}

fn confirm(visit: &Visit, settings: &Settings, fields: &Fields) -> Page {
    let before = visit.state.program.settings();
    let change = |from: f64, to: f64| html! { (one_in(from)) " → " strong { (one_in(to)) } };
    let mut hidden: Vec<(&str, String)> = fields
        .iter()
        .filter(|(name, _)| name.as_str() != "confirmed")
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    hidden.push(("confirmed", "yes".to_owned()));
    let check = CheckAnswers {
        action: "/settings/risk",
        consequence: "Naming somebody becomes easier, and naming somebody innocent more likely. Cases that were pressed \
                      keep the stricter bar that their log entry fixed.",
        rows: &[
            (
                "Accusation bar",
                change(before.accusation_risk(), settings.accusation_risk()),
            ),
            ("Lead bar", change(before.lead_risk(), settings.lead_risk())),
        ],
        hidden: &hidden,
        fields: html! {},
        button: "Lower what it takes",
        back: "/settings/risk",
    };
    page(visit, "Check: naming somebody becomes easier", check.draw())
}
