use connector_domain::ports::Random;

use super::*;

struct Fixed(u8);

impl Random for Fixed {
    fn bytes(&self) -> [u8; 16] {
        [self.0; 16]
    }
}

fn text(secrets: &LocalSecrets, provider: ProviderKind) -> String {
    secrets.webhook(provider).unwrap().expose_str().unwrap().to_owned()
}

#[test]
fn secrets_are_made_once_and_for_their_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("new");
    let made = LocalSecrets::open(&data, &Fixed(1)).unwrap();
    let read = LocalSecrets::open(&data, &Fixed(2)).unwrap();
    for provider in ProviderKind::ALL {
        assert_eq!(text(&made, provider).len(), 64, "{provider}");
        assert_eq!(text(&made, provider), text(&read, provider), "{provider}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(data.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_provider_that_is_new_gets_a_secret_and_the_others_keep_theirs() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(FILE), r#"{"github":{"webhook_secret":"mine"}}"#).unwrap();
    let secrets = LocalSecrets::open(directory.path(), &Fixed(3)).unwrap();
    assert_eq!(text(&secrets, ProviderKind::Github), "mine");
    assert_eq!(text(&secrets, ProviderKind::Sentry), "03".repeat(32));
    let again = LocalSecrets::open(directory.path(), &Fixed(4)).unwrap();
    assert_eq!(text(&again, ProviderKind::Sentry), "03".repeat(32));
}

#[test]
fn keys_of_services_are_kept_beside_what_is_made() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(FILE), r#"{"services":{"anthropic":"sk-1","cohere":""}}"#).unwrap();
    for seed in [3, 4] {
        let secrets = LocalSecrets::open(directory.path(), &Fixed(seed)).unwrap();
        assert_eq!(secrets.services.keys().collect::<Vec<_>>(), ["anthropic"]);
        assert_eq!(secrets.services["anthropic"].expose(), b"sk-1");
        assert!(!format!("{secrets:?}").contains("sk-1"));
    }
}

#[test]
fn a_bad_file_is_named_and_never_shown() {
    for (content, says) in [
        (r#"{"github":"hunter2"}"#, "line 1"),
        (r#"{"github":{"webhook_secret":"hunter2","app_id":"1"}}"#, "line 1"),
        (r#"{"gitlab":{"webhook_secret":"hunter2"}}"#, "line 1"),
        ("{\n\"services\": {\"anthropic\": [\"hunter2\"]}}", "line 2"),
        ("{\n\"github\": hunter2", "line 2"),
        (r#"{"github":{"webhook_secret":""}}"#, "of github is empty"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        fs::write(&path, content).unwrap();
        let error = LocalSecrets::open(directory.path(), &Fixed(1)).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(says), "{shown}");
        assert!(shown.contains(path.to_str().unwrap()), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content, "a file that cannot be read is left alone");
    }
}
