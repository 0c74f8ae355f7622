//! That programs can do what pages do: each page's form has its route here, or stands among the exceptions.

use crate::access::{Need, routes};

/// Each form of a page, and the route that does the same for a program. What a page asks first and confirms then, a
/// program asks once.
const SAME: &[(&str, &str)] = &[
    ("/account/tokens", "POST /api/v1/tokens"),
    (
        "/account/tokens/{token}/revoke",
        "POST /api/v1/tokens/{token}/revoke",
    ),
    ("/settings/people", "POST /api/v1/people"),
    (
        "/settings/people/{name}/roles",
        "POST /api/v1/people/{name}/roles",
    ),
    (
        "/settings/people/{name}/invite",
        "POST /api/v1/people/{name}/invitations",
    ),
    (
        "/settings/people/{name}/sessions/end",
        "POST /api/v1/people/{name}/sign-out",
    ),
    (
        "/settings/people/{name}/remove",
        "POST /api/v1/people/{name}/remove",
    ),
    (
        "/settings/people/invitations/{invitation}/revoke",
        "POST /api/v1/invitations/{invitation}/revoke",
    ),
    ("/settings/people/recoveries", "POST /api/v1/recoveries"),
    (
        "/settings/people/recoveries/approve",
        "POST /api/v1/recoveries/approve",
    ),
    (
        "/settings/people/recoveries/drop",
        "POST /api/v1/recoveries/drop",
    ),
    (
        "/settings/people/partners/{partner}/invitations",
        "POST /api/v1/partners/{partner}/invitations",
    ),
    (
        "/settings/people/partners/{partner}/invitations/{invitation}/revoke",
        "POST /api/v1/partners/{partner}/invitations/{invitation}/revoke",
    ),
    (
        "/settings/people/partners/{partner}/{seat}/invite",
        "POST /api/v1/partners/{partner}/seats/{seat}/invitations",
    ),
    (
        "/settings/people/partners/{partner}/{seat}/lead",
        "POST /api/v1/partners/{partner}/seats/{seat}/lead",
    ),
    (
        "/settings/people/partners/{partner}/{seat}/sessions/end",
        "POST /api/v1/partners/{partner}/seats/{seat}/sign-out",
    ),
    ("/team/invitations", "POST /api/v1/team/invitations"),
    (
        "/team/invitations/{invitation}/revoke",
        "POST /api/v1/team/invitations/{invitation}/revoke",
    ),
    ("/team/{seat}/role", "POST /api/v1/team/{seat}/role"),
    (
        "/team/{seat}/sessions/end",
        "POST /api/v1/team/{seat}/sign-out",
    ),
    ("/team/{seat}/retire", "POST /api/v1/team/{seat}/retire"),
    ("/cases/new", "POST /api/v1/cases"),
    ("/cases/import", "POST /api/v1/cases"),
    ("/cases/{case}/release", "PATCH /api/v1/cases/{case}"),
    ("/cases/{case}/label", "PATCH /api/v1/cases/{case}"),
    ("/cases/{case}/details", "PATCH /api/v1/cases/{case}"),
    (
        "/cases/{case}/legal/exploited",
        "POST /api/v1/cases/{case}/legal/exploited",
    ),
    (
        "/cases/{case}/legal/reported",
        "POST /api/v1/cases/{case}/legal/reports",
    ),
    ("/cases/{case}/end", "POST /api/v1/cases/{case}/ending"),
    (
        "/cases/{case}/end/confirm",
        "POST /api/v1/cases/{case}/ending/confirm",
    ),
    (
        "/cases/{case}/end/withdraw",
        "POST /api/v1/cases/{case}/ending/withdraw",
    ),
    (
        "/cases/{case}/artifacts",
        "POST /api/v1/cases/{case}/artifacts",
    ),
    (
        "/cases/{case}/artifacts/new",
        "POST /api/v1/cases/{case}/drafts",
    ),
    (
        "/cases/{case}/artifacts/{artifact}/edit",
        "POST /api/v1/cases/{case}/artifacts/{artifact}/draft",
    ),
    (
        "/cases/{case}/drafts/{draft}",
        "PATCH /api/v1/cases/{case}/drafts/{draft}",
    ),
    (
        "/cases/{case}/drafts/{draft}/decide",
        "POST /api/v1/cases/{case}/drafts/{draft}/decide",
    ),
    (
        "/cases/{case}/drafts/{draft}/add",
        "POST /api/v1/cases/{case}/drafts/{draft}/add",
    ),
    (
        "/cases/{case}/drafts/{draft}/drop",
        "POST /api/v1/cases/{case}/drafts/{draft}/drop",
    ),
    (
        "/cases/{case}/waves/plan",
        "POST /api/v1/cases/{case}/waves",
    ),
    (
        "/cases/{case}/waves/approve",
        "POST /api/v1/cases/{case}/approvals",
    ),
    ("/cases/{case}/press", "POST /api/v1/cases/{case}/press"),
    ("/cases/{case}/waves/open", "POST /api/v1/cases/{case}/open"),
    (
        "/cases/{case}/questions/{partner}",
        "POST /api/v1/cases/{case}/threads/{partner}",
    ),
    ("/partners/import", "POST /api/v1/partners"),
    (
        "/partners/{id}/suspend",
        "POST /api/v1/partners/{partner}/suspend",
    ),
    (
        "/partners/{id}/resume",
        "POST /api/v1/partners/{partner}/resume",
    ),
    (
        "/partners/{id}/admit",
        "POST /api/v1/partners/{partner}/admit",
    ),
    (
        "/partners/{id}/accept",
        "POST /api/v1/partners/{partner}/accept",
    ),
    (
        "/partners/{id}/remove",
        "POST /api/v1/partners/{partner}/remove",
    ),
    (
        "/partners/{id}/seats/{seat}/retire",
        "POST /api/v1/partners/{partner}/seats/{seat}/retire",
    ),
    ("/sightings", "POST /api/v1/sightings"),
    ("/investigations", "POST /api/v1/traces"),
    (
        "/investigations/{trace}/evidence",
        "GET /api/v1/traces/{trace}/evidence",
    ),
    ("/log/witnesses", "POST /api/v1/log/witnesses"),
    ("/log/audit", "POST /api/v1/log/audit"),
    ("/settings/unlock", "POST /api/v1/settings/unlock"),
    ("/settings/lock", "POST /api/v1/settings/lock"),
    ("/settings/risk", "PATCH /api/v1/settings"),
    ("/settings/agreement", "POST /api/v1/agreements"),
    (
        "/inbox/{case}/acknowledge",
        "POST /api/v1/inbox/{case}/acknowledgement",
    ),
    ("/inbox/{case}/package", "POST /api/v1/inbox/{case}/package"),
    (
        "/inbox/{case}/protections",
        "POST /api/v1/inbox/{case}/protections",
    ),
    (
        "/inbox/{case}/protections/{number}",
        "POST /api/v1/inbox/{case}/protections",
    ),
    (
        "/inbox/{case}/questions",
        "POST /api/v1/inbox/{case}/messages",
    ),
    ("/record/signed", "POST /api/v1/record/signed"),
];

