//! `headstart agreement …`, `person …`, `settings …`: what the program itself decides.

use std::time::Duration;

use desk::{Desk, Failure, Invited};
use domain::ids::PersonName;
use domain::person::{Actor, Role};
use serde_json::{Value, json};

use super::Context;
use super::context::{id, read_file};
use crate::cli::{Agreement, Link, Person, Settings};
use crate::output::{table, utc};
use crate::reach::Reach;

/// Largest text of an agreement.
const AGREEMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Runs one of the agreement commands.
pub async fn agreement(context: &Context, command: Agreement) -> Result<u8, Failure> {
    let reach = Reach::open(context).await?;
    match command {
        Agreement::Publish { version, text } => {
            let text = match text {
                Some(path) => Some(read_file(&path, AGREEMENT_BYTES_MAX)?),
                None => None,
            };
            reach
                .publish_agreement(id(&version)?, text.as_deref())
                .await?;
            context.output.result(&json!({"agreement": version}), |_| {
                format!(
                    "agreement {version} is current; nobody gets a package until they accept it\n\
                             Next: headstart partner accept ID --by NAME\n"
                )
            });
        }
        Agreement::List => {
            let agreements = reach.agreements().await?;
            let partners = reach.partners().await?.len();
            let versions: Vec<Value> = agreements
                .iter()
                .map(|agreement| {
                    json!({
                        "version": agreement.version,
                        "sha256": agreement.sha256,
                        "published_at": agreement.published_at,
                        "accepted_by": agreement.accepted_by,
                    })
                })
                .collect();
            context
                .output
                .result(&json!({"agreements": versions}), |_| {
                    let heading = ["VERSION", "PUBLISHED", "ACCEPTED BY"];
                    let mut rows = vec![heading.map(str::to_owned).to_vec()];
                    for agreement in &agreements {
                        rows.push(vec![
                            agreement.version.clone(),
                            utc(&agreement.published_at),
                            format!("{} of {partners}", agreement.accepted_by.len()),
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
    let reach = Reach::open(context).await?;
    match command {
        Person::Add { name, role } => {
            let person = PersonName::parse(&name).map_err(Failure::from_refusal)?;
            let role = Role::parse(&role).ok_or_else(|| {
                let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
                Failure::usage("unknown-role", format!("`{role}` is not a role"))
                    .hint(format!("the roles are {}", known.join(", ")))
            })?;
            reach.add_person(&person, role).await?;
            context
                .output
                .result(&json!({"person": name, "role": role.as_str()}), |_| {
                    format!("{name} is {role}\n")
                });
        }
        Person::Invite { name, link } => {
            let account = Actor::Person(PersonName::parse(&name).map_err(Failure::from_refusal)?);
            return invite(context, reach.invites()?, account, &name, &link).await;
        }
        Person::List => {
            let known = reach.people().await?;
            let people: Vec<Value> = known
                .iter()
                .map(|person| json!({"name": person.name, "roles": person.roles}))
                .collect();
            context.output.result(&json!({"people": people}), |_| {
                if known.is_empty() {
                    return "no people yet\nNext: headstart person add NAME --role ROLE\n"
                        .to_owned();
                }
                let mut rows = vec![["NAME", "ROLES"].map(str::to_owned).to_vec()];
                for person in &known {
                    rows.push(vec![person.name.clone(), person.roles.join(" ")]);
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
    let reach = Reach::open(context).await?;
    if let Settings::Set {
        innocent_risk: Some(risk),
    } = command
    {
        reach.set_innocent_risk(risk).await?;
    }
    let (innocent_risk, lead_risk) = reach.bars().await?;
    let document = json!({
        "innocent_risk": innocent_risk,
        "lead_risk": lead_risk,
    });
    context.output.result(&document, |_| {
        format!(
            "innocent risk  {:e}  the accepted chance, for a whole trace, that anybody innocent is accused\n\
             lead risk      {:e}  up to here a candidate is a lead, which nobody may call accused\n",
            innocent_risk, lead_risk
        )
    });
    Ok(0)
}
