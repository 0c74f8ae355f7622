//! `headstart agreement …`, `person …`, `settings …`: what the program itself decides.

use std::collections::BTreeSet;
use std::time::Duration;

use desk::{Desk, Failure, Invited};
use domain::describe::describe_utc;
use domain::ids::PersonName;
use domain::person::{Actor, Role};
use domain::program::ProgramCommand;
use domain::sealed::Digest;
use domain::settings;
use serde_json::{Value, json};

use super::Context;
use super::context::{id, read_file};
use crate::cli::{Agreement, Link, Person, Settings};
use crate::output::table;

/// Largest text of an agreement.
const AGREEMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Runs one of the agreement commands.
pub async fn agreement(context: &Context, command: Agreement) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    match command {
        Agreement::Publish { version, text } => {
            let text = match text {
                Some(path) => Some(Digest::of(&read_file(&path, AGREEMENT_BYTES_MAX)?)),
                None => None,
            };
            let command = ProgramCommand::PublishAgreement {
                version: id(&version)?,
                text,
            };
            desk.decide(command, &Actor::Desk).await?;
            context.output.result(&json!({"agreement": version}), |_| {
                format!(
                    "agreement {version} is current; nobody gets a package until they accept it\n\
                             Next: headstart partner accept ID --by NAME\n"
                )
            });
        }
        Agreement::List => {
            let program = desk.program().await?;
            let versions: Vec<Value> = program
                .agreements()
                .iter()
                .map(|agreement| {
                    let accepted: Vec<&str> = program
                        .partners()
                        .filter(|p| p.accepted().contains_key(&agreement.version))
                        .map(|p| p.id().as_str())
                        .collect();
                    json!({
                        "version": agreement.version.as_str(),
                        "sha256": agreement.text.map(|digest| digest.to_string()),
                        "published_at": agreement.published_at.to_string(),
                        "accepted_by": accepted,
                    })
                })
                .collect();
            context
                .output
                .result(&json!({"agreements": versions}), |_| {
                    let heading = ["VERSION", "PUBLISHED", "ACCEPTED BY"];
                    let mut rows = vec![heading.map(str::to_owned).to_vec()];
                    for agreement in program.agreements() {
                        let accepted = program
                            .partners()
                            .filter(|p| p.accepted().contains_key(&agreement.version))
                            .count();
                        rows.push(vec![
                            agreement.version.to_string(),
                            describe_utc(agreement.published_at),
                            format!("{accepted} of {}", program.partners().count()),
                        ]);
                    }
                    table(&rows)
                });
        }
    }
    Ok(0)
}

/// Runs one of the person commands.
pub async fn person(context: &Context, command: Person) -> Result<u8, Failure> {
    let desk = context.desk().await?;
    match command {
        Person::Add { name, role } => {
            let person = PersonName::parse(&name).map_err(Failure::from_refusal)?;
            let role = Role::parse(&role).ok_or_else(|| {
                let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
                Failure::usage("unknown-role", format!("`{role}` is not a role"))
                    .hint(format!("the roles are {}", known.join(", ")))
            })?;
            let program = desk.program().await?;
            let mut roles: BTreeSet<Role> = program
                .person(&person)
                .map(|known| known.roles.clone())
                .unwrap_or_default();
            roles.insert(role);
            desk.decide(ProgramCommand::AddPerson { person, roles }, &Actor::Desk)
                .await?;
            context
                .output
                .result(&json!({"person": name, "role": role.as_str()}), |_| {
                    format!("{name} is {role}\n")
                });
        }
        Person::Invite { name, link } => {
            let account = Actor::Person(PersonName::parse(&name).map_err(Failure::from_refusal)?);
            return invite(context, &desk, account, &name, &link).await;
        }
        Person::List => {
            let program = desk.program().await?;
            let roles_of = |roles: &BTreeSet<Role>| -> Vec<&'static str> {
                roles.iter().map(|role| role.as_str()).collect()
            };
            let people: Vec<Value> = program
                .people()
                .map(|p| json!({"name": p.name.as_str(), "roles": roles_of(&p.roles)}))
                .collect();
            context.output.result(&json!({"people": people}), |_| {
                if people.is_empty() {
                    return "no people yet\nNext: headstart person add NAME --role ROLE\n"
                        .to_owned();
                }
                let mut rows = vec![["NAME", "ROLES"].map(str::to_owned).to_vec()];
                for person in program.people() {
                    rows.push(vec![
                        person.name.to_string(),
                        roles_of(&person.roles).join(" "),
                    ]);
                }
                table(&rows)
            });
        }
    }
    Ok(0)
}

/// Prints a link by which somebody makes a first passkey.
pub async fn invite(
    context: &Context,
    desk: &Desk,
    account: Actor,
    who: &str,
    link: &Link,
) -> Result<u8, Failure> {
    let life = Duration::from_secs(u64::from(link.days) * 24 * 3600);
    let to = Invited::Account { account };
    let secret = desk.invite(to, &Actor::Desk, life).await?;
    let url = format!("{}/invitation/{secret}", link.origin.trim_end_matches('/'));
    let document = json!({"for": who, "link": url, "days": link.days});
    context.output.result(&document, |_| {
        format!(
            "{url}\nIt lets {who} in once, within {} days. Send it over a channel that you trust.\n",
            link.days
        )
    });
    Ok(0)
}

/// Runs one of the settings commands.
pub async fn settings(context: &Context, command: Settings) -> Result<u8, Failure> {
    if let Settings::Set {
        innocent_risk: None,
    } = command
    {
        return Err(Failure::usage("nothing-to-set", "nothing was given to set")
            .hint("give --innocent-risk CHANCE; `headstart settings show` shows what is set"));
    }
    let desk = context.desk().await?;
    if let Settings::Set {
        innocent_risk: Some(risk),
    } = command
    {
        let program = desk.program().await?;
        let before = program.settings();
        let changed =
            settings::Settings::new(risk, before.lead_risk().max(risk), before.offsets().clone())
                .map_err(Failure::from_refusal)?;
        desk.decide(ProgramCommand::ChangeSettings(changed), &Actor::Desk)
            .await?;
    }
    let program = desk.program().await?;
    let now = program.settings();
    let document = json!({
        "innocent_risk": now.accusation_risk(),
        "lead_risk": now.lead_risk(),
    });
    context.output.result(&document, |_| {
        format!(
            "innocent risk  {:e}  the accepted chance, for a whole trace, that anybody innocent is accused\n\
             lead risk      {:e}  up to here a candidate is a lead, which nobody may call accused\n",
            now.accusation_risk(),
            now.lead_risk()
        )
    });
    Ok(0)
}
