use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn page(shown: Shown) -> String {
    render(shown).into_string()
}

fn object(name: &str) -> ShownObject {
    ShownObject { kind: "Domain", name: name.into(), ..ShownObject::default() }
}

fn login(name: &str, expires: i64, promised: i64) -> ShownLogin {
    let (namespace, name) = ("team".into(), name.into());
    ShownLogin { expires: at(expires), promised: at(promised), namespace, name }
}

#[test]
fn whatever_looks_like_html_is_shown_as_text() {
    for text in
        ["<script>alert(1)</script>", "\"><img src=x onerror=y>", "a & b", "</td></table>", "&lt;b&gt;"]
    {
        let bad = ShownObject {
            kind: "Domain",
            namespace: text.into(),
            name: text.into(),
            about: text.into(),
            ready: text.into(),
            reason: text.into(),
            message: text.into(),
        };
        let bad_login = ShownLogin { namespace: text.into(), ..login(text, 9, 5) };
        let waiting = page(Shown { waiting_for: vec![text.into()], ..Shown::default() });
        let shown = page(Shown {
            accounts: vec![bad.clone()],
            unready: vec![bad.clone()],
            degraded: vec![bad],
            logins: vec![bad_login],
            ..Shown::default()
        });
        let escaped =
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let standby = page(Shown { standby: Some(text.into()), ..Shown::default() });
        for (page, times) in [(&shown, 15), (&waiting, 1), (&standby, 1)] {
            assert_eq!(page.matches(&escaped).count(), times, "{text}: {page}");
            let without = page.replace(&escaped, "");
            assert!(!without.contains(text), "{text} stands as it is: {page}");
        }
    }
}

/// Names of 253 letters without a place to break would push all other columns out of the window.
#[test]
fn only_words_of_the_operator_may_not_break() {
    let shown = page(Shown {
        accounts: vec![object("account")],
        unready: vec![object("domain")],
        logins: vec![login("login", 9, 5)],
        ..Shown::default()
    });
    for name in ["account", "domain", "login"] {
        assert!(shown.contains(&format!("<td>{name}</td>")), "{name} does not break: {shown}");
    }
    assert!(
        shown.contains("<td class=\"word\">Domain</td>")
            && shown.contains("td { min-width: 8em; overflow-wrap: anywhere }")
    );
}

#[test]
fn of_many_objects_the_first_are_shown_and_all_are_counted() {
    for (count, shown, said) in
        [(0, 0, "None."), (100, 100, ""), (101, 100, "These are 100 of 101,"), (5000, 100, "of 5000,")]
    {
        let unready = (0..count).rev().map(|number| object(&format!("domain-{number:04}"))).collect();
        let page = page(Shown { unready, ..Shown::default() });
        assert_eq!(page.matches("<td>domain-").count(), shown, "{count}");
        assert!(page.contains(said) && page.contains("These are 100") == (count > 100), "{count}: {page}");
        assert!(count == 0 || page.contains("domain-0000"), "{count}: the first are shown");
    }
}

#[test]
fn many_objects_of_one_namespace_hide_none_of_another() {
    let flood = (0..500).map(|number| object(&format!("domain-{number:04}")));
    let other = ShownObject { namespace: "zz".into(), ..object("of-another") };
    let page = page(Shown { unready: flood.chain([other]).collect(), ..Shown::default() });
    assert!(page.contains("of-another"), "{page}");
}

#[test]
fn a_login_shows_its_life_and_whether_that_is_what_was_promised() {
    for (expires, promised, expected) in [
        (2 * 3600 + 61, 3600, "<td class=\"word\">2 h 1 min</td>"),
        (3599, 0, "<td class=\"word\">59 min</td>"),
        (3600, -1, "<td class=\"word bad\">1 h 0 min, less than promised</td>"),
        (0, -1, "<td class=\"word bad\">expired</td>"),
        (-60, -100, "<td class=\"word bad\">expired</td>"),
    ] {
        let page =
            page(Shown { now: at(0), logins: vec![login("login", expires, promised)], ..Shown::default() });
        assert!(page.contains(expected), "{expected} is not in {page}");
    }
}

#[test]
fn the_page_says_what_the_operator_waits_for() {
    let working = page(Shown { aws_calls: 7, ..Shown::default() });
    assert!(working.contains("It made 7 calls to AWS in the last minute."), "{working}");
    let waiting =
        StatusPage::default().html(vec!["leader lease: another leads".into(), "controllers".into()], None);
    assert!(waiting.contains("It waits for: leader lease: another leads; controllers."), "{waiting}");
    let standby = StatusPage::default().html(vec![], Some("pod-0 leads".into()));
    assert!(standby.contains("This Pod stands by: pod-0 leads."), "{standby}");
    assert!(!standby.contains("None") && !standby.contains("bad\""), "a standby knows no objects: {standby}");
}