/// The manual, which lists the exceptions for people.
const MANUAL: &str = include_str!("../../../../docs/serving.md");

/// The list's heading in the manual.
const HEADING: &str = "### What stays in the browser";

/// The forms that no program needs, as the manual lists them: one path in backticks at the head of each line.
fn exceptions() -> Vec<&'static str> {
    let (_, list) = MANUAL.split_once(HEADING).expect("the manual has the list");
    let list = list.split("\n#").next().unwrap_or_default();
    let mut paths = Vec::new();
    for line in list.lines().filter(|line| line.starts_with("- ")) {
        let (head, _) = line.split_once(':').unwrap_or((line, ""));
        paths.extend(head.split('`').skip(1).step_by(2));
    }
    paths
}

fn need(method: &str, path: &str) -> Option<Need> {
    let mut all = routes();
    let found = all.find(|route| route.method == method && route.path == path);
    found.map(|route| route.need)
}

#[test]
fn each_form_of_a_page_has_its_route_or_stands_among_the_exceptions() {
    let exceptions = exceptions();
    let mut forms: Vec<&str> = routes()
        .filter(|route| route.method == "POST" && route.scope.is_none())
        .map(|route| route.path)
        .collect();
    forms.sort_unstable();
    let mut known: Vec<&str> = SAME.iter().map(|(form, _)| *form).collect();
    known.extend(&exceptions);
    known.sort_unstable();
    assert_eq!(forms, known);
    assert!(!exceptions.is_empty());
}

#[test]
fn a_route_needs_what_its_form_needs() {
    for (form, route) in SAME {
        let (method, path) = route.split_once(' ').unwrap();
        let (of_form, of_route) = (need("POST", form), need(method, path));
        assert!(of_form.is_some(), "{form}");
        assert_eq!(of_form, of_route, "{form} and {route}");
    }
}
