//! What a browser keeps between the consent screen and the way back.

use connector_domain::ProviderKind;
use connector_domain::http::Headers;
use connector_domain::oauth::{CONNECT_TTL, OneTimeSecret};
use connector_flows::connect::Browser;

/// With this prefix a browser takes the cookie over HTTPS only, from this host only, and sends it to no other.
/// <https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes>
fn name(provider: ProviderKind) -> String {
    format!("__Host-connect-{provider}")
}

/// Makes the browser keep a secret, and the state where the provider does not send it back. `Lax` lets it come along when
/// the provider's page leads back here, and not with requests that other pages make.
pub(crate) fn keep(provider: ProviderKind, secret: &OneTimeSecret, state: Option<&OneTimeSecret>) -> String {
    let state = state.map(|state| format!(".{}", state.expose())).unwrap_or_default();
    cookie(provider, &format!("{}{state}", secret.expose()), CONNECT_TTL.as_secs())
}

/// Makes the browser forget it.
pub(crate) fn forget(provider: ProviderKind) -> String {
    cookie(provider, "", 0)
}

fn cookie(provider: ProviderKind, value: &str, seconds: u64) -> String {
    format!("{}={value}; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}", name(provider))
}

/// What the browser has kept. Two cookies of the name are none: one of them is not ours.
pub(crate) fn kept(provider: ProviderKind, headers: &Headers) -> Browser {
    let name = name(provider);
    let all = headers.iter().filter(|(header, _)| *header == "cookie").flat_map(|(_, value)| value.split(';'));
    let mut ours = all.filter_map(|pair| pair.trim().split_once('=')).filter(|(known, _)| *known == name);
    let (Some((_, value)), None) = (ours.next(), ours.next()) else { return Browser::default() };
    let (secret, state) = value.split_once('.').map_or((value, None), |(secret, state)| (secret, Some(state)));
    Browser { secret: OneTimeSecret::parse(secret), state: state.and_then(OneTimeSecret::parse) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> OneTimeSecret {
        OneTimeSecret::of([byte; 32]).unwrap()
    }

    fn read(cookies: &[&str]) -> Browser {
        kept(ProviderKind::Sentry, &cookies.iter().map(|value| ("Cookie", *value)).collect())
    }

    #[test]
    fn what_is_kept_comes_back() {
        let set = keep(ProviderKind::Sentry, &secret(1), Some(&secret(2)));
        assert!(set.ends_with("; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=600"), "{set}");
        let pair = set.split(';').next().unwrap();
        for cookies in [&[pair][..], &[&format!("a=b; {pair}; c=d")], &["a=b", pair]] {
            let browser = read(cookies);
            assert_eq!((browser.secret, browser.state), (Some(secret(1)), Some(secret(2))));
        }
        let plain = keep(ProviderKind::Sentry, &secret(1), None);
        let browser = read(&[plain.split(';').next().unwrap()]);
        assert_eq!((browser.secret, browser.state), (Some(secret(1)), None));
        for bad in ["", "__Host-connect-sentry=", "__Host-connect-github=x", "__Host-connect-sentry=x.y"] {
            assert_eq!(read(&[bad]).secret, None, "{bad}");
        }
        assert_eq!(read(&[pair, pair]).secret, None, "two of them");
    }
}
