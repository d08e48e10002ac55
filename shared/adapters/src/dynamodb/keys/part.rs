//! Parts of keys, kept apart.

pub(super) fn escape(part: &str) -> String {
    part.replace('%', "%25").replace('#', "%23")
}

/// `None` when it is not what [`escape`] makes.
pub(super) fn unescape(part: &str) -> Option<String> {
    let text = part.replace("%23", "#").replace("%25", "%");
    (escape(&text) == part).then_some(text)
}

pub(super) fn parts<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('#').collect::<Vec<_>>().try_into().ok()
}
