//! Connecting and linking from the command line: the built program, its output and its exit codes.

use crate::command_line::{Data, Up, assert_fails, err, local, out};

#[test]
fn an_account_is_connected_in_one_command() {
    for (provider, account, resource) in
        [("github", "acme", "acme/rocket"), ("vercel", "acme", "rocket-web"), ("linear", "Acme", "ROC")]
    {
        let output = local(&["connect", "--provider", provider, "--simulator"]);
        assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
        let connected = format!("{account} at {provider} is connected to workspace local.");
        assert!(out(&output).contains(&connected), "{}", out(&output));
        let listed = out(&output).lines().find(|line| line.trim_start().starts_with(resource));
        assert!(listed.is_some_and(|line| line.contains(" no ")), "{}", out(&output));
    }
}

#[test]
fn what_a_connected_account_gives_access_to_is_linked_with_its_history() {
    let data = Data::new();
    let up = Up::start_with(&data, &["--simulator"]);
    let ask = |arguments: &[&str]| data.run(&[arguments, &["--url", &up.url]].concat());
    assert_fails(&ask(&["link", "--provider", "vercel"]), "no account at vercel is connected", "cargo local connect");
    let connected = ask(&["connect", "--provider", "vercel", "--approve"]);
    assert_eq!(connected.status.code(), Some(0), "{}{}", out(&connected), err(&connected));
    let next = out(&connected).lines().last().unwrap().strip_prefix("Next:  cargo local ").unwrap().to_owned();
    let listed = local(&next.split(' ').collect::<Vec<_>>());
    assert!(out(&listed).contains("1 resource to link") && out(&listed).contains("rocket-web"), "{}", out(&listed));
    let unknown = ask(&["link", "--provider", "vercel", "--resource", "rocket-wbe"]);
    assert_fails(&unknown, "gives access to rocket-wbe", "shows what there is");
    let linked = ask(&["link", "--provider", "vercel", "--resource", "rocket-web"]);
    assert_eq!(linked.status.code(), Some(0), "{}{}", out(&linked), err(&linked));
    assert!(
        out(&linked).contains("rocket-web is linked") && out(&linked).contains(" observations"),
        "{}",
        out(&linked)
    );
    let again = ask(&["link", "--provider", "vercel", "--resource", "ROCKET-WEB", "--no-history"]);
    assert!(out(&again).contains("linked already"), "{}", out(&again));
    assert!(data.run(&["observations", "--json"]).stdout.len() > 100);
    let elsewhere = Data::new();
    let stranger = elsewhere.run(&["link", "--provider", "vercel", "--url", &up.url]);
    assert_fails(&stranger, "answered 401", "--data");
    up.stop();
}

#[test]
fn a_connect_needs_an_app_and_a_stack() {
    let data = Data::new();
    let nobody = data.run(&["connect", "--provider", "github", "--url", "http://127.0.0.1:1"]);
    assert_fails(&nobody, "nothing answers at http://127.0.0.1:1", "cargo local up");
    let up = Up::start(&data);
    let without = data.run(&["connect", "--provider", "github", "--url", &up.url]);
    assert_fails(&without, "misconfigured", "secrets.json");
    up.stop();
}
